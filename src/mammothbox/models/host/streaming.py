"""Server-sent events: how an answer is given while it is written.

Place in the flow: the writer's host and the chat services stream through these. Knows nothing of
models.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import aclosing
from typing import Any

from mammothbox.errors import MammothboxError

DONE = b"data: [DONE]\n\n"

Chunk = dict[str, Any]
Put = Callable[[Chunk], bool]
"""Takes a chunk in the thread that writes; False once nobody listens any more."""


def event(value: Chunk) -> bytes:
    """One event that holds a JSON object; in ASCII, since some clients split at U+2028 too."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def events_of(chunks: Sequence[Chunk]) -> Iterator[bytes]:
    """All of a finished answer."""
    yield from map(event, chunks)
    yield DONE


async def events(
    first: Chunk, rest: AsyncGenerator[Chunk], problem: Callable[[MammothboxError], Chunk]
) -> AsyncIterator[bytes]:
    """An answer that is being written; what goes wrong meanwhile is told as `problem` puts it."""
    try:
        async with aclosing(rest):
            yield event(first)
            async for chunk in rest:
                yield event(chunk)
    except MammothboxError as error:
        yield event({"error": problem(error)})
    else:
        yield DONE


async def chunks_of(write: Callable[[Put], Awaitable[object]]) -> AsyncGenerator[Chunk]:
    """What `write` puts from its thread, as it comes; closing the iterator tells it to stop.

    Raises:
        whatever `write` raises, after the chunks before it.
    """
    loop, left = asyncio.get_running_loop(), threading.Event()
    queue: asyncio.Queue[Chunk | None] = asyncio.Queue()

    def put(chunk: Chunk) -> bool:
        loop.call_soon_threadsafe(queue.put_nowait, chunk)
        return not left.is_set()

    work = asyncio.ensure_future(write(put))
    work.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (chunk := await queue.get()) is not None:
            yield chunk
        await work
    finally:
        left.set()
