"""The store's engines under load: nearest vectors, words, both fused, inserts, memory.

    python -m bench.store --size 100000 --documents 100000

Vectors are real ones of the joint space (of made-up sentences) with noise, never uniform ones. Each
figure stands beside the bare engine's in the same run: pgvector asked by hand, numpy's product. The
PostgreSQL is a fresh one of this machine.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from sqlalchemy import insert, text

from bench.servers import PostgresServer, create_database
from mammothbox.models import open_models
from mammothbox.models.stub import StubModels
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.search import search
from mammothbox.settings import load_settings
from mammothbox.store import Space, Store, open_store
from mammothbox.store.postgres.connecting import PROPOSED
from mammothbox.store.postgres.nearest import table_of
from mammothbox.store.schema import FILES

SPACE = Space("joint", "bench", "1")
NOUNS = (
    *("dog", "cat", "boat", "beach", "mountain", "child", "car", "bridge", "flower", "bird"),
    *("train", "house", "market", "river"),
)
SCENES = ("at night", "in the rain", "by the sea", "on a table", "in a park", "under snow")
LOOKS = ["a photo of a small", "a blurred picture of a red", "a painting of an old", "two of the"]
NOISE = 0.6
"""Length of the noise on a real vector of length one."""
CHUNK = 5_000


def real_vectors() -> np.ndarray:
    """Vectors of sentences in the joint space: N x 512."""
    sentences = [f"{a} {b} {c}" for a, b, c in itertools.product(LOOKS, NOUNS, SCENES)]
    with open_models(load_settings()) as models, models.embedder() as embedder:
        return np.asarray(embedder.embed_texts(sentences), np.float32)


def noisy(base: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` vectors near those of `base`, float16, L2-normalised."""
    random = np.random.default_rng(seed)
    rows = np.empty((count, base.shape[1]), np.float16)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        noise = random.standard_normal((size, base.shape[1]), dtype=np.float32)
        some = base[random.integers(0, len(base), size)] + NOISE * noise / base.shape[1] ** 0.5
        rows[start : start + size] = some / np.linalg.norm(some, axis=1, keepdims=True)
    return rows


def digest_of(number: int) -> Digest:
    """A digest for a made-up content."""
    return Digest(f"{number:064x}")


def fill(store: Store, rows: np.ndarray) -> float:
    """Put files and vectors into the store as fast as it takes them; returns seconds."""
    begin = time.perf_counter()
    for start in range(0, len(rows), CHUNK):
        numbers = range(start, min(start + CHUNK, len(rows)))
        with store.writing("bench") as connection:
            connection.execute(insert(FILES), [_file(number) for number in numbers])
            store.backend.vectors.add(connection, [_vector(n, rows[n]) for n in numbers])
    return time.perf_counter() - begin


def _file(number: int) -> dict[str, Any]:
    return {
        "path": f"/bench/{number}".encode(),
        **{"size": 1, "mtime_ns": number, "kind": "image", "mime": "image/jpeg"},
        **{"digest": digest_of(number), "words": "bench"},
    }


def _vector(number: int, row: np.ndarray) -> dict[str, Any]:
    return {
        **{"digest": digest_of(number), "step": "embed", "space": SPACE.name},
        **{"model": SPACE.model, "revision": SPACE.revision, "part": 0, "page": None},
        **{"start_s": None, "text": "", "vector": row.astype("<f2").tobytes()},
    }


def timed(call: Callable[[Any], object], items: Sequence[Any]) -> dict[str, float]:
    """p50 and p95 of calls, milliseconds; the first five warm up."""
    for item in items[:5]:
        call(item)
    took = []
    for item in items:
        begin = time.perf_counter()
        call(item)
        took.append((time.perf_counter() - begin) * 1000)
    return {"p50_ms": float(np.percentile(took, 50)), "p95_ms": float(np.percentile(took, 95))}


def recall(store: Store, rows: np.ndarray, queries: np.ndarray) -> float:
    """Share of the true ten nearest that are found."""
    right = 0
    for query in queries:
        true = np.argsort(-(rows.astype(np.float32) @ query), kind="stable")[:10]
        near = store.nearest(SPACE.name, SPACE.model, SPACE.revision, query, limit=10)
        right += len({digest_of(int(place)) for place in true} & {one.digest for one in near})
    return right / (10 * len(queries))


def ask(store: Store) -> Callable[[np.ndarray], object]:
    """A question to the store."""
    return lambda q: store.nearest(SPACE.name, SPACE.model, SPACE.revision, q, limit=10)


@contextmanager
def bare_pgvector(url: str, dimensions: int) -> Iterator[Callable[[np.ndarray], object]]:
    """The same question by hand, with the same effort."""
    table = table_of(SPACE, dimensions)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET hnsw.ef_search = {PROPOSED}")
        query = f"SELECT id FROM {table} ORDER BY embedding <#> %s::vector LIMIT 10"
        yield lambda q: connection.execute(query, (str(q.tolist()),)).fetchall()


def commits(store: Store, rows: np.ndarray, first: int) -> float:
    """Results a second through `commit`, with a passage and a vector each."""
    count = min(1_000, len(rows))
    numbers = range(first, first + count)
    store.record_files([_ref(number) for number in numbers])
    begin = time.perf_counter()
    for start in range(0, count, 50):
        store.commit([_result(first + n, rows[n]) for n in range(start, min(start + 50, count))])
    return count / (time.perf_counter() - begin)


