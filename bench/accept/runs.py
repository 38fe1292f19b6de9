"""The promises that need a run of their own: bad input, the whole directory, no network, kills."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.accept.lines import ORGANISE, QUALITY, SPEED, WHOLE, Limit, Line, judge_all
from bench.processes import environment
from bench.speed.inputs import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
KILL_MOMENTS = 20

Lines = list[Line]


def quality(media: Path) -> Lines:
    """The quality bench on the validation split, all but what `whole` measures."""
    from bench.quality.__main__ import PARTS

    return _quality(media, [part for part in PARTS if part != "schema"], QUALITY)


def _quality(media: Path, parts: list[str], limits: Sequence[Limit]) -> Lines:
    from bench.quality.__main__ import run
    from bench.quality.context import Context
    from mammothbox.settings import load_settings

    with Context(media, "val", load_settings()) as context:
        return judge_all(limits, run(context, parts, None))


def speed(media: Path) -> Lines:
    """The speed bench, long form."""
    from bench.speed.__main__ import PARTS, measure
    from mammothbox.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        only = list(PARTS)
        found = measure(load_settings(), Path(scratch), only, long=True, media=media)
        return judge_all(SPEED, found)


def organise(media: Path) -> Lines:
    """The organise bench."""
    from bench.organise import measure

    return judge_all(ORGANISE, measure(media))


def bad(media: Path) -> Lines:
    """Everything that breaks programs in one run."""
    from bench.badinput import run_bad_input

    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        run = run_bad_input(Path(scratch), media, describe="groups")
        _give_back(Path(scratch))
    report, faults = run.report, run.faults()
    told = ", ".join(f"{report[name]} {name}" for name in ("done", "skipped", "failed"))
    measured = f"exit {run.run.code}: {told}; parent {run.run.parent_peak / 1e6:.0f} MB"
    return [Line("bad input in one run", "no fault", "; ".join([measured, *faults]), not faults)]


def whole(media: Path) -> Lines:
    """The media directory, without the training photos, in one ingest: answers and memory."""
    return _quality(media, ["schema"], WHOLE)


def network(media: Path) -> Lines:
    """An ingest and a search in a namespace without any network; `media` is not used."""
    cut = _without_network()
    if cut is None:
        return [Line("works with the network cut", "exit 0 or 3", "not possible here", None)]
    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        where = ["--library", scratch + "/library", "--json"]
        tool = [*cut, sys.executable, "-m", "mammothbox"]
        codes = [
            subprocess.run(
                [*tool, *words, *where], env=environment(), capture_output=True, timeout=900
            ).returncode
            for words in (["ingest", str(EXAMPLES)], ["search", "a cat"])
        ]
    ok = codes[0] in (0, 3) and codes[1] == 0
    return [Line("works with the network cut", "exit 0 or 3", f"ingest, search: {codes}", ok)]


def _without_network() -> list[str] | None:
    """A command prefix that cuts the network off, or None where there is none."""
    for prefix in (["unshare", "-n"], ["unshare", "-rn"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*prefix, "true"], capture_output=True).returncode
        ):
            return prefix
    return None


def kill(media: Path) -> Lines:
    """The suite of kills with all its random moments; `media` is not used."""
    env = {**os.environ, "MAMMOTHBOX_KILL_MOMENTS": str(KILL_MOMENTS)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/kill"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=7200,
    )
    last = run.stdout.strip().splitlines()[-1:] or [run.stderr.strip()[-200:]]
    return [Line("SIGKILL at any moment", "all pass", last[0], run.returncode == 0)]


def _give_back(folder: Path) -> None:
    """Makes copies of read-only directories removable."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


RUNS: Mapping[str, Callable[[Path], Lines]] = {
    "quality": quality,
    "speed": speed,
    "bad": bad,
    "whole": whole,
    "network": network,
    "kill": kill,
    "organise": organise,
}
"""Name of a group of promises → how to measure it."""
