"""What is stored of given contents: their passages, and vectors of the whole.

For the steps that read what earlier ones found, and for clustering; search has ways of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from mammothbox.arrays import Vector
from mammothbox.records import Digest, Passage
from mammothbox.store.found import Space
from mammothbox.store.schema import PASSAGES, VECTORS

_CHUNK = 500
"""Digests asked for at once; SQLite limits the number of variables in a statement."""

_FIRST = 8
"""Vectors of one content that stand for the whole of it in a mean."""

_OPENING = 24
"""Passages of one content that are looked at for how it begins."""


def _chunks(digests: Sequence[Digest]) -> Iterator[Sequence[Digest]]:
    return (digests[start : start + _CHUNK] for start in range(0, len(digests), _CHUNK))


def passages(connection: Connection, digests: Sequence[Digest]) -> dict[Digest, list[Passage]]:
    """Digest → its passages of all steps, in the order in which they were written."""
    found: dict[Digest, list[Passage]] = {}
    columns = (PASSAGES.c.field, PASSAGES.c.text, PASSAGES.c.page)
    times = (PASSAGES.c.start_s, PASSAGES.c.end_s)
    for chunk in _chunks(digests):
        query = select(PASSAGES.c.digest, *columns, *times).where(PASSAGES.c.digest.in_(chunk))
        for digest, *values in connection.execute(query.order_by(PASSAGES.c.id)):
            found.setdefault(digest, []).append(Passage(*values))
    return found


def openings(
    connection: Connection, digests: Sequence[Digest], step: str, chars: int
) -> dict[Digest, str]:
    """Digest → how the text that `step` found begins, at most `chars` characters."""
    found: dict[Digest, str] = {}
    place = func.row_number().over(partition_by=PASSAGES.c.digest, order_by=PASSAGES.c.id)
    for chunk in _chunks(digests):
        ranked = (
            select(PASSAGES.c.digest, func.substr(PASSAGES.c.text, 1, chars).label("text"),
                   place.label("place"))
            .where(PASSAGES.c.digest.in_(chunk), PASSAGES.c.step == step)
            .subquery()
        )  # fmt: skip
        query = select(ranked.c.digest, ranked.c.text).where(ranked.c.place <= _OPENING)
        for digest, text in connection.execute(query.order_by(ranked.c.digest, ranked.c.place)):
            found[digest] = f"{found[digest]}\n{text}" if digest in found else text
    return {digest: text[:chars] for digest, text in found.items()}


def mean_vectors(
    connection: Connection, digests: Sequence[Digest], space: Space, without: Mapping[Digest, str]
) -> dict[Digest, Vector]:
    """Digest → mean of its first vectors in `space`, L2-normalised.

    Args:
        digests: of the contents.
        space: of the vectors.
        without: a passage that does not count where a content has others.
    """
    sums: dict[Digest, npt.NDArray[np.float32]] = {}
    spare: dict[Digest, npt.NDArray[np.float32]] = {}
    columns = (VECTORS.c.digest, VECTORS.c.text, VECTORS.c.vector)
    for chunk in _chunks(digests):
        query = select(*columns).where(
            VECTORS.c.digest.in_(chunk), space.of_contents(), VECTORS.c.part < _FIRST
        )
        for digest, text, blob in connection.execute(query).all():
            vector = np.frombuffer(blob, "<f2").astype(np.float32)
            kept = spare if text and text == without.get(digest, "")[: len(text)] else sums
            kept[digest] = kept[digest] + vector if digest in kept else vector
    found = {**spare, **sums}
    return {
        digest: vector / max(float(np.linalg.norm(vector)), 1e-9)
        for digest, vector in found.items()
    }


def whole_vectors(
    connection: Connection, digests: Sequence[Digest], space: Space
) -> dict[Digest, Vector]:
    """Digest → the first vector of each content in `space`: the whole photo or video."""
    found: dict[Digest, Vector] = {}
    for chunk in _chunks(digests):
        query = select(VECTORS.c.digest, VECTORS.c.vector).where(
            VECTORS.c.digest.in_(chunk), space.of_contents(), VECTORS.c.part == 0
        )
        for digest, blob in connection.execute(query).all():
            found[digest] = np.frombuffer(blob, "<f2").astype(np.float32)
    return found
