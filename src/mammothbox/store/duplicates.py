"""Files with equal bytes, and pictures that look alike by their perceptual hash."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from mammothbox.records import Digest
from mammothbox.store.people import not_duplicates
from mammothbox.store.schema import FILES, ITEMS


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two contents that look alike: digests in order, and how many of 64 hash bits differ."""

    first: Digest
    second: Digest
    distance: int


def exact(connection: Connection) -> dict[Digest, list[str]]:
    """Digest → its paths, for every content that lies at two paths or more."""
    live = FILES.c.vanished_at.is_(None)
    twice = select(FILES.c.digest).where(live, FILES.c.size > 0)
    twice = twice.group_by(FILES.c.digest).having(func.count() > 1)
    query = select(FILES.c.digest, FILES.c.path).where(live, FILES.c.digest.in_(twice))
    groups: dict[Digest, list[str]] = {}
    for digest, path in connection.execute(query.order_by(FILES.c.path)):
        groups.setdefault(digest, []).append(os.fsdecode(path))
    return groups


def _compare(
    hashes: npt.NDArray[np.uint64], places: npt.NDArray[np.int64], threshold: int
) -> dict[tuple[int, int], int]:
    """Pairs of `places` whose hashes differ in at most `threshold` bits."""
    found = {}
    for offset in range(0, len(places), 256):
        rows = places[offset : offset + 256]
        distance = np.bitwise_count(hashes[rows, None] ^ hashes[None, places])
        for a, b in zip(*np.nonzero(distance <= threshold), strict=True):
            if rows[a] < places[b]:
                found[int(rows[a]), int(places[b])] = int(distance[a, b])
    return found


def near_pairs(hashes: npt.NDArray[np.uint64], threshold: int) -> dict[tuple[int, int], int]:
    """(i, j) → bits that differ, for all i < j within `threshold`.

    Up to 7 differing bits leave at least one of the eight bytes equal, so only pictures that share
    a byte in its place are compared: a thirty-second of all pairs.
    """
    everything = np.arange(len(hashes))
    if threshold > 7:
        return _compare(hashes, everything, threshold)
    found: dict[tuple[int, int], int] = {}
    for byte in range(8):
        values = (hashes >> np.uint64(8 * byte)) & np.uint64(0xFF)
        order = np.argsort(values, kind="stable")
        for bucket in np.split(order, np.nonzero(np.diff(values[order]))[0] + 1):
            found |= _compare(hashes, bucket, threshold)
    return found


def near(connection: Connection, threshold: int) -> list[NearPair]:
    """Pairs of pictures within `threshold` bits, nearest first, less those a person told apart."""
    live = select(FILES.c.digest).where(FILES.c.vanished_at.is_(None))
    query = select(ITEMS.c.digest, ITEMS.c.phash).where(
        ITEMS.c.phash.is_not(None), ITEMS.c.digest.in_(live)
    )
    rows = connection.execute(query.order_by(ITEMS.c.digest)).all()
    hashes = np.array([int(row.phash, 16) for row in rows], dtype=np.uint64)
    told_apart = not_duplicates(connection)
    pairs = [
        NearPair(rows[a].digest, rows[b].digest, distance)
        for (a, b), distance in near_pairs(hashes, threshold).items()
        if (rows[a].digest, rows[b].digest) not in told_apart
    ]
    return sorted(pairs, key=lambda pair: (pair.distance, pair.first, pair.second))
