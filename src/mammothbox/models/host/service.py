"""What every host has in common: loading while listening, a bounded queue, counting.

Place in the flow: the routes of an engine call `Service.compute`; `app` shows the counters. The
engine loads in a thread while the socket already answers, so a first request waits instead of
failing. Knows nothing of any engine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from mammothbox.errors import MammothboxError, ServiceAway

Engine = TypeVar("Engine")
Answer = TypeVar("Answer")

QUEUE = 64
"""Requests that may wait; more are told to come back."""


class Service(Generic[Engine]):
    """One engine and those who wait for it.

    Args:
        load: makes the engine; runs once, in a thread.
        workers: how many computations the engine takes at once.
    """

    def __init__(self, load: Callable[[], Engine], workers: int = 1) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="engine")
        self._loaded: Future[Engine] = Future()
        self._threads.submit(self._load, load)
        self.workers = workers
        self.waiting = 0
        self.served = 0
        self.failed = 0
        self.busy_s = 0.0
        self.last_used = time.monotonic()

    def _load(self, load: Callable[[], Engine]) -> None:
        try:
            self._loaded.set_result(load())
        except BaseException as error:  # a thread's border: handed to whoever asks first
            self._loaded.set_exception(error)
        self.last_used = time.monotonic()

    def idle_s(self) -> float:
        """Seconds since anybody wanted anything; 0 while loading or working."""
        busy = self.waiting or not self._loaded.done()
        return 0.0 if busy else time.monotonic() - self.last_used

    @property
    def state(self) -> str:
        """``loading``, ``ready`` or ``failed``."""
        if not self._loaded.done():
            return "loading"
        return "failed" if self._loaded.exception() else "ready"

    async def compute(self, work: Callable[[Engine], Answer]) -> Answer:
        """Run `work` on the engine in a thread.

        Raises:
            ServiceAway: too many wait already.
        """
        if self.waiting >= QUEUE + self.workers:
            raise ServiceAway(f"{self.waiting} requests are waiting; try again later")
        self.waiting += 1
        started = time.monotonic()
        try:
            engine = await asyncio.wrap_future(self._loaded)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, work, engine)
        except MammothboxError:
            self.failed += 1
            raise
        finally:
            self.waiting -= 1
            self.last_used = time.monotonic()
            self.busy_s += self.last_used - started
        self.served += 1
        return answer
