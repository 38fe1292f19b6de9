"""Photos that look alike, in groups small enough to describe together.

Average linkage on the cosine of joint vectors, cut at a distance, over blocks of photos that are
neighbours in time. What all photos have in common is taken off first: vectors of a joint space lie
in a narrow cone, and without that everything looks alike. Cost grows with the number of photos, not
with its square. This serves the describing of photos only; clusters of a collection are
`mammothbox.cluster`'s.
"""

from __future__ import annotations

import numpy as np

from mammothbox.arrays import Vectors

BLOCK = 1000
"""Photos compared with each other at once; linkage of a block takes about 50 ms."""
DISTANCE = 0.6
"""Cosine distance, from the mean of all photos, at which two groups no longer look alike."""
LEAST = 12
"""Fewer photos than this have no mean to speak of; each is its own group."""
LARGEST = 40
"""A group this large says no more by growing."""
MEAN_SIZE = 8
"""Photos a group in a large collection, at least on average: the writer's time is what it costs."""
FEW = 24
"""Groups that are never too many."""


def alike(vectors: Vectors) -> list[list[int]]:
    """Row indices in groups, every row in exactly one, in order of their first member."""
    groups: list[list[int]] = []
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        groups += [[start + index for index in group] for group in _linked(block)]
    return groups


def _linked(block: Vectors) -> list[list[int]]:
    if len(block) < LEAST:
        return [[index] for index in range(len(block))]
    from scipy.cluster.hierarchy import fcluster, linkage

    centred = block - block.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    tree = linkage(centred, "average", metric="cosine")
    names = fcluster(tree, DISTANCE, "distance")
    most = max(FEW, len(block) // MEAN_SIZE)
    if names.max() > most:
        names = fcluster(tree, most, "maxclust")
    members: dict[int, list[int]] = {}
    for index, name in enumerate(np.asarray(names).tolist()):
        members.setdefault(name, []).append(index)
    return [
        group[start : start + LARGEST]
        for group in members.values()
        for start in range(0, len(group), LARGEST)
    ]
