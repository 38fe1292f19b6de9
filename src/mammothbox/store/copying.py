"""Copying a library into another engine or place, row by row, and comparing every row afterwards.

Tables are walked in the order of their keys, a chunk at a time on both sides: what is missing is
added, what is too much or different is replaced, what is equal is left. So a copy that was stopped
goes on where it was, and the same walk without changing anything is the proof. Word indexes and
neighbours are derived anew. It knows nothing of which engines these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, tuple_

from mammothbox.errors import LibraryError, UsageError
from mammothbox.store.backend import Backend
from mammothbox.store.rows import VectorRow
from mammothbox.store.schema import FILES, FIRST_TABLES, META, PASSAGES, VECTORS
from mammothbox.store.store import IDENTITY, Store

CHUNK = 500
"""Rows compared at once and added in one transaction."""
_MARK = "copy_of"
"""Key in the target's small values: which library it is being made from."""

Row = tuple[Any, ...]
OnRows = Callable[[str, int], None]
"""Called with a table's name and the number of its rows that were walked so far."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did: rows added, rows compared in the end, and where the library lies now."""

    added: int
    compared: int
    place: str


def copy_library(source: Store, target: Store, on_rows: OnRows) -> Copied:
    """Make `target` equal to `source`, and prove it; nobody else may be writing to either.

    Raises:
        UsageError: another library is there, or it is the same one.
        LibraryError: a row differs in the end.
    """
    if source.place == target.place:
        raise UsageError(f"{target.place} is the library itself; name another place")
    counts = target.counts()
    if target.meta(_MARK) != source.place and (counts.files or counts.vanished or counts.passages):
        raise UsageError(
            f"{target.place} holds a library already; name an empty place, or empty it with:"
            " mammothbox purge"
        )
    target.set_meta(_MARK, source.place)
    added = sum(_fill(source, target, table, on_rows) for table in FIRST_TABLES)
    compared = sum(_compare(source, target, table, on_rows) for table in FIRST_TABLES)
    target.set_meta(_MARK, "")
    return Copied(added, compared, target.place)


def _fill(source: Store, target: Store, table: Table, on_rows: OnRows) -> int:
    """Add what is missing, replace what differs; returns how many rows were added."""
    added = walked = 0
    last: Row | None = None
    while True:
        rows = _after(source, table, last, None)
        end = _key(table, rows[-1]) if len(rows) == CHUNK else None
        with target.writing("copy") as connection:
            have = _between(connection, table, last, end)
            wanted = {_key(table, row): row for row in rows}
            wrong = [row for row in have if wanted.get(_key(table, row)) != row]
            there = {_key(table, row) for row in have} - {_key(table, row) for row in wrong}
            _remove(connection, target.backend, table, wrong)
            fresh = [row for key, row in wanted.items() if key not in there]
            _add(connection, target.backend, table, fresh)
        added, walked, last = added + len(fresh), walked + len(rows), end
        on_rows(table.name, walked)
        if end is None:
            return added


def _compare(source: Store, target: Store, table: Table, on_rows: OnRows) -> int:
    """Read every row of both; returns how many there are.

    Raises:
        LibraryError: they are not the same.
    """
    walked, last = 0, None
    while True:
        rows = _after(source, table, last, None)
        end = _key(table, rows[-1]) if len(rows) == CHUNK else None
        if rows != _after(target, table, last, end):
            raise LibraryError(
                f"{table.name} differs between {source.place} and {target.place} after the copy;"
                " nothing was changed in the first; run the copy again"
            )
        walked, last = walked + len(rows), end
        on_rows(table.name, walked)
        if end is None:
            return walked


def _after(store: Store, table: Table, last: Row | None, end: Row | None) -> list[Row]:
    """The next rows; with `end` all up to that key."""
    with store.reading() as connection:
        return _between(connection, table, last, end, None if end else CHUNK)


def _between(
    connection: Connection,
    table: Table,
    last: Row | None,
    end: Row | None,
    limit: int | None = None,
) -> list[Row]:
    """Rows whose key lies after `last`, not after `end`, in the order of their keys."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys)
    if last is not None:
        query = query.where(tuple_(*keys) > last)
    if end is not None:
        query = query.where(tuple_(*keys) <= end)
    if table is META:
        query = query.where(META.c.key.not_in((_MARK, IDENTITY)))
    return [_portable(row) for row in connection.execute(query.limit(limit))]


def _portable(row: Sequence[Any]) -> Row:
    """The row as every engine can hold it: PostgreSQL's texts know no NUL."""
    return tuple(
        value.replace("\0", " ")
        if isinstance(value, str)
        else bytes(value)
        if isinstance(value, memoryview)
        else value
        for value in row
    )


def _key(table: Table, row: Row) -> Row:
    names = list(table.columns)
    return tuple(row[names.index(column)] for column in table.primary_key.columns)


def _remove(connection: Connection, backend: Backend, table: Table, rows: Sequence[Row]) -> None:
    """Take rows away that the source does not have, or has otherwise."""
    if not rows:
        return
    if table is FILES:
        backend.words.drop_names(connection, [row[0] for row in rows])
    if table is PASSAGES:
        backend.words.drop_rows(connection, [row[0] for row in rows])
    keys = tuple_(*table.primary_key.columns)
    connection.execute(delete(table).where(keys.in_([_key(table, row) for row in rows])))


def _add(connection: Connection, backend: Backend, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    if table is VECTORS:
        made = [VectorRow(*values) for _, *values in rows]
        backend.vectors.add(connection, made, [row[0] for row in rows])
    else:
        names = table.columns.keys()
        named = [dict(zip(names, row, strict=True)) for row in rows]
        connection.execute(insert(table), named)
        if table is FILES:
            backend.words.add_names(connection, [row["path"] for row in named])
        if table is PASSAGES:
            words = [(row["id"], row["words"] or row["text"]) for row in named]
            backend.words.add_passages(connection, words)
    if table.primary_key.columns.keys() == ["id"]:
        backend.given_ids(connection, table.name)
