"""`INSERT ... ON CONFLICT` for the engine of a connection.

SQLite and PostgreSQL share the words, SQLAlchemy has a class for each; this is the only place that
chooses, and imports PostgreSQL's only where PostgreSQL is used.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert(connection: Connection, table: Table) -> Insert:
    """An INSERT into `table` that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    if connection.dialect.name == "sqlite":
        return sqlite_insert(table)
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return cast(Insert, postgres_insert(table))
