"""What every service has in common: who is served, how many may wait, and what is counted.

Place in the flow: each route does its blocking work through `Desk.work`; `app` shows the counters.
The bound is on requests: one that comes when `queue` wait already is told to come back, before any
of its work is done. Knows no model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mammothbox.decode import Decoder
from mammothbox.errors import HostTimeout, MammothboxError, ServiceAway
from mammothbox.models import Models
from mammothbox.models.contracts import ModelCard
from mammothbox.services.kinds import Kind
from mammothbox.settings import Settings

Answer = TypeVar("Answer")

QUEUE = 64
"""Requests that may wait beside those being worked on."""


class Desk:
    """One service's models, decoder, threads and counters.

    Args:
        kind: which service.
        models: where its contract is leased; not closed here.
        decoder: for pictures and sound; not closed here.
        settings: the time limit of a request.
        queue: how many requests may wait.
    """

    def __init__(
        self, kind: Kind, models: Models, decoder: Decoder, settings: Settings, queue: int = QUEUE
    ) -> None:
        self.kind, self.models, self.decoder, self.settings = kind, models, decoder, settings
        self.ready = False
        self.trouble = ""
        self._most = queue + kind.workers
        self._inside = 0
        self._threads = ThreadPoolExecutor(kind.workers + 4, thread_name_prefix=kind.name)
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mammothbox_requests", "Requests answered.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "mammothbox_request_seconds", "Seconds to an answer.", ["path"], registry=self.registry
        )
        self.batches = Histogram(
            "mammothbox_batch_items",
            "Inputs worked on together.",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=self.registry,
        )
        self._gauges()

    def _gauges(self) -> None:
        def gauge(name: str, text: str, read: Callable[[], float]) -> None:
            Gauge(f"mammothbox_{name}", text, registry=self.registry).set_function(read)

        gauge("requests_inside", "Requests waiting or worked on.", lambda: self._inside)
        gauge("model_ready", "1 when the weights have been loaded.", lambda: float(self.ready))
        gauge("model_bytes", "Memory of the model's process now.", self.models.pss_bytes)

    def card(self) -> ModelCard:
        """Whose answers these are."""
        return self.models.cards()[self.kind.contract]

    def wake(self) -> None:
        """Load the model; what goes wrong is kept for ``/ready``. Blocking."""
        try:
            self.kind.wake(self.models)
        except MammothboxError as error:
            self.trouble = str(error)
        else:
            self.ready, self.trouble = True, ""

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue while the block runs.

        Raises:
            ServiceAway: too many have one already.
        """
        if self._inside >= self._most:
            raise ServiceAway(f"{self._inside} requests are waiting; try again later")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def work(self, function: Callable[[], Answer]) -> Answer:
        """`function` in a thread, within the time limit of a request.

        Raises:
            HostTimeout: it took longer.
        """
        loop = asyncio.get_running_loop()
        return await self.within(loop.run_in_executor(self._threads, function))

    async def within(self, future: asyncio.Future[Answer]) -> Answer:
        """The future's result, within the time limit of a request; raises as `work`."""
        limit = self.settings.host_timeout_s
        try:
            answer = await asyncio.wait_for(future, limit)
        except TimeoutError as error:
            raise HostTimeout(f"no answer within {limit:g} s") from error
        self.ready, self.trouble = True, ""
        return answer

    def close(self) -> None:
        """Give back the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
