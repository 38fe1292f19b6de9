"""What is still to do: contents that lack a result of a step.

Functions over a connection; `Store` wraps each in a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, select

from mammothbox.records import Digest, FileRef, Kind
from mammothbox.store.files import COLUMNS, as_ref
from mammothbox.store.schema import FILES, RESULTS

MOST_AMONG = 500
"""Contents that `pending` may be limited to."""


def pending(
    connection: Connection,
    step: str,
    model: str,
    revision: str,
    kinds: Sequence[Kind],
    *,
    retry_failed: bool,
    among: Sequence[Digest] | None = None,
) -> list[FileRef]:
    """One FileRef a digest that lacks a result of exactly (step, model, revision).

    `among`: only these contents, at most `MOST_AMONG`.
    """
    have = select(RESULTS.c.digest).where(
        RESULTS.c.step == step, RESULTS.c.model == model, RESULTS.c.revision == revision
    )
    if retry_failed:
        have = have.where(RESULTS.c.outcome != "failed")
    query = (
        select(*COLUMNS)
        .where(FILES.c.vanished_at.is_(None), _lacks(connection, have))
        .where(FILES.c.kind.in_([kind.value for kind in kinds]))
        .order_by(FILES.c.mtime_ns.desc(), FILES.c.path)
    )
    if among is not None:
        query = query.where(FILES.c.digest.in_(among))
    first: dict[str, FileRef] = {}
    for row in connection.execute(query):
        first.setdefault(row.digest, as_ref(row))
    return list(first.values())


def _lacks(connection: Connection, have: Select[tuple[str]]) -> ColumnElement[bool]:
    """Files whose content is not among `have`, in the words that are fast on the engine.

    SQLite takes half the time for the list; PostgreSQL, once the list outgrows its memory for one
    question, would read it anew for each file.
    """
    if connection.dialect.name == "sqlite":
        return FILES.c.digest.not_in(have)
    return ~have.where(RESULTS.c.digest == FILES.c.digest).correlate(FILES).exists()
