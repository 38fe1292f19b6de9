"""Statements as text, made once.

Place in the flow: the indexes ask the same few questions at every search. SQLAlchemy takes longer
to build and recognise such a statement than SQLite takes to answer the short ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.dialects import sqlite


class Said:
    """`statement`, whose values are named in `bindparam`s; none of them is a list.

    Args:
        statement: the question.
        dialect: of the engine that is asked; None for SQLite's.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect | None = None) -> None:
        compiled = statement.compile(dialect=dialect or sqlite.dialect())
        self._text = str(compiled)
        self._names: Sequence[str] | None = compiled.positiontup
        self._usual = compiled.params

    def rows(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Any]:
        """The rows found with `values`: the driver's own tuples."""
        given = {**self._usual, **values}
        if self._names is None:
            return self._fetch(connection, given)
        return self._fetch(connection, tuple(given[name] for name in self._names))

    def rows_for(self, connection: Connection, values: Sequence[object]) -> Sequence[Any]:
        """The same with the values as they follow each other in the text; SQLite only."""
        return self._fetch(connection, tuple(values))

    def _fetch(self, connection: Connection, given: Any) -> Sequence[Any]:
        rows: Sequence[Any] = connection.exec_driver_sql(self._text, given).cursor.fetchall()
        return rows


def rows_of(
    connection: Connection, asked: Said | Select[Any], values: Mapping[str, object]
) -> Sequence[Any]:
    """The rows of a statement that is made once, or of one for this question alone."""
    if isinstance(asked, Said):
        return asked.rows(connection, values)
    return connection.execute(asked, values).all()