def _ref(number: int) -> FileRef:
    return FileRef(f"/new/{number}", 1, number, Kind.IMAGE, "image/jpeg", digest_of(number))


def _result(number: int, row: np.ndarray) -> Result:
    words = (Passage("caption", f"a new photo number {number} of a dog"),)
    parts = (Embedding(SPACE.name, row.astype(np.float32)),)
    made = (digest_of(number), "embed", SPACE.model, SPACE.revision, Done({}))
    return Result(*made, words, parts)


def documents(store: Store, count: int, base: np.ndarray) -> list[str]:
    """Made-up documents with words as frequent as in a language; returns queries."""
    random = np.random.default_rng(9)
    words = np.array([f"word{number}" for number in range(30_000)])
    often = 1 / np.arange(1, len(words) + 1)
    often /= often.sum()
    vectors = noisy(base[:, :384], count, 4)
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        store.record_files([_ref(10**7 + number) for number in numbers])
        texts = [" ".join(random.choice(words, 60, p=often)) for _ in numbers]
        store.commit(
            [
                Result(
                    *(digest_of(10**7 + n), "chunks", "stub-text-embedder", "1", Done({})),
                    (Passage("text", words_),),
                    (Embedding("text", vectors[n].astype(np.float32), text=words_[:100]),),
                )
                for n, words_ in zip(numbers, texts, strict=True)
            ]
        )
    ranks = random.integers(20, 5_000, (100, 3))
    return [" ".join(words[row]) for row in ranks]


def sqlite(folder: Path, rows: np.ndarray, queries: np.ndarray) -> tuple[Store, dict[str, Any]]:
    """Exact search in flat files, beside numpy."""
    store = open_store(folder / "local", write=True)
    seconds = fill(store, rows)
    ask(store)(queries[0])
    matrix = rows.astype(np.float32)
    bare = timed(lambda q: np.argpartition(-(matrix @ q), 10)[:10], list(queries))
    ours = timed(ask(store), list(queries))
    return store, {
        "filled_per_s": len(rows) / seconds,
        "recall_at_10": recall(store, rows, queries[:30]),
        **ours,
        "bare_p95_ms": bare["p95_ms"],
        "overhead": ours["p95_ms"] / bare["p95_ms"],
        "commits_per_s": commits(store, rows, 10**8),
    }


def postgres(
    server: PostgresServer, folder: Path, rows: np.ndarray, queries: np.ndarray
) -> tuple[Store, dict[str, Any]]:
    """pgvector's graph with exact scores, beside the same question by hand."""
    url = create_database(server.url("postgres"), "bench")
    store = open_store(folder / "remote", write=True, url=url)
    table = table_of(SPACE, rows.shape[1])
    first = fill(store, rows[:1])
    with store.writing("bench") as connection:
        connection.execute(text(f"DROP INDEX {table}_graph; TRUNCATE vectors, files CASCADE"))
    seconds = first + fill(store, rows)
    begin = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '2GB'")
        connection.execute(
            f"CREATE INDEX {table}_graph ON {table} USING hnsw (embedding vector_ip_ops)"
        )
        built = time.perf_counter() - begin
        connection.execute("ANALYZE")
        query = "SELECT pg_relation_size(%s::regclass), pg_relation_size(%s::regclass)"
        sizes = connection.execute(query, (table, f"{table}_graph")).fetchone()
    ours = timed(ask(store), list(queries))
    with bare_pgvector(url, rows.shape[1]) as by_hand:
        bare = timed(by_hand, list(queries))
    return store, {
        "filled_per_s": len(rows) / seconds,
        "graph_built_s": built,
        "table_bytes": sizes[0] if sizes else 0,
        "graph_bytes": sizes[1] if sizes else 0,
        "recall_at_10": recall(store, rows, queries[:30]),
        **ours,
        "bare_p95_ms": bare["p95_ms"],
        "overhead": ours["p95_ms"] / bare["p95_ms"],
        "commits_per_s": commits(store, rows, 10**8),
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description="Measure the store's engines.")
    parser.add_argument("--size", type=int, default=100_000, help="vectors of 512 numbers")
    parser.add_argument("--documents", type=int, default=100_000, help="for words and vectors")
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    base = real_vectors()
    rows = noisy(base, options.size, 1)
    queries = noisy(base, options.queries, 2).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    found: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"),
        "size": options.size,
        "documents": options.documents,
    }
    chosen = ("shared_buffers=1GB", "maintenance_work_mem=2GB", "max_wal_size=4GB")
    with tempfile.TemporaryDirectory() as scratch, PostgresServer(*chosen) as server:
        for name in ("sqlite", "postgres"):
            folder = Path(scratch)
            measured = (
                sqlite(folder, rows, queries)
                if name == "sqlite"
                else postgres(server, folder, rows, queries)
            )
            with measured[0] as store:
                asked = documents(store, options.documents, base)
                models: Any = StubModels()
                measured[1]["fused"] = timed(lambda q, s=store, m=models: search(s, m, q), asked)
            found[name] = measured[1]
            found[name]["memory_bytes"] = psutil.Process().memory_info().rss
            print(json.dumps({name: measured[1]}), flush=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
