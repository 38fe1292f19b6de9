"""Answers that are kept as long as nothing is written into the library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

Question = TypeVar("Question", bound=Hashable)
Reply = TypeVar("Reply")

KEPT = 8
"""Answers kept for the next question."""


class Stamped(Protocol):
    """The part of `store.Store` that tells of writes."""

    def stamp(self) -> tuple[int, ...]:
        """Another value after every write."""


class Kept(Generic[Question, Reply]):
    """The last answers. For several threads: one makes an answer, others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] = ()
        self._kept: dict[Question, Reply] = {}

    def get(self, store: Stamped, question: Question, make: Callable[[], Reply]) -> Reply:
        """The answer that is kept, else what `make` says."""
        with self._lock:
            stamp = store.stamp()
            if stamp != self._stamp:
                self._stamp, self._kept = stamp, {}
            if question not in self._kept:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[question] = make()
            return self._kept[question]
