"""What should not be cut in half by a Ctrl-C, as closing a library.

Imports nothing of the program, since every command needs it before it is known what it does.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONE_PRESS_S = 0.5
"""Signals closer together are one wish: `timeout` and shells send theirs twice."""


@contextmanager
def held() -> Iterator[None]:
    """Let the block end before a Ctrl-C or SIGTERM in it counts; a second one counts at once.

    Libraries take a `KeyboardInterrupt` while they close for an error of their own, print its
    traceback and lose it. Outside the main thread, where no signal arrives, this does nothing.

    Raises:
        KeyboardInterrupt: after the block, if a signal came meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked_at = 0.0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal asked_at
        if asked_at and time.monotonic() - asked_at > ONE_PRESS_S:
            raise KeyboardInterrupt
        asked_at = asked_at or time.monotonic()

    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked_at:
        raise KeyboardInterrupt
