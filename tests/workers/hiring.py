"""Workers as processes, folders for them, and a run that follows them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mammothbox.events import Event, IngestReport
from mammothbox.ingest import ingest
from mammothbox.models.stub import StubModels
from mammothbox.settings import Settings
from mammothbox.store import Store, open_store
from mammothbox.workers.following import standing

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def fill(folder: Path, count: int) -> None:
    """Photos of many colours, notes, one recording, one broken file, two with equal bytes."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(5)
    for number in range(count - 6):
        if number % 3:
            pixels = np.full((40, 50, 3), chance.integers(0, 255, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"photo{number}.png")
        else:
            (folder / f"note{number}.txt").write_text(f"Note {number} about a walk. " * 5)
    shutil.copy2(folder / "photo1.png", folder / "copy of photo1.png")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    for name in ("documents/day3.md", "photos/IMG_2102.jpg", "sound/REC_0007.wav"):
        shutil.copy2(EXAMPLES / name, folder)


class Crew:
    """Workers of one library."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.all: list[subprocess.Popen[str]] = []

    def hire(
        self, stages: str = "look,listen,read,describe", threads: int = 1, *more: str
    ) -> subprocess.Popen[str]:
        set_ = self.settings
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.workers.crew", set_.database_url, set_.redis_url),
                *(str(set_.library), stages, str(threads), *more),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.all.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        self._wait_for(process.pid)
        return process

    def _wait_for(self, pid: int) -> None:
        """Until it has told the others that it is there."""
        set_ = self.settings
        with open_store(set_.library, url=set_.database_url, write=False) as store:
            for _ in range(200):
                if any(one.name.endswith(f":{pid}") for one in standing(store, set_).workers):
                    return
                time.sleep(0.1)
        pytest.fail("a worker never came")

    def dismiss(self) -> list[str]:
        """Ends all; what they said."""
        for process in self.all:
            process.send_signal(signal.SIGTERM)
        return [process.communicate(timeout=60)[0] for process in self.all]


def run(store: Store, settings: Settings, folder: Path, events: list[Event]) -> IngestReport:
    models: Any = StubModels()
    return ingest(store, models, settings, [str(folder)], None, events.append)
