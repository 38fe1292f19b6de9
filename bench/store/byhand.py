"""The bare engines: the same questions and inserts without the program."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench.store.made import SPACE, digest_of
from mammothbox.store.postgres.connecting import PROPOSED
from mammothbox.store.postgres.nearest import LEAST, table_of
from mammothbox.store.sqlite.database import DATABASE_NAME

BATCH = 50
"""Results of one transaction, by hand and by the store."""
_RESULT = "(digest, step, model, revision, outcome, value, seconds, at)"
_PASSAGE = "(id, digest, step, field, text)"
_VECTOR = "(id, digest, step, space, model, revision, part, text, vector)"


@contextmanager
def pgvector(url: str, dimensions: int) -> Iterator[Callable[[np.ndarray], object]]:
    """The nearest ten by pgvector and what they belong to, with the same effort as the store's."""
    query = (
        "SELECT v.digest, v.page, v.start_s, v.text, -best.far FROM"
        f" (SELECT id, embedding <#> %s::vector AS far FROM {table_of(SPACE, dimensions)}"
        f"  ORDER BY far LIMIT {LEAST}) AS best JOIN vectors AS v ON v.id = best.id"
        " WHERE EXISTS (SELECT 1 FROM files AS f"
        "               WHERE f.digest = v.digest AND f.vanished_at IS NULL)"
        " ORDER BY best.far LIMIT 10"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET hnsw.ef_search = {PROPOSED}")
        yield lambda q: connection.execute(query, (str(q.tolist()),)).fetchall()


def _rows(first: int, rows: np.ndarray) -> list[list[tuple[Any, ...]]]:
    """Batches of (number, digest, text, vector)."""
    made = [
        (first + at, digest_of(first + at), f"a new photo number {at} of a dog", row)
        for at, row in enumerate(rows)
    ]
    return [made[start : start + BATCH] for start in range(0, len(made), BATCH)]


def inserts_sqlite(folder: Path, first: int, rows: np.ndarray) -> float:
    """Results a second, each with a passage and a vector, through `sqlite3`."""
    with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        batches = _rows(first, rows)
        begin = time.perf_counter()
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            _all(connection.executemany, batch, "?")
            connection.executemany(
                "INSERT INTO passages_fts(rowid, words) VALUES (?, ?)",
                [(number, words) for number, _, words, _ in batch],
            )
            connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - begin)


def inserts_postgres(url: str, first: int, rows: np.ndarray) -> float:
    """The same through psycopg, with the word index and the graph."""
    table = table_of(SPACE, rows.shape[1])
    words_of = "INSERT INTO passage_words (id, length, words)"
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        batches = _rows(first, rows)
        begin = time.perf_counter()
        for batch in batches:
            _all(cursor.executemany, batch, "%s")
            cursor.executemany(
                f"{words_of} VALUES (%s, 8, to_tsvector('mammothbox_words', %s))",
                [(number, words) for number, _, words, _ in batch],
            )
            cursor.executemany(
                f"INSERT INTO {table} VALUES (%s, %s::vector)",
                [(number, str(row.tolist())) for number, _, _, row in batch],
            )
            connection.commit()
        return len(rows) / (time.perf_counter() - begin)


def _all(many: Callable[[str, Any], object], batch: list[tuple[Any, ...]], mark: str) -> None:
    """The tables that both engines share."""
    made = (SPACE.model, SPACE.revision)

    def values(count: int) -> str:
        return f"VALUES ({', '.join([mark] * count)})"

    many(
        f"INSERT INTO results {_RESULT} {values(8)}",
        [(digest, "embed", *made, "done", "{}", 0.0, time.time()) for _, digest, _, _ in batch],
    )
    many(
        f"INSERT INTO passages {_PASSAGE} {values(5)}",
        [(number, digest, "embed", "caption", words) for number, digest, words, _ in batch],
    )
    many(
        f"INSERT INTO vectors {_VECTOR} {values(9)}",
        [
            (number, digest, "embed", SPACE.name, *made, 0, "", row.astype("<f2").tobytes())
            for number, digest, _, row in batch
        ],
    )
