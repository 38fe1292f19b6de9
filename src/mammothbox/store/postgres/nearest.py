"""Nearest vectors by pgvector: an HNSW graph proposes, exact scores decide.

Each (space, model, revision, length) has a table of its own with a graph, filled beside the shared
table of vectors, whose rows take theirs along when they go. Up to `EXACT` vectors, or contents that
pass a narrow filter, all are compared; above, the graph proposes candidates. The table holds the
stored float16 values themselves, so its distances are the exact scores, as SQLite's flat files give
them, and one statement does it all: each further one would cost a round trip.

`halfvec` is used where pgvector has it (0.7 and newer), else `vector`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
    Dialect,
    Float,
    Integer,
    Select,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.types import UserDefinedType

from mammothbox.arrays import Vector
from mammothbox.records import Digest
from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import Near, Space
from mammothbox.store.postgres.connecting import PROPOSED
from mammothbox.store.postgres.copying import copy_vectors, insert_rows
from mammothbox.store.rows import VectorRow
from mammothbox.store.said import Said, rows_of
from mammothbox.store.schema import FILES, VECTORS

EXACT = 5_000
"""Vectors, or contents that pass a filter, that are compared one by one."""
LEAST = 16
"""How many the graph proposes at least, since some are filtered or of one content."""
MOST_PROPOSED = 1_000
"""What pgvector's graph search can give at most; where more are needed all are compared."""
PLENTY = 200
"""Contents wanted up to which those of so many vectors will do, even if they are fewer."""


