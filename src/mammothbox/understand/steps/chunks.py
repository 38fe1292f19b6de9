"""Step `chunks`: everything a file says in words, as vectors of the text space.

Captions, OCR text, transcripts and document text alike. `Done.value`: ``{"vectors", "left_out"}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mammothbox.arrays import Vectors
from mammothbox.records import Done, Embedding, Outcome, Passage, Result, Skipped
from mammothbox.understand.chunking import spoken_passages
from mammothbox.understand.steps.transcript import segments_of
from mammothbox.understand.values import value_of

SPACE = "text"
MAX_CHUNKS = 2000
"""Of one file; a longer text is covered by evenly spread chunks, and the rest is counted."""


def chunks_of(upstream: Mapping[str, Result], passages: Sequence[Passage]) -> list[Passage]:
    """What to embed of one file.

    Args:
        upstream: step name → result of this content.
        passages: the content's stored passages.
    """
    kept = [item for item in passages if item.field in ("caption", "ocr", "text")]
    if transcript := value_of(upstream, "transcript"):
        kept += spoken_passages(segments_of(transcript))
    return kept


def thin(chunks: Sequence[Passage]) -> list[Passage]:
    """At most `MAX_CHUNKS`, evenly spread."""
    if len(chunks) <= MAX_CHUNKS:
        return list(chunks)
    stride = len(chunks) / MAX_CHUNKS
    return [chunks[int(index * stride)] for index in range(MAX_CHUNKS)]


def chunk_result(
    chunks: Sequence[Passage], vectors: Vectors, left_out: int
) -> tuple[Outcome, tuple[Embedding, ...]]:
    """The result for a file; `vectors` has one row a chunk."""
    if not chunks:
        return Skipped("no words"), ()
    embeddings = tuple(
        Embedding(SPACE, vector, page=item.page, start_s=item.start_s, text=item.text[:300])
        for item, vector in zip(chunks, vectors, strict=True)
    )
    return Done({"vectors": len(chunks), "left_out": left_out}), embeddings
