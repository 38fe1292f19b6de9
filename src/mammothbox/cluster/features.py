"""What makes two files alike, as one row of numbers a file.

Several views (how it looks, what it says, what it is, how a person tagged it) are each centred
and brought to one length, weighed, joined, and reduced to their main directions. A view that a
file lacks adds nothing to its likeness with any other. Centring matters: vectors of one model lie
in a narrow cone, and what a whole collection has in common says nothing about its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Vectors
from mammothbox.cluster.items import Family, Item
from mammothbox.cluster.papers import kinds_of
from mammothbox.records import Kind

PICTURE_WEIGHTS: Mapping[str, float] = {"looks": 1.0, "reads": 0.0, "category": 0.0, "length": 0.0,
    "paper": 0.0, "tags": 1.0}  # fmt: skip
"""Of photos and videos. Their captions are made from what they look like, and only add noise:
measured, acceptance falls by 0.03 and the adjusted Rand index by 0.2 when they count too."""
WORD_WEIGHTS: Mapping[str, float] = {"looks": 0.0, "reads": 1.0, "category": 0.4, "length": 0.5,
    "paper": 1.0, "tags": 1.0}  # fmt: skip
"""Of papers and recordings: what they say, of what kind, and how long a recording is."""

DIRECTIONS = 32
"""Main directions kept at most."""

ENOUGH_WORDS = 8
"""Words from which a recording is known by what it says: one word is often heard wrong, and says
little even where it is right."""

_SAMPLE = 4000


def feature_rows(items: Sequence[Item], weights: Mapping[str, float]) -> Vectors:
    """One row a file, to be compared by cosine.

    Args:
        items: of one realm.
        weights: how much each view counts; likeness is the mean of the views' cosines weighed by
            the squares of these.

    Returns:
        N x d (d at most `DIRECTIONS`), rows L2-normalised; a file without any view is a zero row.
    """
    said = np.array([_said(item) for item in items], np.float32)[:, None]
    views = [
        weights["looks"] * _vectors([item.looks if weights["looks"] else None for item in items]),
        weights["reads"]
        * said
        * _vectors([item.reads if weights["reads"] else None for item in items]),
        weights["category"] * said * _sets([_categories(item) for item in items]),
        weights["paper"]
        * (_papers(items) if weights["paper"] else np.zeros((len(items), 0), np.float32)),
        weights["length"] * _lengths([item.duration_s for item in items]),
        weights["tags"] * _sets([item.tags for item in items]),
    ]
    return _unit(_main_directions(np.concatenate(views, axis=1)))


def _vectors(found: Sequence[npt.NDArray[np.float32] | None]) -> Vectors:
    """Rows centred over those that are there, L2-normalised; zeros for those that are not."""
    length = next((len(vector) for vector in found if vector is not None), 0)
    rows = np.zeros((len(found), length), np.float32)
    there = [place for place, vector in enumerate(found) if vector is not None]
    for place in there:
        rows[place] = found[place]
    if len(there) > 2:
        rows[there] -= rows[there].mean(0)
    return _unit(rows)


def _said(item: Item) -> float:
    """How much its words count, 0 to 1."""
    if item.family != Family.RECORDINGS:
        return 1.0
    return min(1.0, len(item.text.split()) / ENOUGH_WORDS)


def _categories(item: Item) -> tuple[str, ...]:
    """Its category, unless that says what a picture of a paper shows."""
    pictured = item.kind == Kind.IMAGE and item.family == Family.DOCUMENTS
    return (item.category,) if item.category and not pictured else ()


def _papers(items: Sequence[Item]) -> Vectors:
    """One column a kind of paper; zero rows for those whose words betray none."""
    found = [kinds_of(item.text) if item.family == Family.DOCUMENTS else {} for item in items]
    kinds = sorted({kind for mine in found for kind in mine})
    rows = np.zeros((len(items), len(kinds)), np.float32)
    for place, mine in enumerate(found):
        for kind, share in mine.items():
            rows[place, kinds.index(kind)] = share
    return _unit(rows)


def _lengths(seconds: Sequence[float]) -> Vectors:
    """Durations as columns of a factor of four each, so that only alike ones are near."""
    rows = np.zeros((len(seconds), 10), np.float32)
    for place, length in enumerate(seconds):
        if length > 0:
            steps = np.log2(np.clip(length, 1, 60_000)) / 2
            rows[place] = np.maximum(0, 1 - np.abs(np.arange(10) - steps))
    there = rows.any(1)
    if there.sum() > 2:
        rows[there] -= rows[there].mean(0)
    return _unit(rows)


def _sets(found: Sequence[Sequence[str]]) -> Vectors:
    """One column a word, for words that at least two files share."""
    counts: dict[str, int] = {}
    for words in found:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    shared = sorted((word for word in counts if counts[word] > 1), key=lambda w: (-counts[w], w))
    columns = {word: place for place, word in enumerate(shared[:256])}
    rows = np.zeros((len(found), len(columns)), np.float32)
    for place, words in enumerate(found):
        for word in words:
            if word in columns:
                rows[place, columns[word]] = 1
    return _unit(rows)


def _main_directions(rows: Vectors) -> Vectors:
    """Rows along the directions in which they differ most."""
    width = min(DIRECTIONS, *rows.shape)
    if width == 0:
        return np.zeros((len(rows), 1), np.float32)
    step = max(1, len(rows) // _SAMPLE)
    sample = rows[::step]
    values, directions = np.linalg.eigh(sample.T @ sample)
    del values  # in rising order
    found: Vectors = rows @ directions[:, ::-1][:, :width].astype(np.float32)
    return found


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)
