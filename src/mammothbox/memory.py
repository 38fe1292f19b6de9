"""How much memory all processes of a run use together, now and at most.

The measure is the proportional set size (PSS): pages that several processes share are counted
once in all. macOS has none, so there the unique set size stands in, which is a little less.
"""

from __future__ import annotations

import threading

import psutil

INTERVAL_S = 1.0


def used_bytes() -> int:
    """Bytes of this process and all below it."""
    me = psutil.Process()
    return sum(_of(process) for process in [me, *_children(me)])


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _of(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except (psutil.Error, OSError):
        return 0  # it ended meanwhile
    return int(getattr(info, "pss", info.uss))


class MemoryMeter:
    """Samples in a thread while a run lasts; a context manager.

    Attributes:
        now: bytes at the last sample.
        peak: the highest sample, bytes.
    """

    def __init__(self) -> None:
        self.now = 0
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> MemoryMeter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._sample()

    def _sample(self) -> None:
        self.now = used_bytes()
        self.peak = max(self.peak, self.now)

    def _watch(self) -> None:
        while True:
            self._sample()
            if self._over.wait(INTERVAL_S):
                return
