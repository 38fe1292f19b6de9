"""Uploads on their way in: streamed into a folder of their own, never longer than allowed.

Nothing looks at the bytes there but the confined decoders. What is refused or cut off leaves
nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from mammothbox.errors import Interrupted, TooLarge, UsageError

FOLDER = "quarantine"
SILENCE_S = 30.0
"""Seconds a sender may say nothing."""

_ROOM = 200_000_000
"""Bytes of the disk that an upload leaves free."""


@contextlib.asynccontextmanager
async def receive(request: Request, library: Path, most: int) -> AsyncIterator[Path]:
    """The body in a file, which is removed when the block ends.

    Args:
        request: whose body is read.
        library: directory of the library.
        most: bytes at most.

    Raises:
        TooLarge: longer than that, or than the disk has room for.
        Interrupted: the sender went away or fell silent.
        UsageError: there are no bytes.
    """
    length = request.headers.get("content-length", "0")
    free = shutil.disk_usage(library).free - _ROOM
    limit = min(most, max(free, 0))
    if length.isdigit() and int(length) > limit:
        raise TooLarge(f"an upload has at most {limit:,} bytes here")
    folder = library / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / secrets.token_hex(16)
    try:
        await _write(request, path, limit)
        yield path
    finally:
        path.unlink(missing_ok=True)


async def _write(request: Request, path: Path, limit: int) -> None:
    size = 0
    chunks = request.stream()
    with path.open("xb") as file:
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks, None), SILENCE_S)
            except TimeoutError as error:
                raise Interrupted("the upload fell silent; send it again") from error
            except ClientDisconnect as error:
                raise Interrupted("the upload broke off; send it again") from error
            if chunk is None:
                break
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"an upload has at most {limit:,} bytes here")
            await anyio.to_thread.run_sync(file.write, chunk)
    if not size:
        raise UsageError("the upload has no bytes")
