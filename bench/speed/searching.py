"""How long a search takes: as a command from nothing, and inside a running process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.processes import run_command
from mammothbox.arrays import Vectors
from mammothbox.library import Library
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.settings import Settings
from mammothbox.store import Store
from mammothbox.understand.steps import BY_NAME, author_of

VECTORS = 100_000
QUERIES = (
    "a dog runs through the snow",
    "two people on a beach at sunset",
    "invoice for a bicycle repair",
    "a red bus in the city",
    "children playing football on the grass",
    "a cup of coffee on a wooden table",
    "mountain lake in winter",
    "report about the harbour",
)
BATCH = 2000


def warm(settings: Settings, scratch: Path, vectors: int = VECTORS) -> dict[str, float]:
    """``search_warm_ms``: median over the queries, each new to the process, models loaded.

    The library holds `vectors` of them, half in the joint and half in the text space, of made-up
    photos that have a caption each, of words that occur as unevenly as in real ones.
    """
    place = replace(settings, library=scratch / "warm-library")
    with Library.open(place, write=True) as library:
        fill(library.store, library.models.cards(), vectors // 2)
        library.search("warming up the models")
        seconds = []
        for query in QUERIES:
            begin = time.perf_counter()
            answer = library.search(query)
            seconds.append(time.perf_counter() - begin)
            if not answer.hits:
                raise RuntimeError(f"{query!r} found nothing among {vectors} vectors")
    return {
        "search_warm_ms": round(1000 * statistics.median(seconds), 1),
        "search_warm_worst_ms": round(1000 * max(seconds), 1),
    }


def fill(store: Store, cards: Mapping[str, ModelCard], count: int) -> None:
    """Writes `count` made-up photos through the store's own door."""
    random = np.random.default_rng(5)
    words = sorted({word for query in QUERIES for word in query.split()} | set(_OTHER_WORDS))
    weights = 1 / np.arange(1, len(words) + 1)
    weights /= weights.sum()
    embed = author_of(BY_NAME["embed"], Kind.IMAGE, cards)
    chunks = author_of(BY_NAME["chunks"], Kind.IMAGE, cards)
    for start in range(0, count, BATCH):
        number = min(BATCH, count - start)
        joint, text = _unit(random, number, 512), _unit(random, number, 384)
        sentences = [" ".join(random.choice(words, 9, p=weights)) for _ in range(number)]
        refs, results = [], []
        for n in range(number):
            digest = Digest(f"{start + n:064x}")
            path = f"/collection/{(start + n) // 1000:04}/IMG_{start + n:06}.jpg"
            refs.append(FileRef(path, 1, start + n, Kind.IMAGE, "image/jpeg", digest))
            passage = Passage("caption", sentences[n])
            in_joint = Embedding("joint", joint[n])
            in_text = Embedding("text", text[n], text=sentences[n])
            results.append(
                Result(
                    digest, "embed", embed.model, embed.revision, Done({}), (passage,), (in_joint,)
                )
            )
            results.append(
                Result(digest, "chunks", chunks.model, chunks.revision, Done({}), (), (in_text,))
            )
        store.record_files(refs)
        store.commit(results)


def _unit(random: np.random.Generator, rows: int, columns: int) -> Vectors:
    vectors = random.normal(size=(rows, columns)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


_OTHER_TEXT = """
window garden garment glasses helmet jacket leaves ladder laughing bench boy girl shirt
blue
green yellow white black standing walking holding jumping near over under behind while fence
field track race boat water wave rock climb path road street car building wall door"""
_OTHER_WORDS = _OTHER_TEXT.split()


def cold(library: Path, rounds: int = 5) -> dict[str, float]:
    """``search_cold_s``: median wall seconds of ``mammothbox search``, each in a new process."""
    seconds = []
    for query in QUERIES[:rounds]:
        run = run_command(["search", query, "--library", str(library), "--json"])
        if run.code or not run.json:
            raise RuntimeError(f"the search failed with code {run.code}: {run.err}")
        seconds.append(run.seconds)
    return {"search_cold_s": round(statistics.median(seconds), 3)}
