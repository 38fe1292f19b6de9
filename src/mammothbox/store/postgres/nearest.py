"""Nearest vectors by pgvector: an HNSW graph proposes, exact scores decide.

Each (space, model, revision, length) has a table of its own with a graph, filled beside the shared
table of vectors, whose rows take theirs along when they go. Up to `EXACT` vectors, or contents that
pass a narrow filter, all are compared; above, the graph proposes candidates. Either way the scores
are those of the stored float16 rows, as SQLite's flat files give them.

`halfvec` is used where pgvector has it (0.7 and newer), else `vector`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, exists, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from mammothbox.records import Digest, Vector
from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import Near, Space
from mammothbox.store.postgres.copying import copy_vectors
from mammothbox.store.schema import FILES, VECTORS

EXACT = 5_000
"""Vectors, or contents that pass a filter, that are compared one by one."""
PROPOSED = 128
"""Candidates the graph walks through at least; more find more of the true nearest ones."""
LEAST = 32
"""Of these, how many are compared exactly at least."""
MOST_PROPOSED = 1_000
"""What pgvector's graph search can give at most; where more are needed all are compared."""


_SHOWN = (
    VECTORS.c.id,
    VECTORS.c.vector,
    VECTORS.c.digest,
    VECTORS.c.page,
    VECTORS.c.start_s,
    VECTORS.c.text,
)


class Hnsw:
    """A `VectorIndex`, see there."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}
        self._large: set[str] = set()
        self._guard = threading.Lock()

    def add(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """See `VectorIndex`."""
        statement = insert(VECTORS).returning(VECTORS.c.id, sort_by_parameter_order=True)
        numbers = connection.scalars(statement, rows).all()
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
        table = table_of(space, len(query))
        kind = self.type_of(connection, table)
        if not kind:
            return []
        self.learn(table, kind)
        asked = _Asked(connection, table, kind, np.asarray(query, np.float32))
        among = _among(connection, filters) if filters.narrow else None
        if among is not None:
            return _first(asked.look(asked.of(among), filters), limit)
        every = table not in self._large and asked.few()
        if not every:
            self._large.add(table)
        width = max(LEAST, 2 * limit)
        while True:
            ids = asked.compared(width) if every else asked.proposed(width)
            found = _first(asked.look(ids, filters), limit)
            if len(found) >= limit or (every and len(ids) < width):
                return found
            every, width = every or 4 * width > MOST_PROPOSED, 4 * width


class _Asked:
    """One question to one table."""

    def __init__(self, connection: Connection, table: str, kind: str, query: Vector) -> None:
        self._connection, self._table, self._query = connection, table, query
        self._value = {"query": f"[{','.join(map(repr, query.tolist()))}]"}
        self._far = f"embedding <#> CAST(:query AS {kind})"

    def few(self) -> bool:
        """Whether all vectors may be compared."""
        some = f"SELECT 1 FROM {self._table} LIMIT {EXACT + 1}"
        return int(self._connection.scalar(text(f"SELECT count(*) FROM ({some}) AS s"))) <= EXACT

    def proposed(self, width: int) -> list[int]:
        """What the graph thinks is nearest."""
        effort = min(MOST_PROPOSED, max(2 * width, PROPOSED))
        self._connection.execute(text(f"SET LOCAL hnsw.ef_search = {effort}"))
        return self._ordered(self._far, width)

    def compared(self, width: int) -> list[int]:
        """The nearest of all; the sum keeps the graph out."""
        return self._ordered(f"({self._far}) + 0", width)

    def _ordered(self, order: str, width: int) -> list[int]:
        query = text(f"SELECT id FROM {self._table} ORDER BY {order} LIMIT {width}")
        return list(self._connection.scalars(query, self._value))

    def of(self, digests: Sequence[Digest]) -> list[int]:
        """The vectors of some contents."""
        query = text(
            f"SELECT v.id FROM vectors AS v JOIN {self._table} USING (id)"
            " WHERE v.digest = ANY(:digests)"
        )
        return list(self._connection.scalars(query, {"digests": list(digests)}))

    def look(self, ids: Sequence[int], filters: Filters) -> list[Near]:
        """What these vectors belong to, nearest first by exact scores, less those filtered."""
        if not ids:
            return []
        live = exists().where(FILES.c.digest == VECTORS.c.digest, condition(filters))
        wanted = VECTORS.c.id == func.any(literal(list(ids), ARRAY(BigInteger)))
        rows = self._connection.execute(select(*_SHOWN).where(wanted, live)).all()
        if not rows:
            return []
        matrix = np.frombuffer(b"".join(row[1] for row in rows), "<f2")
        scores = matrix.reshape(len(rows), -1).astype(np.float32) @ self._query
        order = np.lexsort(([row[0] for row in rows], -scores))
        return [Near(Digest(rows[at][2]), float(scores[at]), *rows[at][3:]) for at in order]


def _first(nears: Sequence[Near], limit: int) -> list[Near]:
    """The nearest vector of each content, at most `limit`."""
    found: dict[Digest, Near] = {}
    for near in nears:
        found.setdefault(near.digest, near)
    return list(itertools.islice(found.values(), limit))


def _among(connection: Connection, filters: Filters) -> list[Digest] | None:
    """The contents that pass, when they are few."""
    live = select(FILES.c.digest).where(condition(filters)).distinct().limit(EXACT + 1)
    digests = list(connection.scalars(live))
    return digests if len(digests) <= EXACT else None


def table_of(space: Space, dimensions: int) -> str:
    """The table of a space's vectors."""
    return f"near_{space.file_name(dimensions).rpartition('-')[2]}"


def index(connection: Connection, tables: Hnsw, rows: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Put stored vectors, as (id, row), into the tables of their spaces."""
    groups: dict[str, list[tuple[int, bytes]]] = {}
    for number, row in rows:
        space = Space(row["space"], row["model"], row["revision"])
        table = table_of(space, len(row["vector"]) // 2)
        groups.setdefault(table, []).append((number, row["vector"]))
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
