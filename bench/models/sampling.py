"""Memory of processes, ten times a second, while something runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

EVERY_S = 0.1


class Samples:
    """Watches what `measure` gives, in bytes, in a thread; a context manager.

    Attributes:
        points: (seconds since the beginning, bytes).
    """

    def __init__(self, measure: Callable[[], int]) -> None:
        self._measure, self._over = measure, Event()
        self.points: list[tuple[float, int]] = []
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Samples:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def most(self) -> int:
        """The highest of all samples, bytes."""
        return max((size for _, size in self.points), default=0)

    @property
    def rate(self) -> float:
        """Samples a second as it came out: reading the figures takes time too."""
        return len(self.points) / max(self.points[-1][0], EVERY_S) if self.points else 0.0

    def _watch(self) -> None:
        begin = time.monotonic()
        while True:
            now = time.monotonic()
            self.points.append((now - begin, self._measure()))
            if self._over.wait(max(0.0, now + EVERY_S - time.monotonic())):
                return
