"""One piece of work: its state, what it has told so far, and the wish to pause or to stop it.

A job never breaks into what runs: pausing and cancelling take effect at the next event, where
everything finished is stored. Knows nothing of what the work is.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mammothbox.errors import Interrupted
from mammothbox.events import Counted, Event, FileDone, Note, Scanned, StageStarted

KEPT_EVENTS = 2000
"""Events that are kept of one job; who comes later sees the newest."""

KEPT_FAILURES = 50


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self in (State.DONE, State.FAILED, State.CANCELLED)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Job:
    """One piece of work. For several threads.

    Args:
        kind: ``ingest``, ``retry``, ``plan``, ``apply`` or ``undo``.
        about: what it works on, as JSON.
    """

    def __init__(self, kind: str, about: Mapping[str, Any]) -> None:
        self.id = secrets.token_hex(8)
        self.kind = kind
        self.about = dict(about)
        self._changed = threading.Condition()
        self._state = State.QUEUED
        self._stop = self._hold = False
        self._events: deque[tuple[int, dict[str, Any]]] = deque(maxlen=KEPT_EVENTS)
        self._number = 0
        self._progress: dict[str, Any] = {"stage": "", "done": 0, "total": 0}
        self._failures: list[dict[str, str]] = []
        self._times = {"created": _now(), "started": "", "ended": ""}
        self._result: Any = None
        self._error: dict[str, str] | None = None

    @property
    def state(self) -> State:
        """Where it stands now."""
        return self._state

    def snapshot(self) -> dict[str, Any]:
        """Everything about it as JSON."""
        with self._changed:
            return {
                "id": self.id,
                "kind": self.kind,
                "about": self.about,
                "state": self._state.value,
                **self._times,
                "progress": dict(self._progress),
                "failures": list(self._failures),
                "result": self._result,
                "error": self._error,
            }

    def since(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """Events after the one with `number` (0: all that are kept), with their numbers."""
        with self._changed:
            return [entry for entry in self._events if entry[0] > number]

    # --- wishes ----------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop it at its next event; one that waits never begins."""
        with self._changed:
            self._stop = True
            if self._state is State.QUEUED:
                self._end(State.CANCELLED)
            self._changed.notify_all()

    def hold(self, wish: bool) -> None:
        """Pause it at its next event, or let it go on."""
        with self._changed:
            self._hold = wish
            if not wish and self._state is State.PAUSED:
                self._become(State.RUNNING)
            self._changed.notify_all()

    # --- told by the worker ----------------------------------------------------------------

    def start(self) -> bool:
        """Begin; False where it was cancelled meanwhile."""
        with self._changed:
            if self._state is not State.QUEUED:
                return False
            self._times["started"] = _now()
            self._become(State.RUNNING)
            return True

    def finish(self, result: Any) -> None:
        """It is done, and this is what came of it (JSON)."""
        with self._changed:
            self._result = result
            self._end(State.DONE)

    def fail(self, reason: str, message: str) -> None:
        """It ended with an error, or by a person's wish."""
        with self._changed:
            self._error = {"error": reason, "message": message}
            self._end(State.CANCELLED if self._stop else State.FAILED)

    def hear(self, event: Event) -> None:
        """Remember an event of a run; waits here while paused.

        Raises:
            Interrupted: it was cancelled.
        """
        with self._changed:
            self._learn(event)
            self._tell(_word(type(event).__name__), _plain(event))
        self._heed()

    def step(self, done: int, total: int) -> None:
        """Remember progress in a number of steps; waits and raises as `hear` does."""
        with self._changed:
            self._progress |= {"done": done, "total": total}
            self._tell("progress", {"done": done, "total": total})
        self._heed()

    def _heed(self) -> None:
        with self._changed:
            while self._hold and not self._stop:
                if self._state is State.RUNNING:
                    self._become(State.PAUSED)
                self._changed.wait()
            if self._stop:
                raise Interrupted("cancelled; what is finished is kept, and a new run goes on")

    def _learn(self, event: Event) -> None:
        match event:
            case Scanned(files):
                self._progress |= {"stage": "scan", "done": files, "total": 0}
            case Counted():
                self._progress |= {"todo": dict(event.todo), "estimate_s": dict(event.estimate_s)}
            case StageStarted(stage, total):
                self._progress |= {"stage": stage, "done": 0, "total": total}
            case FileDone():
                self._progress |= {"done": event.done, "total": event.total, "path": event.path}
                self._progress["memory_bytes"] = event.memory_bytes
                if event.outcome == "failed" and len(self._failures) < KEPT_FAILURES:
                    self._failures.append({"path": event.path, "message": event.message})
            case Note(text):
                self._progress["note"] = text

    def _become(self, state: State) -> None:
        self._state = state
        self._tell("state", {"state": state.value})

    def _end(self, state: State) -> None:
        self._times["ended"] = _now()
        self._become(state)

    def _tell(self, name: str, values: dict[str, Any]) -> None:
        self._number += 1
        self._events.append((self._number, {"event": name, "job": self.id, **values}))
        self._changed.notify_all()


def _plain(event: Event) -> dict[str, Any]:
    """The event's fields as JSON; `dataclasses.asdict` would count the pairs of a Counter."""
    found = {field.name: getattr(event, field.name) for field in fields(event)}
    return {
        name: dict(value) if isinstance(value, Mapping) else value for name, value in found.items()
    }


def _word(name: str) -> str:
    """``FileDone`` → ``file_done``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
