"""Rows of a matrix into groups, their number found from the data.

Each row is first drawn towards its nearest neighbours, some rounds long, so that chains of alike
files become tight groups; then Ward's linkage, or that of an even sample of a large matrix, is cut
where the mean silhouette is (nearly) highest; then every row goes to the nearest group. Measured on
photos and papers of known groups: docs/decisions.md.
Deterministic: the same rows in the same order give the same groups.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Vectors

NEIGHBOURS = 15
"""Rows that each row is drawn towards, at most."""
A_NEIGHBOUR_PER = 7
"""Rows of a small matrix to one such neighbour."""
PULL = 0.8
"""How much of a drawn row is its neighbours' mean; the rest is the row as it was."""
ROUNDS = 4
NEAR_BEST = 0.93
"""Of the cuts whose silhouette is this near the best, the finest is taken: a folder too many is
joined with one line of the plan, one too few is sorted by hand."""
SAMPLE = 3000
"""Rows that are linked with each other; linkage of these takes about a second and 40 MB."""

Labels = npt.NDArray[np.intp]
"""Group of each row, from 0, groups numbered by the place of their first row."""


def group_rows(
    rows: Vectors, most: int, smallest: int = 3, apart: float = -1.0, tall: float = 1.0
) -> Labels:
    """The group of each row.

    Args:
        rows: N x d; distance is Euclidean, so L2-normalised rows are compared by cosine.
        most: so many groups at most.
        smallest: a smaller group is given to its nearest neighbour.
        apart: mean silhouette of the rows as they are, under which they are one group.
        tall: share of the height of the linkage's last join; branches that join above it are
            never one group, whatever the silhouette says, which at times sees two heaps in ten.
    """
    count = len(rows)
    most = min(most, count // max(smallest, 2))
    if most < 2:
        return np.zeros(count, np.intp)
    sample = rows if count <= SAMPLE else rows[np.linspace(0, count - 1, SAMPLE).astype(int)]
    labels = _best_cut(sample, most, max(2, smallest * len(sample) // count), tall)
    if labels.max() > 0 and silhouette(_distances(sample), labels) < apart:
        return np.zeros(count, np.intp)
    centres = centres_of(sample, labels)
    if count > SAMPLE:
        labels = nearest(rows, centres)
        centres = centres_of(rows, labels)
        labels = nearest(rows, centres)
    return _renumbered(labels)


def centres_of(rows: Vectors, labels: Labels) -> Vectors:
    """Mean row of each group; one row a group, in the order of their numbers."""
    groups = int(labels.max()) + 1
    sums = np.zeros((groups, rows.shape[1]), np.float32)
    np.add.at(sums, labels, rows)
    counts = np.bincount(labels, minlength=groups)
    return np.asarray(sums / np.maximum(counts, 1)[:, None], np.float32)


def nearest(rows: Vectors, centres: Vectors) -> Labels:
    """The nearest centre of each row, in pieces so that memory stays small."""
    lengths = (centres**2).sum(1)
    pieces = [
        np.argmin(lengths - 2 * (rows[start : start + 8192] @ centres.T), axis=1)
        for start in range(0, len(rows), 8192)
    ]
    return np.concatenate(pieces)


def _best_cut(rows: Vectors, most: int, smallest: int, tall: float) -> Labels:
    from scipy.cluster.hierarchy import fcluster, linkage

    rows = smoothed(rows)
    tree = linkage(rows, "ward")
    distances = _distances(rows)
    cuts: dict[bytes, tuple[float, Labels]] = {}
    least = min(most, 1 + int((tree[:, 2] > tall * tree[-1, 2]).sum()))
    for wanted in range(max(2, least), most + 1):
        labels = np.asarray(fcluster(tree, wanted, "maxclust"), np.intp) - 1
        labels = _without_small(rows, labels, smallest)
        key = labels.tobytes()
        if key not in cuts and labels.max() > 0:
            cuts[key] = (silhouette(distances, labels), labels)
    if not cuts:
        return np.zeros(len(rows), np.intp)
    enough = max(score for score, _ in cuts.values()) * NEAR_BEST
    return max(
        (labels for score, labels in cuts.values() if score >= enough),
        key=lambda labels: int(labels.max()),
    )


def smoothed(rows: Vectors) -> Vectors:
    """Each row drawn towards its neighbours, theirs towards their own, and so on.

    What one photo's vector says of its subject is blurred by light, place and pose; those of its
    neighbours are blurred otherwise, and their mean less.

    Args:
        rows: N x d, L2-normalised; N x N cosines are held in memory.

    Returns:
        N x d, L2-normalised.
    """
    count = len(rows)
    near = min(NEIGHBOURS, max(2, round(count / A_NEIGHBOUR_PER)))
    if count <= near:
        return rows
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    nearest_first = np.argpartition(-likeness, near - 1, axis=1)[:, :near]
    weights = np.maximum(np.take_along_axis(likeness, nearest_first, 1), 0) ** 2
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-9)
    drawn = rows
    for _ in range(ROUNDS):
        pulled = (weights[:, :, None] * drawn[nearest_first]).sum(1)
        drawn = (1 - PULL) * rows + PULL * pulled
        drawn = drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-9)
    return np.asarray(drawn, np.float32)


def _distances(rows: Vectors) -> Vectors:
    squares = (rows**2).sum(1)
    found = squares[:, None] + squares[None, :] - 2 * (rows @ rows.T)
    return np.asarray(np.sqrt(np.maximum(found, 0)), np.float32)


def silhouette(distances: Vectors, labels: Labels) -> float:
    """Mean silhouette of a grouping, -1 to 1 (Rousseeuw 1987).

    Args:
        distances: N x N.
        labels: groups numbered from 0 without gaps; at least two.
    """
    groups = int(labels.max()) + 1
    belongs: npt.NDArray[np.float32] = np.eye(groups, dtype=np.float32)[labels]
    sizes = belongs.sum(0)
    mine = np.arange(len(labels)), labels
    sums = distances @ belongs
    own = sums[mine] / np.maximum(sizes[labels] - 1, 1)
    means: npt.NDArray[Any] = sums / sizes
    means[mine] = np.inf
    other = means.min(1)
    scores = (other - own) / np.maximum(np.maximum(other, own), 1e-9)
    scores[sizes[labels] == 1] = 0
    return float(scores.mean())


def _without_small(rows: Vectors, labels: Labels, smallest: int) -> Labels:
    """Groups under `smallest` rows dissolved into the nearest of the others."""
    sizes = np.bincount(labels)
    large = np.flatnonzero(sizes >= smallest)
    if len(large) in (0, len(sizes)):
        return _renumbered(labels) if len(large) else np.zeros_like(labels)
    centres = centres_of(rows, labels)[large]
    lost = np.isin(labels, large, invert=True)
    labels = labels.copy()
    labels[lost] = large[nearest(rows[lost], centres)]
    return _renumbered(labels)


def _renumbered(labels: Labels) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse], np.intp)
