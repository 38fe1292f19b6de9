"""An open library's connections: every method of a store is one transaction through them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Self

from sqlalchemy import Connection

from mammothbox.store.backend import Backend

OnCall = Callable[[str, Literal["before", "after"]], None]
"""Called around every write with the method's name; ``before`` comes just before the database's
COMMIT, ``after`` once it is durable. For tests that end the process there."""


class Session:
    """What reading and writing share. A context manager; threads may share it."""

    def __init__(self, backend: Backend, on_call: OnCall | None = None) -> None:
        self._backend = backend
        self._on_call = on_call
        self._mine = threading.local()

    @property
    def backend(self) -> Backend:
        """The engine at work."""
        return self._backend

    @property
    def directory(self) -> Path:
        """The library's directory."""
        return self._backend.directory

    @property
    def place(self) -> str:
        """Where the rows lie, as a person is told: a file, or a server without the password."""
        return self._backend.place

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._backend.writable

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close files and let others write."""
        self._backend.close()

    def writing(self, name: str) -> AbstractContextManager[Connection]:
        """One transaction that writes, for modules of this package."""
        return self._writing(name)

    def reading(self) -> AbstractContextManager[Connection]:
        """One moment to read from, for modules of this package."""
        return self._reading()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What this thread asks meanwhile by words and vectors goes through one connection.

        Each question still sees a moment of its own.
        """
        with self._asking() as connection:
            before = getattr(self._mine, "connection", None)
            self._mine.connection = connection
            try:
                yield
            finally:
                self._mine.connection = before

    def _asking(self) -> AbstractContextManager[Connection]:
        """For one question, or several that need not see the same moment: fewer round trips."""
        connection: Connection | None = getattr(self._mine, "connection", None)
        return contextlib.nullcontext(connection) if connection else self._backend.asking()

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Connection]:
        with self._backend.writing() as connection:
            yield connection
            if self._on_call:
                self._on_call(name, "before")
        if self._on_call:
            self._on_call(name, "after")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._backend.reading() as connection:
            yield connection
