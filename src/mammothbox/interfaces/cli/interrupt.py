"""Ctrl-C with manners: the first stops after the batch in flight, the second at once.

A `Stopper` listens to the run's events. After the first Ctrl-C (or SIGTERM) it raises
`Interrupted` from the next event, where everything finished so far is stored. While nothing is
in flight, as in an idle `watch`, it stops at once.
"""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import Any

from mammothbox.errors import Interrupted
from mammothbox.events import Event, OnEvent, StageFinished
from mammothbox.interfaces.cli import holding


class Stopper:
    """Wraps a listener while a run lasts; a context manager, in the main thread only.

    Args:
        listener: gets every event.
        idle_stops: True where the run waits for changes between stages and may be ended there.
    """

    def __init__(self, listener: OnEvent, *, idle_stops: bool = False) -> None:
        self._listener = listener
        self._idle_stops = idle_stops
        self._idle = idle_stops
        self._asked_at = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopper:
        for number in holding.SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._idle or (self._asked_at and now - self._asked_at > holding.ONE_PRESS_S):
            raise KeyboardInterrupt
        if self._asked_at:
            return
        self._asked_at = now
        # os.write, because the interrupted code may be holding the lock of a stream
        os.write(2, b"\nfinishing the batch in flight; press again to stop at once\n")

    def __call__(self, event: Event) -> None:
        """Hand `event` on, then stop if that was asked for.

        Raises:
            Interrupted: a person asked to stop.
        """
        self._listener(event)
        self._idle = self._idle_stops and isinstance(event, StageFinished)
        if self._asked_at:
            raise Interrupted(
                "stopped; what is finished is kept, and the next run goes on from here"
            )
