"""One ingest over everything known to break programs, and what became of every file.

Used by ``tests/journeys_bad`` and by the acceptance run. The folder is a copy; the fingerprint of
its tree before and after shows that no original was changed.
"""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.hazards import make_hazards
from bench.processes import CommandRun, run_command
from bench.trees import fingerprint
from mammothbox.library import Library
from mammothbox.settings import load_settings

SOURCES = ("bad", "generated/bad")
"""Folders of the media directory with broken and hostile files."""

PARENT_BYTES = 600_000_000
"""What the command's own process may use at most."""


@dataclass(frozen=True, slots=True)
class BadRun:
    """The run and its bookkeeping.

    Attributes:
        run: of the ingest.
        report: its JSON answer.
        failures: what `failed --json` lists.
        lost: files and pipes in the folder that the library does not know by any outcome.
        twice: paths it knows by more than one.
        changed: paths whose state differs after the run.
        leaked: files of the library that hold a secret which hostile files tried to draw in.
    """

    run: CommandRun
    report: dict[str, Any]
    failures: list[dict[str, Any]]
    lost: tuple[str, ...]
    twice: tuple[str, ...]
    changed: tuple[str, ...]
    leaked: tuple[str, ...]

    def faults(self) -> list[str]:
        """Everything that is not as promised; empty when all is well."""
        report, run = self.report, self.run
        told = {name: report[name] for name in ("done", "unchanged", "skipped", "failed")}
        failed_paths = {one["path"] for one in self.failures}
        unreasoned = [one["path"] for one in self.failures if not one.get("reason")]
        checks = {
            f"exit code {run.code}": run.code in (0, 3),
            f"found {report['found']} but told {told}": report["found"] == sum(told.values()),
            f"not accounted for: {self.lost}": not self.lost,
            f"accounted for twice: {self.twice}": not self.twice,
            f"{len(failed_paths)} listed as failed, {report['failed']} told": len(failed_paths)
            == report["failed"],
            f"failures without a reason: {unreasoned}": not unreasoned,
            "a traceback was shown": "Traceback" not in run.err + run.out,
            f"parent used {run.parent_peak} bytes": run.parent_peak <= PARENT_BYTES,
            f"processes left behind: {run.left_behind}": not run.left_behind,
            f"originals changed: {self.changed}": not self.changed,
            f"a secret leaked into {self.leaked}": not self.leaked,
        }
        return [fault for fault, fine in checks.items() if not fine]

    def reasons(self) -> dict[str, int]:
        """How often each error was the reason."""
        return dict(Counter(one.get("error", "?") for one in self.failures).most_common())


def run_bad_input(scratch: Path, media: Path | None, describe: str = "none") -> BadRun:
    """Copies the bad files, makes the hazards, ingests all of it in one run.

    Args:
        scratch: an empty directory; the library lies in it too.
        media: directory with `SOURCES`; None for the hazards alone.
        describe: as in ``ingest --describe``.
    """
    folder = scratch / "collection"
    secret = scratch / "secret.txt"
    secret.write_text(token := f"secret{secrets.token_hex(12)}", encoding="ascii")
    make_hazards(folder / "hazards", secret)
    for source in SOURCES if media else ():
        assert media is not None
        if (media / source).is_dir():
            shutil.copytree(media / source, folder / source, symlinks=True)
    _writable(folder)
    before = fingerprint(folder)
    where = ["--library", str(scratch / "library"), "--json"]
    run = run_command(["ingest", str(folder), "--describe", describe, *where])
    failures = run_command(["failed", *where])
    after = fingerprint(folder)
    changed = sorted(set(before.items()) ^ set(after.items()))
    lost, twice = _account(folder, scratch / "library")
    return BadRun(
        run=run,
        report=run.json,
        failures=failures.json,
        lost=lost,
        twice=twice,
        changed=tuple(sorted({name for name, _ in changed})),
        leaked=tuple(
            path.name
            for path in (scratch / "library").rglob("*")
            if path.is_file() and token.encode() in path.read_bytes()
        ),
    )


def _account(folder: Path, place: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths the library does not know at all, and paths it knows by two outcomes.

    A path counts as known when it is a file of the library, or it or a folder above it was left
    alone for a reason, or could not be read for a reason.
    """
    with Library.open(load_settings(library=place)) as library:
        files = [ref.path for ref in library.store.files()]
        problems = [
            problem.path
            for outcome in ("skipped", "failed")
            for problem in library.store.problems(outcome)
        ]
    known = Counter(files + problems)
    wanted = [str(path) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    lost = [path for path in wanted if not {path, *map(str, Path(path).parents)} & known.keys()]
    return tuple(lost), tuple(path for path, times in known.items() if times > 1)


def _writable(folder: Path) -> None:
    """Copies of a read-only tree: directories must be writable to be removed again."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
