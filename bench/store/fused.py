"""A whole search written by hand for one engine: the same hits, without the program.

Words of passages, words of names and near vectors are asked for in SQL (vectors of SQLite's side by
numpy), what is found is looked up, fused by rank, and the best contents get their paths. Only what
this bench needs is there: one path a content, one vector space, no filters, no reasons cut short.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench.store.made import TEXT
from mammothbox.models.stub import StubModels
from mammothbox.search.finding import LEAST_MEANING, WEIGHTS
from mammothbox.store.postgres.connecting import PROPOSED
from mammothbox.store.postgres.lexing import units
from mammothbox.store.postgres.nearest import table_of
from mammothbox.store.sqlite.database import DATABASE_NAME
from mammothbox.store.sqlite.words import expression

Ask = Callable[[str], list[str]]
"""A query → paths of its hits, best first."""

HITS, DEPTH, LOOKED_UP = 20, 200, 250
"""Hits of a search, contents of a ranking, rows looked up for one."""
EFFORT = max(PROPOSED, LOOKED_UP)
"""Of pgvector's graph for `DEPTH` contents: what the store takes."""

_ALIVE = "EXISTS (SELECT 1 FROM files AS f WHERE f.digest = {}.digest AND f.vanished_at IS NULL)"
_PASSAGE = "p.digest, p.field, p.text, p.page, p.start_s"
_NAMED = "f.digest, 'name', f.words, NULL, NULL"
_NEAR = "v.digest, v.page, v.start_s, v.text"

_FTS5 = """
SELECT {columns} FROM
  (SELECT rowid, bm25({index}) AS rank FROM {index} WHERE {index} MATCH :asked
   ORDER BY rank LIMIT :most) AS best
JOIN {table} ON {short}.id = best.rowid WHERE {alive} ORDER BY best.rank LIMIT :limit"""

_TSEARCH = """
SELECT {columns} FROM
  (SELECT id, ts_rank_cd(words, asked) AS rank
   FROM {index}, to_tsquery('mammothbox_words', %(asked)s) AS asked
   WHERE words @@ asked ORDER BY rank DESC LIMIT %(most)s) AS best
JOIN {table} ON {short}.id = best.id WHERE {alive} ORDER BY best.rank DESC LIMIT %(limit)s"""


def _words(form: str, passages: str, names: str) -> tuple[str, str]:
    """The question for passages, and that for names."""
    mine = {"table": "passages AS p", "short": "p", "alive": _ALIVE.format("p")}
    theirs = {"table": "files AS f", "short": "f", "alive": "f.vanished_at IS NULL"}
    return (
        form.format(columns=_PASSAGE, index=passages, **mine),
        form.format(columns=_NAMED, index=names, **theirs),
    )


def _fuse(rankings: Sequence[tuple[float, Sequence[Any]]]) -> list[str]:
    """The best digests of rankings of (weight, digests)."""
    scores: dict[str, float] = {}
    for weight, digests in rankings:
        for rank, digest in enumerate(dict.fromkeys(digests), start=1):
            scores[digest] = scores.get(digest, 0.0) + weight / (60 + rank)
    return sorted(scores, key=lambda digest: (-scores[digest], digest))[:HITS]


@contextmanager
def by_hand_sqlite(folder: Path) -> Iterator[Ask]:
    """FTS5 and numpy's product of all vectors, which are in memory before the first question."""
    passages, names = _words(_FTS5, "passages_fts", "names_fts")
    marks = ", ".join("?" * LOOKED_UP)
    near = f"SELECT v.id, {_NEAR} FROM vectors AS v WHERE v.id IN ({marks})"
    near += f" AND {_ALIVE.format('v')}"
    path = folder / DATABASE_NAME
    with closing(sqlite3.connect(path)) as connection, StubModels().text_embedder() as embedder:
        rows = connection.execute("SELECT id, vector FROM vectors ORDER BY id").fetchall()
        ids = np.array([row[0] for row in rows])
        matrix = np.stack([np.frombuffer(row[1], "<f2").astype(np.float32) for row in rows])

        def ask(query: str) -> list[str]:
            given = {"asked": expression(query), "most": LOOKED_UP, "limit": DEPTH}
            words, named = (connection.execute(q, given).fetchall() for q in (passages, names))
            scores = matrix @ np.asarray(embedder.embed_texts([query])[0], np.float32)
            best = np.argpartition(-scores, LOOKED_UP)[:LOOKED_UP]
            best = best[np.argsort(-scores[best], kind="stable")]
            found = {row[0]: row for row in connection.execute(near, ids[best].tolist())}
            meant = [found[i][1] for i in ids[best[scores[best] >= LEAST_MEANING]] if i in found]
            digests = _ranked(words, named, meant)
            asked = f"SELECT digest, path FROM files WHERE digest IN ({_marks('?', digests)})"
            return _paths(connection.execute(asked, digests).fetchall(), digests)

        yield ask


@contextmanager
def by_hand_postgres(url: str, dimensions: int) -> Iterator[Ask]:
    """PostgreSQL's own ranking of words, and pgvector's graph."""
    passages, names = _words(_TSEARCH, "passage_words", "name_words")
    near = (
        f"SELECT {_NEAR}, -best.far FROM (SELECT id, embedding <#> %s::vector AS far"
        f" FROM {table_of(TEXT, dimensions)} ORDER BY far LIMIT {LOOKED_UP}) AS best"
        f" JOIN vectors AS v ON v.id = best.id WHERE {_ALIVE.format('v')} ORDER BY best.far"
    )
    with (
        psycopg.connect(url, autocommit=True) as connection,
        StubModels().text_embedder() as embedder,
    ):
        connection.execute(f"SET hnsw.ef_search = {EFFORT}")

        def ask(query: str) -> list[str]:
            given = {"asked": " | ".join(units(query)[1]), "most": LOOKED_UP, "limit": DEPTH}
            words, named = (connection.execute(q, given).fetchall() for q in (passages, names))
            vector = np.asarray(embedder.embed_texts([query])[0], np.float32)
            found = connection.execute(near, (str(vector.tolist()),)).fetchall()
            digests = _ranked(words, named, [row[0] for row in found if row[-1] >= LEAST_MEANING])
            asked = f"SELECT digest, path FROM files WHERE digest IN ({_marks('%s', digests)})"
            return _paths(connection.execute(asked, digests).fetchall(), digests)

        yield ask


def _ranked(words: Sequence[Any], named: Sequence[Any], meant: Sequence[str]) -> list[str]:
    rankings = [
        (WEIGHTS["words"], [row[0] for row in words]),
        (WEIGHTS["names"], [row[0] for row in named]),
        (WEIGHTS["meaning"], meant[:DEPTH]),
    ]
    return _fuse(rankings)


def _marks(mark: str, values: Sequence[str]) -> str:
    return ", ".join([mark] * len(values))


def _paths(rows: Sequence[Any], digests: Sequence[str]) -> list[str]:
    paths = {digest: bytes(path).decode() for digest, path in rows}
    return [paths[digest] for digest in digests]
