"""Opening a SQLite library: is the place fit, is anybody writing, is the schema of today?"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from mammothbox.errors import NotFound
from mammothbox.store import migrations
from mammothbox.store.backend import Backend
from mammothbox.store.place import WriterLock, check_fit, make_directory
from mammothbox.store.sqlite.database import DATABASE_NAME, EACH_ALONE, connect, insert_rows
from mammothbox.store.sqlite.nearest import VectorFiles
from mammothbox.store.sqlite.words import Fts5


def open_sqlite(directory: Path, *, write: bool) -> Backend:
    """The library in `directory`; raises what `open_store` says."""
    exists = (directory / DATABASE_NAME).is_file()
    if not write and not exists:
        raise NotFound(f"no library at {directory} yet; make one with: mammothbox ingest FOLDER")
    if write:
        make_directory(directory)
    check_fit(directory)
    lock = WriterLock(directory) if write else None
    try:
        _upgrade(directory, locked=write)
        return _backend(directory, lock)
    except BaseException:
        if lock:
            lock.release()
        raise


def _backend(directory: Path, lock: WriterLock | None) -> Backend:
    engine = connect(directory, write=lock is not None)

    def close() -> None:
        engine.dispose()
        if lock:
            lock.release()

    return Backend(
        place=str(directory / DATABASE_NAME),
        directory=directory,
        local=True,
        writable=lock is not None,
        reading=engine.connect,
        asking=engine.execution_options(**EACH_ALONE).connect,
        writing=engine.begin,
        guard=_one_writer,
        claim=lambda _, keys: contextlib.nullcontext(set(keys)),
        insert=insert_rows,
        words=Fts5(),
        vectors=VectorFiles(directory),
        given_ids=lambda *_: None,
        server_bytes=lambda _: 0,
        destroy=lambda _: None,
        close=close,
    )


def _one_writer(connection: Connection, digests: Sequence[str]) -> None:
    """Nobody else writes."""


def _upgrade(directory: Path, *, locked: bool) -> None:
    """Apply missing migrations, under the writer's lock."""
    if locked or (directory / DATABASE_NAME).stat().st_size == 0:
        engine = connect(directory, write=True)
    else:
        engine = connect(directory, write=False)
    try:
        with engine.connect() as connection:
            if not migrations.missing(connection):
                return
        engine.dispose()
        engine = connect(directory, write=True)
        with contextlib.ExitStack() as stack:
            if not locked:
                stack.callback(WriterLock(directory).release)
            migrations.migrate(stack.enter_context(engine.begin()))
    finally:
        engine.dispose()
