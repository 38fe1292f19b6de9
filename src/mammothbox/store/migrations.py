"""Steps that bring a library of any age to today's schema, in order; applied names are stored.

To change the schema: change `schema`, append one function to `ALL`, never edit an older one. Each
checks for what it adds, so the same path makes a new library and upgrades an old one.

Example:
    def m002_moves(connection: Connection) -> None:
        METADATA.create_all(connection, tables=[MOVES])
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, inspect, select

from mammothbox.errors import LibraryTooNew
from mammothbox.store.schema import FIRST_TABLES, METADATA, MIGRATIONS

_WORD_INDEXES = (
    "CREATE VIEW IF NOT EXISTS passage_words AS"
    " SELECT id, coalesce(words, text) AS words FROM passages",
    "CREATE VIRTUAL TABLE IF NOT EXISTS passages_fts USING fts5(words,"
    " content='passage_words', content_rowid='id',"
    " tokenize='porter unicode61 remove_diacritics 2', prefix='2 3')",
    "CREATE VIRTUAL TABLE IF NOT EXISTS names_fts USING fts5(words,"
    " content='files', content_rowid='id',"
    " tokenize='porter unicode61 remove_diacritics 2', prefix='2 3')",
)


def m001_first(connection: Connection) -> None:
    """Files, results, passages, vectors, tags, answers, and the engine's own word indexes."""
    METADATA.create_all(connection, tables=list(FIRST_TABLES))
    if connection.dialect.name == "sqlite":
        for statement in _WORD_INDEXES:
            connection.exec_driver_sql(statement)
    else:
        from mammothbox.store.postgres.schema import create

        create(connection)


ALL: tuple[Callable[[Connection], None], ...] = (m001_first,)
"""Every migration, oldest first."""


def applied(connection: Connection) -> list[str]:
    """Names of the migrations this library has; empty for a new database."""
    if not inspect(connection).has_table(MIGRATIONS.name):
        return []
    return list(connection.scalars(select(MIGRATIONS.c.name)))


def missing(connection: Connection) -> list[Callable[[Connection], None]]:
    """Migrations that are still to be applied, in order.

    Raises:
        LibraryTooNew: the library has migrations that this version does not know.
    """
    have = set(applied(connection))
    unknown = sorted(have - {step.__name__ for step in ALL})
    if unknown:
        raise LibraryTooNew(
            f"this library was written by a newer MammothBox (it has {', '.join(unknown)});"
            " update MammothBox to use it"
        )
    return [step for step in ALL if step.__name__ not in have]


def migrate(connection: Connection) -> None:
    """Apply what is missing, inside the caller's transaction.

    Raises:
        LibraryTooNew: see `missing`.
    """
    METADATA.create_all(connection, tables=[MIGRATIONS])
    for step in missing(connection):
        step(connection)
        connection.execute(MIGRATIONS.insert().values(name=step.__name__))
