"""A person's day with the command: real processes, real weights, a small folder of real files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 240


@dataclass(frozen=True)
class Box:
    """Runs `python -m mammothbox` with a library, in a directory; no run may show a traceback."""

    library: Path
    cwd: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "MAMMOTHBOX_LIBRARY": str(self.library),
            "COLUMNS": "200",
            **self.variables,
        }

    def __call__(
        self, *words: str | bytes, code: int = 0, typed: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "mammothbox", *words],
            input=typed,
            capture_output=True,
            encoding="utf-8",
            cwd=self.cwd,
            env={**self.environment, **variables},
            timeout=TIMEOUT_S,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "mammothbox", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=self.cwd,
            env={**self.environment, **variables},
        )


@pytest.fixture(scope="session")
def weights() -> None:
    """The lite weights in the user's cache; nothing is ever fetched by a test."""
    from mammothbox.model_admin import missing
    from mammothbox.settings import load_settings

    lacking = missing(load_settings())
    if lacking:
        reason = f"{len(lacking)} weight files missing; run: mammothbox models pull lite"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def holiday(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder: two photos, a copy and a smaller one, speech, two documents, odd names."""
    folder = tmp_path_factory.mktemp("journey") / "holiday"
    (folder / "notes").mkdir(parents=True)
    for name in ("IMG_2102.jpg", "IMG_2102_small.jpg", "IMG_2103.jpg", "IMG_2103 (copy).jpg"):
        shutil.copy2(examples / "photos" / name, folder)
    shutil.copy2(examples / "sound" / "reading.mp3", folder)
    shutil.copy2(examples / "documents" / "bicycle-invoice.pdf", folder)
    (folder / "notes" / "ferry\n\x1b[31mred.txt").write_text(
        "The ferry to Lowhaven leaves at nine."
    )
    odd = os.fsencode(folder / "notes") + b"/caf\xe9.txt"
    with open(odd, "w") as file:
        file.write("Recipe for a walnut cake with honey and cardamom.")
    whole = (examples / "photos" / "IMG_2103.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(whole[: len(whole) // 50])
    return folder


@pytest.fixture(scope="session")
def _ingested(
    weights: None, holiday: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The library of `holiday`, made once by a real run without the writer, and that run."""
    library = tmp_path_factory.mktemp("library")
    box = Box(library, holiday)
    return library, box("ingest", ".", "--describe", "none", "--json", code=3)


@pytest.fixture
def first_run(_ingested: tuple[Path, subprocess.CompletedProcess[str]]) -> str:
    """What the ingest of `holiday` wrote on standard output."""
    return _ingested[1].stdout


@pytest.fixture
def box(
    _ingested: tuple[Path, subprocess.CompletedProcess[str]], holiday: Path, tmp_path: Path
) -> Box:
    """The command over a library of its own that holds `holiday` already."""
    library = tmp_path / "library"
    shutil.copytree(_ingested[0], library)
    return Box(library, holiday)


@pytest.fixture
def bare(tmp_path: Path) -> Callable[..., Box]:
    """The command over no library yet, in an empty folder; variables may be given."""

    def make(**variables: str) -> Box:
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        return Box(tmp_path / "library", folder, variables)

    return make