class _Numbers(UserDefinedType[str]):
    """pgvector's type; values are its text, ``[0.1,0.2]``."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        """As SQL has it."""
        return self.kind


class Hnsw:
    """A `VectorIndex`, see there."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}
        self._large: set[str] = set()
        self._guard = threading.Lock()

    def add(
        self, connection: Connection, rows: Sequence[VectorRow], ids: Sequence[int] | None = None
    ) -> None:
        """See `VectorIndex`."""
        numbers = insert_rows(connection, VECTORS, rows, ids)
        index(connection, self, list(zip(numbers, rows, strict=True)))

    def type_of(self, connection: Connection, table: str) -> str:
        """Type of the table's vectors, e.g. ``vector(512)``; empty when there is no such table."""
        with self._guard:
            known = self._types.get(table, "")
        if known:
            return known
        found = connection.scalar(
            text(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = to_regclass(:name) AND attname = 'embedding'"
            ),
            {"name": table},
        )
        return str(found or "")

    def learn(self, table: str, kind: str) -> None:
        """Remember a table that is there for good."""
        with self._guard:
            self._types[table] = kind

    def nearest(
        self, connection: Connection, space: Space, query: Vector, filters: Filters, limit: int
    ) -> list[Near]:
        """See `VectorIndex`."""
        name = table_of(space, len(query))
        kind = self.type_of(connection, name)
        if not kind:
            return []
        self.learn(name, kind)
        every = (filters.narrow and _few_pass(connection, filters)) or self._few(connection, name)
        width = max(LEAST, limit + limit // 4)
        while True:
            if not every:
                _walk(connection, max(PROPOSED, min(MOST_PROPOSED, width)))
            values = {"query": str(query.tolist()), "width": width}
            rows = _Question(name, kind, filters, every).rows(connection, values)
            found = _first(rows, limit)
            if len(found) >= limit or (every and len(rows) < width):
                return found
            if not every and width >= MOST_PROPOSED and not filters.narrow and limit <= PLENTY:
                return found
            every = every or width >= MOST_PROPOSED
            width = 4 * width if every else min(4 * width, MOST_PROPOSED)

    def _few(self, connection: Connection, name: str) -> bool:
        """Whether all vectors of a table may be compared; one that is large stays so."""
        if name in self._large:
            return False
        few = _count(connection, select(table(name, column("id")).c.id)) <= EXACT
        if not few:
            self._large.add(name)
        return few


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one table.

    Attributes:
        name, kind: of the table and its vectors.
        filters: which contents pass.
        every: compare all, or only what the graph proposes.
    """

    name: str
    kind: str
    filters: Filters
    every: bool

    def rows(self, connection: Connection, values: dict[str, Any]) -> list[Near]:
        """Nearest first; a question without filters is made once."""
        made = self.statement() if self.filters.narrow else _said(self, connection.dialect)
        rows = rows_of(connection, made, values)
        return [Near(Digest(row[0]), -row[1], *row[2:]) for row in rows]

    def statement(self) -> Select[Any]:
        """With the parameters `query`, the vector as text, and `width`, how many are wanted."""
        near = table(self.name, column("id"), column("embedding"))
        numbers = _Numbers(self.kind)
        asked = cast(bindparam("query", type_=numbers), numbers)
        far = near.c.embedding.op("<#>", return_type=Float())(asked)
        width = bindparam("width", type_=Integer())
        if self.every:  # the sum keeps the graph out
            return self._shown(near, (far + literal_column("0")).label("far")).limit(width)
        some = select(near.c.id, far.label("far")).order_by(far).limit(width)
        proposed = some.cte("near").prefix_with("MATERIALIZED")
        return self._shown(proposed, proposed.c.far)

    def _shown(self, near: Any, far: Any) -> Select[Any]:
        """What the vectors of `near` belong to, as far as it passes."""
        shown = VECTORS.c
        live = exists().where(FILES.c.digest == shown.digest, condition(self.filters))
        return (
            select(shown.digest, far, shown.page, shown.start_s, shown.text)
            .join_from(near, VECTORS, shown.id == near.c.id)
            .where(live)
            .order_by(far, shown.id)
        )


@lru_cache(maxsize=64)
def _said(question: _Question, dialect: Dialect) -> Said:
    return Said(question.statement(), dialect)


def _walk(connection: Connection, effort: int) -> None:
    """Let graphs be walked through that far on this connection; it remembers."""
    if connection.info.get("effort", PROPOSED) != effort:
        connection.execute(text(f"SET hnsw.ef_search = {effort}"))
        connection.info["effort"] = effort


def _first(nears: Sequence[Near], limit: int) -> list[Near]:
    """The nearest vector of each content, at most `limit`."""
    found: dict[Digest, Near] = {}
    for near in nears:
        found.setdefault(near.digest, near)
    return list(itertools.islice(found.values(), limit))


def _few_pass(connection: Connection, filters: Filters) -> bool:
    """Whether the contents that pass are few enough to compare all of them."""
    return _count(connection, select(FILES.c.digest).where(condition(filters)).distinct()) <= EXACT


def _count(connection: Connection, query: Select[Any]) -> int:
    """Rows of a query, at most one more than `EXACT`."""
    some = query.limit(EXACT + 1).subquery()
    return int(connection.scalar(select(func.count()).select_from(some)) or 0)


def table_of(space: Space, dimensions: int) -> str:
    """The table of a space's vectors."""
    return f"near_{space.file_name(dimensions).rpartition('-')[2]}"


def index(connection: Connection, tables: Hnsw, rows: Sequence[tuple[int, VectorRow]]) -> None:
    """Put stored vectors, as (id, row), into the tables of their spaces."""
    groups: dict[str, list[tuple[int, bytes]]] = {}
    for number, row in rows:
        space = Space(row.space, row.model, row.revision)
        table = table_of(space, len(row.vector) // 2)
        groups.setdefault(table, []).append((number, row.vector))
    for table, some in groups.items():
        dimensions = len(some[0][1]) // 2
        kind = tables.type_of(connection, table) or _make(connection, table, dimensions)
        ids = np.array([number for number, _ in some], np.int64)
        matrix = np.frombuffer(b"".join(vector for _, vector in some), "<f2")
        copy_vectors(connection, table, kind, ids, matrix.reshape(-1, dimensions))


def _make(connection: Connection, table: str, dimensions: int) -> str:
    """The table with its graph; returns the type of its vectors."""
    version = connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname='vector'"))
    numbers = tuple(int(part) for part in str(version).split(".")[:2])
    element = "halfvec" if numbers >= (0, 7) else "vector"
    kind = f"{element}({dimensions})"
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": table})
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {table} (id bigint PRIMARY KEY REFERENCES vectors(id)"
            f" ON DELETE CASCADE, embedding {kind} NOT NULL);"
            f"ALTER TABLE {table} ALTER COLUMN embedding SET STORAGE PLAIN;"
            f"CREATE INDEX IF NOT EXISTS {table}_graph ON {table}"
            f" USING hnsw (embedding {element}_ip_ops)"
        )
    )
    return kind
