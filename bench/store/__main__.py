"""`python -m bench.store`: fills both engines, asks, and prints one JSON object."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from sqlalchemy import text

from bench.servers import PostgresServer, create_database
from bench.store.byhand import (
    BATCH,
    inserts_postgres,
    inserts_sqlite,
    pgvector,
)
from bench.store.fused import HITS, by_hand_postgres, by_hand_sqlite
from bench.store.made import (
    CHUNK,
    SPACE,
    TEXT,
    digest_of,
    documents,
    file_row,
    noisy,
    questions,
    real_vectors,
    ref,
    result,
    vector_row,
)
from mammothbox.models.stub import StubModels
from mammothbox.search import search
from mammothbox.store import Store, open_store
from mammothbox.store.postgres.nearest import table_of
from mammothbox.store.schema import FILES

INSERTED = 5_000
"""Results that are stored in each round, for the rate; so many that it hardly counts that whoever
begins a round has to read again the pages that the other one wrote."""
ROUNDS = 5
TURN = 10
"""Questions after which it is the other's turn."""
CHOSEN = ("shared_buffers=4GB", "max_wal_size=8GB", "max_parallel_maintenance_workers=2")
"""Of the server; `--size` 1,000,000 needs some 6 GB of memory for it."""


def fill(store: Store, rows: np.ndarray) -> float:
    """Put files and vectors into the store as fast as it takes them; returns seconds."""
    begin = time.perf_counter()
    for start in range(0, len(rows), CHUNK):
        numbers = range(start, min(start + CHUNK, len(rows)))
        with store.writing("bench") as connection:
            store.backend.insert(connection, FILES, [file_row(number) for number in numbers])
            store.backend.vectors.add(connection, [vector_row(n, rows[n]) for n in numbers])
    return time.perf_counter() - begin


def _times(call: Callable[[Any], object], items: Sequence[Any]) -> list[float]:
    """Milliseconds of each call."""
    took = []
    for item in items:
        begin = time.perf_counter()
        call(item)
        took.append((time.perf_counter() - begin) * 1000)
    return took


def _percentiles(took: Sequence[float]) -> dict[str, float]:
    """p50 and p95."""
    return {"p50_ms": float(np.percentile(took, 50)), "p95_ms": float(np.percentile(took, 95))}


def in_turn(
    ours: Callable[[Any], object], bare: Callable[[Any], object], items: Sequence[Any]
) -> dict[str, float]:
    """Both asked all `items`, ten in turn, `ROUNDS` times, so that a busy second falls on both."""
    took: tuple[list[float], list[float]] = ([], [])
    for call in (ours, bare):  # what pages cost the first time is nobody's
        _times(call, items)
    for _ in range(ROUNDS):
        for start in range(0, len(items), TURN):
            for call, times in zip((ours, bare), took, strict=True):
                times += _times(call, items[start : start + TURN])
    return beside(_percentiles(took[0]), _percentiles(took[1]))


def ask(store: Store) -> Callable[[np.ndarray], Sequence[Any]]:
    """A question to the store."""
    return lambda q: store.nearest(SPACE.name, SPACE.model, SPACE.revision, q, limit=10)


def recall(store: Store, matrix: np.ndarray, queries: np.ndarray) -> float:
    """Share of the true ten nearest that are found."""
    right = 0
    for query in queries:
        scores = matrix @ query
        true = np.argpartition(-scores, 10)[:10]
        found = {near.digest for near in ask(store)(query)}
        right += len({digest_of(int(place)) for place in true} & found)
    return right / (10 * len(queries))


def commits(store: Store, rows: np.ndarray, first: int) -> float:
    """Results a second through `commit`, with a passage and a vector each."""
    made = [result(first + at, row) for at, row in enumerate(rows)]
    store.record_files([ref(one.digest) for one in made])
    begin = time.perf_counter()
    for start in range(0, len(made), BATCH):
        store.commit(made[start : start + BATCH])
    return len(rows) / (time.perf_counter() - begin)


def beside(ours: dict[str, float], bare: dict[str, float]) -> dict[str, float]:
    """Our times, the bare engine's, and their ratio."""
    return {
        **ours,
        "bare_p50_ms": bare["p50_ms"],
        "bare_p95_ms": bare["p95_ms"],
        "overhead_p50": ours["p50_ms"] / bare["p50_ms"],
        "overhead_p95": ours["p95_ms"] / bare["p95_ms"],
    }


