"""One SQLite database, opened the way the library needs it.

Write-ahead log, so that reading goes on while one process writes. ``synchronous=FULL``: a commit
is on disk when it returns; results come in batches that took seconds to compute, so the few
milliseconds of a sync are nothing, and power loss costs at most the batch in flight.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event

from mammothbox.scan.rules import LIBRARY_FILE

DATABASE_NAME = LIBRARY_FILE
"""The database file inside the library's directory; SQLite adds ``-wal`` and ``-shm``."""

EACH_ALONE = {"each_alone": True}
"""Execution options of connections whose every statement sees a moment of its own."""

_MAPPED = 256 * 1024**2
"""Bytes of the database that are read where the system has them, instead of by copying pages: a
search of 100,000 documents takes a tenth less."""

_BUSY_MS = 10_000
"""How long a reader waits for the short moments in which the log is being restarted."""


def _pragmas(write: bool) -> list[str]:
    shared = [
        f"PRAGMA busy_timeout={_BUSY_MS}",
        "PRAGMA temp_store=MEMORY",
        "PRAGMA cache_size=-16000",
        f"PRAGMA mmap_size={_MAPPED}",
    ]
    if write:
        return [*shared, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"]
    return [*shared, "PRAGMA query_only=ON"]


def connect(directory: Path, *, write: bool) -> Engine:
    """An engine with SQLite's own transactions: IMMEDIATE for the writer, DEFERRED for readers.

    Args:
        directory: the library's directory; the database file is made by the first writer.
        write: False gives connections that cannot change anything.
    """
    engine = create_engine(f"sqlite+pysqlite:///{directory / DATABASE_NAME}")
    pragmas = _pragmas(write)

    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3's own BEGIN would come at the wrong moments
        for pragma in pragmas:
            connection.execute(pragma)

    def on_begin(connection: Connection) -> None:
        if not EACH_ALONE.items() <= connection.get_execution_options().items():
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    ids: Sequence[int] | None = None,
) -> Sequence[int]:
    """Store rows under these ids, which come before the first column; gives them.

    New ids go on from the last one, since nobody else writes; RETURNING would go row by row.
    """
    driver = driver_of(connection)
    if ids is None:
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        (last,) = driver.execute(query, (table.name,)).fetchone() or (0,)
        ids = range(last + 1, last + 1 + len(rows))
    driver.executemany(  # the values are the driver's own, so nothing has to look at them
        _insertion(table), [(number, *row) for number, row in zip(ids, rows, strict=True)]
    )
    return ids


@cache
def _insertion(table: Table) -> str:
    names = table.columns.keys()
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in a transaction that writes, for what comes in every batch."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
