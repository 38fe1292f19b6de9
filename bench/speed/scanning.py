"""What it costs to look at 100,000 files in which nothing has changed."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

from bench.speed.inputs import Inputs
from mammothbox.library import Library
from mammothbox.settings import Settings

FILES = 100_000
ROUNDS = 3


def rescan(settings: Settings, scratch: Path, files: int = FILES) -> dict[str, float]:
    """``rescan_ratio``: a whole ingest of unchanged files over a bare `os.scandir` and `stat` walk.

    Both warm, median of three, taking turns in this process. `files` are tiny and hold no known
    format, so that the first ingest, which is not timed, need not describe them.
    """
    folder = Inputs(scratch / "scan").small_files(files)
    place = replace(settings, library=scratch / "scan-library", describe="none")
    ours, bare = [], []
    with Library.open(place, write=True) as library:
        library.ingest([str(folder)])
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            met = walk_bare(str(folder))
            bare.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            report = library.ingest([str(folder)])
            ours.append(time.perf_counter() - begin)
            if report.done or report.failed or met != files:
                raise RuntimeError(f"{met} files met; the second ingest found work: {report}")
    return {
        "rescan_ratio": round(statistics.median(ours) / statistics.median(bare), 2),
        "rescan_s": round(statistics.median(ours), 3),
        "bare_walk_s": round(statistics.median(bare), 3),
    }


def walk_bare(folder: str) -> int:
    """The number of files below `folder`, each asked for its state once."""
    count, waiting = 0, [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count
