"""Advisory locks: who may write, who upgrades, and two writers at one content.

They live in the server and end with the connection that took them, however its process ends. Keys
are counted per schema, so that several libraries in one database do not meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import BigInteger, Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from mammothbox.errors import LibraryLocked
from mammothbox.store.postgres.connecting import border

_WRITER = 0x4D42_0001
_UPGRADE = 0x4D42_0002
_HERE = "hashtext(current_schema())"


class WriterLock:
    """The right to write: alone, or shared with all who ask for it shared.

    Raises:
        LibraryLocked: somebody writes alone (or, asked for alone, anybody writes).
    """

    def __init__(self, engine: Engine, place: str, *, shared: bool) -> None:
        self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        call = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        with border(place):
            if self._connection.scalar(text(f"SELECT {call}({_WRITER}, {_HERE})")):
                return
            holder = self._connection.scalar(
                text(
                    "SELECT a.application_name || coalesce(' at ' || host(a.client_addr), '')"
                    " FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)"
                    f" WHERE l.locktype = 'advisory' AND l.classid = {_WRITER} AND l.granted"
                    f" AND l.objid::bigint = {_HERE}::bigint & 4294967295 LIMIT 1"
                )
            )
        self.release()
        raise LibraryLocked(
            f"{place} is being written by {holder or 'another process'}; wait for it to end, or"
            " let several write by setting REDIS_URL for all of them"
        )

    def release(self) -> None:
        """Let others write. Harmless when called again."""
        if not self._connection.closed:
            self._connection.invalidate()
            self._connection.close()


def upgrading(connection: Connection) -> None:
    """Let one process at a time change the schema, until the transaction ends."""
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE}, {_HERE})"))


def guard(connection: Connection, digests: Sequence[str]) -> None:
    """Keep others from writing about these contents until the transaction ends.

    Taken in one order by everybody, so that nobody waits in a circle.
    """
    keys = sorted({key_of(digest) for digest in digests})
    statement = text(
        "SELECT count(pg_advisory_xact_lock(key)) FROM"
        " (SELECT unnest(:keys) AS key ORDER BY 1) AS ordered"
    ).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))
    connection.execute(statement, {"keys": keys})


@contextmanager
def claim(engine: Engine, place: str, purpose: str, keys: Sequence[str]) -> Iterator[set[str]]:
    """See `Store.claim`: locks on a connection of their own."""
    wanted = {key_of(key, purpose): key for key in keys}
    statement = text(
        "SELECT key FROM unnest(:keys) AS key WHERE pg_try_advisory_lock(key)"
    ).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))
    with border(place):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with border(place):
            mine = connection.scalars(statement, {"keys": list(wanted)}).all()
        yield {wanted[key] for key in mine}
    finally:
        connection.invalidate()  # closing it is what lets go, even where the server has gone
        connection.close()


def key_of(digest: str, purpose: str = "") -> int:
    """A signed 64-bit key of a content, another one for each purpose."""
    from blake3 import blake3

    return int.from_bytes(blake3(f"{purpose}\0{digest}".encode()).digest(8), signed=True)
