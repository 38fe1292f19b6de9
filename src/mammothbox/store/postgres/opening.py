"""Opening a library in PostgreSQL: is it there, is anybody writing, is the schema of today?"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine

from mammothbox.errors import NotFound
from mammothbox.store import migrations
from mammothbox.store.backend import Backend
from mammothbox.store.place import make_directory
from mammothbox.store.postgres.connecting import address, border, connect, reading, shown, writing
from mammothbox.store.postgres.copying import insert_rows
from mammothbox.store.postgres.locks import WriterLock, claim, guard, upgrading
from mammothbox.store.postgres.nearest import Hnsw
from mammothbox.store.postgres.schema import check_server, destroy, given_ids, has_library, size
from mammothbox.store.postgres.words import Gin


def open_postgres(directory: Path, url: str, *, write: bool, shared: bool) -> Backend:
    """The library at `url`; raises what `open_store` says."""
    where = address(url)
    place = shown(where)
    engine = connect(where, write=write)
    try:
        with border(place), engine.connect() as connection:
            there = has_library(connection)
            old = there and bool(migrations.missing(connection))
        if not there and not write:
            raise NotFound(f"no library at {place} yet; make one with: mammothbox ingest FOLDER")
        if write:
            make_directory(directory)
        if old or not there:
            _upgrade(where, place, alone=old)
        lock = WriterLock(engine, place, shared=shared) if write else None
    except BaseException:
        engine.dispose()
        raise
    asking = connect(where, write=lock is not None, alone=True)
    return _backend(directory, engine, asking, place, lock)


def _upgrade(where: URL, place: str, *, alone: bool) -> None:
    """Bring the schema to today's; with rows in it, only while nobody writes."""
    engine = connect(where, write=True)
    lock = None
    try:
        lock = WriterLock(engine, place, shared=False) if alone else None
        with writing(engine, place) as connection:
            upgrading(connection)
            check_server(connection)
            migrations.migrate(connection)
    finally:
        if lock:
            lock.release()
        engine.dispose()


def _backend(
    directory: Path, engine: Engine, asking: Engine, place: str, lock: WriterLock | None
) -> Backend:
    def close() -> None:
        if lock:
            lock.release()
        engine.dispose()
        asking.dispose()

    return Backend(
        place=place,
        directory=directory,
        local=False,
        writable=lock is not None,
        reading=partial(reading, engine, place),
        asking=partial(reading, asking, place),
        writing=partial(writing, engine, place),
        guard=guard,
        claim=partial(claim, engine, place),
        insert=insert_rows,
        words=Gin(),
        vectors=Hnsw(),
        given_ids=given_ids,
        server_bytes=size,
        destroy=destroy,
        close=close,
    )
