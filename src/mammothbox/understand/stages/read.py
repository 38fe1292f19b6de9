"""Stage `read`: all words as vectors of the text space, and the outline by code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from time import perf_counter

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.models.contracts import TextEmbedder
from mammothbox.records import Digest, Failed, Kind, Passage, Result
from mammothbox.understand.calls import each
from mammothbox.understand.condense import condense
from mammothbox.understand.stages import Tools, result, timed
from mammothbox.understand.steps import MEDIA, chunks, outline
from mammothbox.understand.work import Task

Anchors = Mapping[Kind, tuple[Sequence[str], Vectors]]
OUTLINE_CHARS = 600
"""Of a file's words; about what the text embedder reads at once."""


def run(tools: Tools, tasks: Sequence[Task]) -> Iterator[list[Result]]:
    """Batches of results, newest files first."""
    with tools.models.text_embedder() as embedder:
        anchors = _anchors(embedder)
        for start in range(0, len(tasks), tools.settings.batch_files):
            begin = perf_counter()
            batch = tasks[start : start + tools.settings.batch_files]
            yield timed(_read(tools, embedder, anchors, batch), perf_counter() - begin)


def _anchors(embedder: TextEmbedder) -> Anchors:
    found = {}
    for kind in MEDIA:
        names, texts = outline.anchor_texts(kind)
        found[kind] = (names, embedder.embed_texts(texts))
    return found


def _read(
    tools: Tools, embedder: TextEmbedder, anchors: Anchors, batch: Sequence[Task]
) -> list[Result]:
    digests = [task.ref.digest for task in batch]
    upstream = tools.store.results(digests)
    passages = tools.store.passages(digests)
    found: list[Result] = []
    pieces: list[tuple[list[Passage], int]] = []
    texts: list[str] = []
    for task in batch:
        mine = passages.get(task.ref.digest, [])
        every = chunks.chunks_of(upstream.get(task.ref.digest, {}), mine)
        kept = chunks.thin(every) if "chunks" in task.due else []
        pieces.append((kept, len(every) - len(kept)))
        texts += [piece.text for piece in kept]
        words = outline.words_of(task.ref.kind, upstream.get(task.ref.digest, {}), mine)
        texts.append(condense(words, OUTLINE_CHARS))
    vectors = each(lambda some: list(embedder.embed_texts(some)), texts)
    ends = np.cumsum([0, *(len(kept) + 1 for kept, _ in pieces)]).tolist()
    for task, (kept, left), (start, end) in zip(batch, pieces, pairwise(ends), strict=True):
        mine = passages.get(task.ref.digest, [])
        found += _results(task, upstream, mine, kept, left, vectors[start:end], anchors)
    return found


def _results(
    task: Task,
    upstream: Mapping[Digest, Mapping[str, Result]],
    passages: Sequence[Passage],
    kept: Sequence[Passage],
    left_out: int,
    vectors: Sequence[np.ndarray | Failed],
    anchors: Anchors,
) -> list[Result]:
    bad = next((vector for vector in vectors if isinstance(vector, Failed)), None)
    if bad is not None:
        return [result(task, step, bad) for step in task.due]
    good = np.stack([vector for vector in vectors if not isinstance(vector, Failed)])
    found = []
    if "chunks" in task.due:
        outcome, embeddings = chunks.chunk_result(kept, good[:-1], left_out)
        found.append(result(task, "chunks", outcome, embeddings=embeddings))
    if "outline" in task.due:
        mine = upstream.get(task.ref.digest, {})
        words = outline.words_of(task.ref.kind, mine, passages)
        vector = good[-1] if words.strip() else None
        outcome, said = outline.outline(task.ref, mine, passages, vector, anchors)
        found.append(result(task, "outline", outcome, said))
    return found
