"""One reading of a file: what it is and the BLAKE3 of its bytes.

The file is opened once, without following links and without waiting on pipes, and is stated before
and after: a file that is being written is read again, and given up when it keeps changing. Bytes
are read, not mapped: a mapped file that is cut short kills the process that reads it.
"""

from __future__ import annotations

import os
import stat
import time

from mammothbox.errors import Unreadable
from mammothbox.records import Digest, Kind
from mammothbox.scan.events import Entry
from mammothbox.scan.kind import HEAD_BYTES, extension_of, judge
from mammothbox.scan.signatures import Verdict

_CHUNK = 8 << 20
_THREADED_FROM = 4 << 20
_TRIES = 3
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def _open(path: str) -> int:
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}") from error


def _look(descriptor: int, size: int, offset: int, count: int) -> bytes:
    start = offset if offset >= 0 else max(0, size + offset)
    return os.pread(descriptor, count, start) if start < size else b""


def _kind(descriptor: int, path: str, size: int) -> Verdict:
    head = os.pread(descriptor, HEAD_BYTES, 0)
    return judge(
        head, extension_of(path), lambda offset, count: _look(descriptor, size, offset, count)
    )


def _digest(descriptor: int, size: int) -> Digest:
    from blake3 import blake3

    if size < _THREADED_FROM:
        threads, chunk = 1, max(size + 1, 4096)
    else:
        threads, chunk = blake3.AUTO, _CHUNK
    hasher, offset = blake3(max_threads=threads), 0
    while data := os.pread(descriptor, chunk, offset):
        hasher.update(data)
        offset += len(data)
    return Digest(hasher.hexdigest())


def examine(path: str) -> tuple[Entry, Kind, str, Digest]:
    """Read the file once: its size and time as they were then, kind, media type and digest.

    Raises:
        Unreadable: refused by the operating system, no regular file, or changing all the while.
    """
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(0.2 * attempt)
        descriptor = _open(path)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise Unreadable(f"{path!r} is not a regular file")
            kind, mime = _kind(descriptor, path, before.st_size)
            digest = _digest(descriptor, before.st_size)
            after = os.fstat(descriptor)
        except OSError as error:
            raise Unreadable(f"{path!r} cannot be read: {error.strerror}") from error
        finally:
            os.close(descriptor)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return Entry(path, after.st_size, after.st_mtime_ns), kind, mime, digest
    raise Unreadable(f"{path!r} keeps changing while it is read; it is taken up by the next run")


def kind_of(path: str) -> Verdict:
    """Kind and media type of one file, by its content.

    Raises:
        Unreadable: the operating system refuses it.
    """
    descriptor = _open(path)
    try:
        return _kind(descriptor, path, os.fstat(descriptor).st_size)
    except OSError as error:
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def digest_of(path: str) -> Digest:
    """BLAKE3 of one file's bytes.

    Raises:
        Unreadable: the operating system refuses it.
    """
    descriptor = _open(path)
    try:
        return _digest(descriptor, os.fstat(descriptor).st_size)
    except OSError as error:
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
