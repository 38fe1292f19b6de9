"""Connections to the server: pooled, with time-outs, and errors in the program's own words.

Knows nothing of tables.
"""

from __future__ import annotations

import importlib.util
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)

from mammothbox.errors import DatabaseAway, UsageError

POOL = 5
"""Connections kept open by one process; as many again for a moment."""
CONNECT_S = 10
READ_S = 60
"""Seconds a question may take before the server gives it up."""
WRITE_S = 600
"""Seconds one statement of a write may take, the wait for others' locks included."""
PROPOSED = 512
"""Candidates a graph of vectors walks through at least; more find more of the true nearest ones. Of
a million vectors 256 found 0.95 to 0.99 of the true nearest ten, as the graph was built."""
IDLE_S = 30.0
"""Seconds after which a silent connection is asked whether it still lives."""
_NO_DRIVER = "PostgreSQL needs its driver: pip install 'mammothbox[postgres]'"


def address(url: str) -> URL:
    """The address of a PostgreSQL library.

    Raises:
        UsageError: it is none, or the driver is not installed.
    """
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            "DATABASE_URL is no address; write postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        ) from error
    if found.get_backend_name() not in ("postgresql", "postgres"):
        raise UsageError(
            f"DATABASE_URL begins with {found.drivername!r}; only postgresql:// is known"
            " (without DATABASE_URL the library is SQLite in its own folder)"
        )
    if importlib.util.find_spec("psycopg") is None:
        raise UsageError(_NO_DRIVER)
    return found.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """The address for a person: without password and driver."""
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    return plain.partition("?")[0]


def connect(url: URL, *, write: bool, alone: bool = False) -> Engine:
    """A pool of connections.

    Args:
        url: of the database.
        write: False gives connections that cannot change anything.
        alone: every statement is a transaction of its own. Making a connection so, and back,
            for each question would take 0.3 ms.
    """
    usual = "READ COMMITTED" if write else "REPEATABLE READ"
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=POOL,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": f"mammothbox {socket.gethostname()}:{os.getpid()}",
        },
        isolation_level="AUTOCOMMIT" if alone else usual,
    )
    limit = WRITE_S if write else READ_S

    def on_connect(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET statement_timeout = '{limit}s'")
        connection.execute("SET jit = off")  # takes longer than any question here
        connection.execute("SET idle_in_transaction_session_timeout = '1h'")
        connection.execute(f"SET hnsw.ef_search = {PROPOSED}")
        if not write:
            connection.execute("SET default_transaction_read_only = on")
        connection.autocommit = alone

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "checkout", _check_alive)
    event.listen(engine, "checkin", _note_time)
    return engine


def _note_time(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _check_alive(connection: Any, record: Any, _proxy: Any) -> None:
    """Take no dead connection from the pool; SQLAlchemy's own ping costs a round trip a question.

    A server that ended has closed its side, which the socket knows at once; where the network was
    cut it does not, so after a while the server is asked.
    """
    import psycopg

    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    try:
        if waiting.poll(0) or time.monotonic() - record.info.get("used", 0.0) > IDLE_S:
            before, connection.autocommit = connection.autocommit, True
            connection.execute("SELECT 1")
            connection.autocommit = before
    except psycopg.Error as error:
        raise DisconnectionError(str(error)) from error


@contextmanager
def border(place: str) -> Iterator[None]:
    """Where the driver's errors become ours.

    Raises:
        DatabaseAway: no connection, it broke, or the server gave the statement up.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise DatabaseAway(f"{place}: {_first_line(error)}; try again when it answers") from error


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip().splitlines() or ["the connection broke"])[0]


@contextmanager
def reading(engine: Engine, place: str) -> Iterator[Connection]:
    """A connection that sees one moment and changes nothing."""
    with border(place), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine, place: str) -> Iterator[Connection]:
    """A transaction: committed at the end, or rolled back."""
    with border(place), engine.begin() as connection:
        yield connection
