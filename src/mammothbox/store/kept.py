"""Answers that are kept as long as nothing is written into the library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

Question = TypeVar("Question", bound=Hashable)
Reply = TypeVar("Reply")

KEPT = 8
"""Answers kept for the next question."""


class Stamped(Protocol):
    """The part of a store that tells of writes."""

    def stamp(self) -> tuple[int, ...]:
        """Another value after every write, as far as the engine can tell, see `tallies`."""


class Kept(Generic[Question, Reply]):
    """The last answers. For several threads: one makes an answer, who asks the same waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] = ()
        self._kept: dict[Question, Future[Reply]] = {}

    def get(self, store: Stamped, question: Question, make: Callable[[], Reply]) -> Reply:
        """The answer that is kept, else what `make` says; its errors are not kept."""
        stamp = store.stamp()
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._kept = stamp, {}
            answer = self._kept.get(question)
            if mine := answer is None:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                answer = self._kept[question] = Future()
        if mine:
            self._make(question, answer, make)
        return answer.result()

    def _make(self, question: Question, answer: Future[Reply], make: Callable[[], Reply]) -> None:
        try:
            answer.set_result(make())
        except BaseException as error:
            with self._lock:
                if self._kept.get(question) is answer:
                    del self._kept[question]
            answer.set_exception(error)
