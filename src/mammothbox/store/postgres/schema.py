"""What PostgreSQL has beside the shared tables: pgvector, a way to stem, and two word indexes.

Tables of nearest vectors are made by `nearest` when the first vector of their space comes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, inspect, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import NotSupportedError, OperationalError, ProgrammingError

from mammothbox.errors import LibraryUnfit
from mammothbox.store.schema import METADATA, MIGRATIONS

_OWN = MetaData()

PASSAGE_WORDS = Table(
    "passage_words",
    _OWN,
    Column("id", BigInteger, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("words", TSVECTOR, nullable=False),
)
"""One row a passage: its number of words, and its stems with their places."""

NAME_WORDS = Table(
    "name_words",
    _OWN,
    Column("id", BigInteger, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("words", TSVECTOR, nullable=False),
)
"""One row a file: the same of its name."""

CONFIGURATION = "mammothbox_words"
STEMMED = "asciiword, word, numword"
PLAIN = (
    "int, uint, float, sfloat, version, hword, asciihword, numhword, hword_asciipart, hword_part,"
    " hword_numpart"
)

_WORDS = (
    "CREATE TEXT SEARCH DICTIONARY mammothbox_stem (TEMPLATE = snowball, LANGUAGE = porter)",
    f'CREATE TEXT SEARCH CONFIGURATION {CONFIGURATION} (PARSER = "default")',
    f"ALTER TEXT SEARCH CONFIGURATION {CONFIGURATION} ADD MAPPING FOR {STEMMED}"
    " WITH mammothbox_stem",
    f"ALTER TEXT SEARCH CONFIGURATION {CONFIGURATION} ADD MAPPING FOR {PLAIN} WITH simple",
)
_INDEXES = tuple(
    f"CREATE TABLE {name} (id bigint PRIMARY KEY REFERENCES {owner}(id) ON DELETE CASCADE,"
    " length integer NOT NULL, words tsvector NOT NULL);"
    f"CREATE INDEX {name}_gin ON {name} USING gin (words) WITH (gin_pending_list_limit = 512)"
    for name, owner in (("passage_words", "passages"), ("name_words", "files"))
)


def check_server(connection: Connection) -> None:
    """Make sure a library can live in this database, and that pgvector is in it.

    Raises:
        LibraryUnfit: another encoding than UTF-8, or no pgvector.
    """
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise LibraryUnfit(
            f"the database's encoding is {encoding}; make one with: createdb -E UTF8 NAME"
        )
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")):
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except (ProgrammingError, NotSupportedError, OperationalError) as error:
        raise LibraryUnfit(
            "the database lacks pgvector and this user may not add it; install pgvector on the"
            " server, and let its administrator run: CREATE EXTENSION vector"
        ) from error


def create(connection: Connection) -> None:
    """Make what belongs to this engine alone; the shared tables are there."""
    for statement in (*_WORDS, *_INDEXES):
        connection.execute(text(statement))


def has_library(connection: Connection) -> bool:
    """Whether this schema holds a library."""
    return inspect(connection).has_table(MIGRATIONS.name)


def _near(connection: Connection) -> list[str]:
    """The tables of nearest vectors."""
    query = text(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^near_[0-9a-f]{16}$'"
        " AND relnamespace = current_schema()::regnamespace"
    )
    return list(connection.scalars(query))


def given_ids(connection: Connection, table: str) -> None:
    """Let the next id of a table come after those that were given."""
    connection.execute(
        text(
            "SELECT setval(pg_get_serial_sequence(:name, 'id'),"
            f" (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
        ),
        {"name": table},
    )


def size(connection: Connection) -> int:
    """Bytes of the library's tables and indexes."""
    names = [*METADATA.tables, *_OWN.tables, *_near(connection)]
    query = text(
        "SELECT sum(pg_total_relation_size(to_regclass(name)))"
        " FROM unnest(CAST(:names AS text[])) AS name"
    )
    return int(connection.scalar(query, {"names": names}) or 0)


def destroy(connection: Connection) -> None:
    """Remove the library's tables and what else it made in this schema."""
    for name in _near(connection):
        connection.execute(text(f"DROP TABLE {name}"))
    _OWN.drop_all(connection)
    METADATA.drop_all(connection)
    connection.execute(text(f"DROP TEXT SEARCH CONFIGURATION IF EXISTS {CONFIGURATION}"))
    connection.execute(text("DROP TEXT SEARCH DICTIONARY IF EXISTS mammothbox_stem"))
