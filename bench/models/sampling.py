"""Memory of processes, some times a second, while something runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from mammothbox.models import Models

EVERY_S = 0.1
GPU_EVERY_S = 0.5
"""A look at a GPU asks its driver in a process of its own."""


class Samples:
    """Watches what `measure` gives, in bytes, every `every_s` seconds in a thread; a context
    manager.

    Attributes:
        points: (seconds since the beginning, bytes).
    """

    def __init__(self, measure: Callable[[], int], every_s: float = EVERY_S) -> None:
        self._measure, self._every_s, self._over = measure, every_s, Event()
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
            if self._over.wait(max(0.0, now + self._every_s - time.monotonic())):
                return


@contextmanager
def on_gpu(models: Models) -> Iterator[Callable[[], dict[str, float]]]:
    """A function that gives the most of a GPU that the models took while the block ran, in GB
    (10^9); nothing where they took none."""
    with Samples(models.gpu_bytes, GPU_EVERY_S) as samples:
        yield lambda: {"gpu_gb": round(samples.most / 1e9, 2)} if samples.most else {}