def rates(
    store: Store, by_hand: Callable[[int, np.ndarray], float], rows: np.ndarray
) -> dict[str, float]:
    """Results a second, ours and by hand: the medians of `ROUNDS` in turn."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS):
        took[0].append(commits(store, rows, 10**8 + turn * 10**6))
        took[1].append(by_hand(2 * 10**9 + turn * 10**6, rows))
    ours, bare = (float(np.median(some)) for some in took)
    return {"commits_per_s": ours, "bare_commits_per_s": bare, "commits_overhead": bare / ours}


def sqlite(store: Store, rows: np.ndarray, queries: np.ndarray) -> dict[str, Any]:
    """Exact search in flat files, beside numpy."""
    seconds = fill(store, rows)
    begin = time.perf_counter()
    ask(store)(queries[0])
    first = time.perf_counter() - begin
    matrix = rows.astype(np.float32)
    turns = in_turn(ask(store), lambda q: np.argpartition(-(matrix @ q), 10)[:10], list(queries))
    found = {
        "filled_per_s": len(rows) / seconds,
        "first_question_s": first,
        "recall_at_10": recall(store, matrix, queries[:30]),
        **turns,
    }
    by_hand = partial(inserts_sqlite, store.directory)
    return {**found, **rates(store, by_hand, rows[:INSERTED])}


def postgres(store: Store, url: str, rows: np.ndarray, queries: np.ndarray) -> dict[str, Any]:
    """pgvector's graph with exact scores, beside the same question by hand."""
    table = table_of(SPACE, rows.shape[1])
    fill(store, rows[:1])
    with store.writing("bench") as connection:
        connection.execute(text(f"DROP INDEX {table}_graph; TRUNCATE vectors, files CASCADE"))
    seconds = fill(store, rows)
    built = build(url, table)
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT pg_relation_size(%s::regclass), pg_relation_size(%s::regclass)"
        sizes = connection.execute(query, (table, f"{table}_graph")).fetchone()
    with pgvector(url, rows.shape[1]) as by_hand:
        turns = in_turn(ask(store), by_hand, list(queries))
    found = {
        "filled_per_s": len(rows) / seconds,
        "graph_built_s": built,
        "graph_built_per_s": len(rows) / built,
        "table_bytes": sizes[0] if sizes else 0,
        "graph_bytes": sizes[1] if sizes else 0,
        "recall_at_10": recall(store, rows.astype(np.float32), queries),
        **turns,
    }
    return {**found, **rates(store, partial(inserts_postgres, url), rows[:INSERTED])}


def build(url: str, table: str) -> float:
    """Build the graph of a full table; returns seconds."""
    begin = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '3500MB'")
        connection.execute(
            f"CREATE INDEX {table}_graph ON {table} USING hnsw (embedding vector_ip_ops)"
        )
        built = time.perf_counter() - begin
        connection.execute("ANALYZE")
    return built


def fused(store: Store, url: str, count: int, base: np.ndarray) -> dict[str, float]:
    """Words and vectors together over so many documents, beside the engines' own search."""
    begin = time.perf_counter()
    table = f"{table_of(TEXT, 384)}_graph"
    for number, batch in enumerate(documents(count, base)):
        store.record_files([ref(one.digest) for one in batch])
        store.commit(batch)
        if url and number == 0:  # a graph is built faster than it grows
            with store.writing("bench") as connection:
                connection.execute(text(f"DROP INDEX {table}"))
    loaded = time.perf_counter() - begin
    built = build(url, table.removesuffix("_graph")) if url else 0.0
    models: Any = StubModels()
    asked = questions(100)
    with by_hand_postgres(url, 384) if url else by_hand_sqlite(store.directory) as by_hand:

        def ours(query: str) -> list[str]:
            return [hit.path for hit in search(store, models, query).hits]

        alike = [len({*ours(query)} & {*by_hand(query)}) / HITS for query in asked]
        found = in_turn(ours, by_hand, asked)
    found["same_hits"] = float(np.mean(alike))
    return {**found, "documents": count, "loaded_s": loaded, "graph_built_s": built}


@contextmanager
def opened(name: str, server: PostgresServer | None) -> Iterator[tuple[Store, str]]:
    """An empty library and the address of its database, if it has one."""
    url = create_database(server.url("postgres"), name) if server else ""
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_store(Path(scratch) / "library", write=True, url=url) as store,
    ):
        yield store, url


def measure(name: str, options: argparse.Namespace, base: np.ndarray) -> dict[str, Any]:
    """Everything about one engine; vectors and documents have a library each."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(*CHOSEN)) if name == "postgres" else None
        if options.size:
            rows = noisy(base, options.size, 1)
            queries = noisy(base, options.queries, 2).astype(np.float32)
            queries /= np.linalg.norm(queries, axis=1, keepdims=True)
            with opened("vectors", server) as (store, url):
                found |= (
                    postgres(store, url, rows, queries) if url else sqlite(store, rows, queries)
                )
            found["memory_bytes"] = psutil.Process().memory_info().rss
            print(json.dumps({name: found}), flush=True)
        if options.documents:
            with opened("documents", server) as (store, url):
                found["fused"] = fused(store, url, options.documents, base)
    return found


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description="Measure the store's engines.")
    parser.add_argument("--size", type=int, default=100_000, help="vectors of 512 numbers")
    parser.add_argument("--documents", type=int, default=100_000, help="for words and vectors")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--engines", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    base = real_vectors()
    found: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"),
        "size": options.size,
    }
    for name in options.engines:
        found[name] = measure(name, options, base)
        print(json.dumps({name: found[name]}), flush=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
