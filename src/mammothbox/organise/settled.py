"""What already makes sense stays: folders of a person's own that hold together, and their files.

A folder counts when its name is a name (not "New folder" or "DCIM") and its files are more alike
than files picked at random. Loose files that fit it as well as its own do are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.cluster import Item
from mammothbox.organise.names import path_problems

SMALLEST = 4
"""Files a folder needs before it can be judged."""
BEYOND_CHANCE = 3.0
"""Standard deviations by which its likeness must exceed that of random sets of its size."""
FITS = 0.6
"""Share of a folder's own median likeness with its centre that a loose file must reach."""

_NO_NAME = re.compile(
    r"(new|neuer|untitled|unnamed|unsorted|misc|stuff|temp|tmp|downloads?|desktop|dcim"
    r"|camera( roll)?"
    r"|\d{3}[a-z_]{3,8}|img|images?|pictures?|photos?|files?|documents?|inbox|import(ed)?|backup)"
    r"[ _-]*(folder|ordner)?[ _(-]*\d*\)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What stays and what joins it.

    Attributes:
        folders: path of each folder that makes sense → its own files (places in the items).
        joining: place of a loose file → the folder it fits.
    """

    folders: dict[str, tuple[int, ...]]
    joining: dict[int, str]


def settled(items: Sequence[Item], rows: Vectors) -> Settled:
    """Judge the folders that are there.

    Args:
        items: all files.
        rows: feature rows of all files, L2-normalised, zero where nothing is known.
    """
    by_folder: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        by_folder.setdefault(item.folder, []).append(place)
    good = {
        folder: tuple(places)
        for folder, places in sorted(by_folder.items())
        if folder and len(places) >= SMALLEST and _is_name(folder) and _coherent(rows, places)
    }
    inside = {place for places in good.values() for place in places}
    loose = [place for place in range(len(items)) if place not in inside]
    # One whose name not every system takes may stay, but nothing more is put there.
    fillable = {folder: places for folder, places in good.items() if not path_problems(folder)}
    return Settled(good, _joining(rows, fillable, loose))


def _is_name(folder: str) -> bool:
    return _NO_NAME.fullmatch(folder.rsplit("/", 1)[-1]) is None


def _coherent(rows: Vectors, places: Sequence[int]) -> bool:
    """Whether files are more alike than random sets of as many; the random ones are seeded."""
    count = min(len(places), 200)
    if count >= len(rows):
        return False
    chance = np.random.default_rng(0)
    random_sets = [_alike(rows[chance.choice(len(rows), count, replace=False)]) for _ in range(30)]
    limit = np.mean(random_sets) + BEYOND_CHANCE * max(float(np.std(random_sets)), 1e-3)
    return bool(_alike(rows[list(places)[:count]]) > limit)


def _alike(rows: Vectors) -> float:
    """Mean cosine of pairs of different rows."""
    count = len(rows)
    total = float((rows.sum(0) ** 2).sum() - (rows**2).sum())
    return total / (count * (count - 1))


def _joining(
    rows: Vectors, folders: dict[str, tuple[int, ...]], loose: Sequence[int]
) -> dict[int, str]:
    if not folders or not loose:
        return {}
    names = list(folders)
    centres = np.stack([rows[list(places)].mean(0) for places in folders.values()])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    limits = np.array(
        [
            FITS * np.median(rows[list(places)] @ centres[at])
            for at, places in enumerate(folders.values())
        ]
    )
    scores = rows[list(loose)] @ centres.T
    best = scores.argmax(1)
    return {
        place: names[int(best[at])]
        for at, place in enumerate(loose)
        if scores[at, best[at]] >= max(float(limits[best[at]]), 0.3)
    }
