"""Requests that come at the same time go through the model together.

Place in the flow: the routes of pictures and vectors hand their inputs to a `Batcher`. While one
batch is computed the next one gathers; nobody waits for company. A batch that fails is tried again
request by request, so that a bad one costs only itself. Knows no model and no HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mammothbox.errors import MammothboxError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

Call = Callable[[Hashable, list[Item]], Awaitable[Sequence[Answer]]]


@dataclass(slots=True, eq=False)
class _Request(Generic[Item, Answer]):
    key: Hashable
    items: list[Item]
    future: asyncio.Future[list[Answer]]


class Batcher(Generic[Item, Answer]):
    """Gathers requests of one event loop into batches.

    Args:
        call: computes the answers to a list of items that share a key, in order.
        most: items of one batch; a request with more goes alone.
    """

    def __init__(self, call: Call[Item, Answer], most: int) -> None:
        self._call, self._most = call, most
        self._waiting: deque[_Request[Item, Answer]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, key: Hashable, items: Sequence[Item]) -> list[Answer]:
        """The answers to `items`, in order; only requests with an equal `key` share a batch.

        Raises:
            MammothboxError: what the call raises for these items alone.
        """
        if not items:
            return []
        loop = asyncio.get_running_loop()
        request: _Request[Item, Answer] = _Request(key, list(items), loop.create_future())
        self._waiting.append(request)
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work())
        return await request.future

    async def _work(self) -> None:
        while self._waiting:
            batch = self._gather()
            if not await self._try(batch) and len(batch) > 1:
                for request in batch:
                    await self._try([request])

    def _gather(self) -> list[_Request[Item, Answer]]:
        """The oldest request and those after it that fit beside it; the others keep their turn."""
        batch = [self._waiting.popleft()]
        room = self._most - len(batch[0].items)
        left: deque[_Request[Item, Answer]] = deque()
        while self._waiting:
            request = self._waiting.popleft()
            if request.future.done():  # its client has given up
                continue
            if request.key == batch[0].key and len(request.items) <= room:
                batch.append(request)
                room -= len(request.items)
            else:
                left.append(request)
        self._waiting = left
        return batch

    async def _try(self, batch: Sequence[_Request[Item, Answer]]) -> bool:
        """Answer all of `batch`; False if it failed and may be tried one by one."""
        items = [item for request in batch for item in request.items]
        try:
            answers = list(await self._call(batch[0].key, items))
        except Exception as error:  # a task's border: handed to who waits for it
            if len(batch) > 1 and isinstance(error, MammothboxError):
                return False
            for request in batch:
                if not request.future.done():
                    request.future.set_exception(error)
            return True
        at = 0
        for request in batch:
            if not request.future.done():
                request.future.set_result(answers[at : at + len(request.items)])
            at += len(request.items)
        return True
