"""One file, opened once, for reading only: what every decoder of the child reads from.

The file is opened by descriptor before anything looks at its bytes, so a path that is replaced
meanwhile, a FIFO that would block, or a name like ``http:movie.mp4`` cannot mislead a library.
Knows nothing of formats.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from mammothbox.errors import Corrupt, TooLarge, Unreadable


@dataclass(frozen=True, slots=True)
class Source:
    """An open file.

    Attributes:
        file: seekable, at its start.
        name: last part of the path, for messages.
        size: bytes.
        mime: media type as the scan judged it.
    """

    file: BinaryIO
    name: str
    size: int
    mime: str

    def read(self) -> bytes:
        """All bytes from the start.

        Raises:
            Unreadable: the operating system fails while reading.
        """
        self.file.seek(0)
        try:
            return self.file.read()
        except OSError as error:
            raise Unreadable(f"{self.name}: reading fails ({error.strerror})") from error


def _open(path: str, name: str) -> BinaryIO:
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        return os.fdopen(descriptor, "rb")
    except IsADirectoryError as error:
        raise Unreadable(f"{name}: is a folder, not a file") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{name}: cannot be opened ({why})") from error


@contextmanager
def open_source(path: str, mime: str, max_bytes: int) -> Iterator[Source]:
    """The file at `path`, open for reading while the block runs.

    Raises:
        Unreadable: no such file, no permission, or not a regular file.
        TooLarge: more than `max_bytes`.
        Corrupt: no bytes at all.
    """
    name = posixpath.basename(path)
    with _open(path, name) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{name}: is not a regular file")
        if status.st_size > max_bytes:
            raise TooLarge(f"{name}: {status.st_size:,} bytes, the limit is {max_bytes:,}")
        if status.st_size == 0:
            raise Corrupt(f"{name}: the file is empty")
        yield Source(file=file, name=name, size=status.st_size, mime=mime)
