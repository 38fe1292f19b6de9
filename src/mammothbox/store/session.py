"""An open library's connections: every method of a store is one transaction through them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import Connection, Engine

from mammothbox.store.place import WriterLock
from mammothbox.store.vectors import VectorFiles

OnCall = Callable[[str, Literal["before", "after"]], None]
"""Called around every write with the method's name; ``before`` comes just before the database's
COMMIT, ``after`` once it is durable. For tests that end the process there."""


class Session:
    """What reading and writing share. A context manager; threads may share it.

    Attributes:
        directory: where it lies.
    """

    def __init__(
        self, directory: Path, engine: Engine, lock: WriterLock | None, on_call: OnCall | None
    ) -> None:
        self.directory = directory
        self._engine = engine
        self._lock = lock
        self._on_call = on_call
        self._vectors = VectorFiles(directory)

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._lock is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and let others write."""
        self._engine.dispose()
        if self._lock:
            self._lock.release()

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection
            if self._on_call:
                self._on_call(name, "before")
        if self._on_call:
            self._on_call(name, "after")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection
