"""Filing into folders of a person's own: each file goes to the one whose name it is nearest to.

What a person accepted, rejected or moved earlier counts in plans without a taxonomy only, so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import yaml

from mammothbox.cluster import Family, Item
from mammothbox.errors import UsageError
from mammothbox.models.contracts import Vectors
from mammothbox.organise.names import path_problems
from mammothbox.organise.naming import Helpers
from mammothbox.organise.options import PlanOptions
from mammothbox.organise.plan import UNSORTED
from mammothbox.organise.tree import Place

FLOOR = 0.08
"""Centred cosine under which a file fits no folder."""


def folders_of(text: str) -> tuple[str, ...]:
    """Folder paths from a YAML file: nested mappings and lists of names, or a list of paths.

    Raises:
        UsageError: it is neither, or a name is not legal.
    """
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(
            f"the taxonomy is not valid YAML: {' '.join(str(error).split())}"
        ) from error
    paths = tuple(dict.fromkeys(path.strip("/") for path in _walk(tree, "")))
    for path in paths:
        problems = path_problems(path)
        if problems:
            raise UsageError(f"taxonomy folder {path!r}: {problems[0]}")
    if not paths:
        raise UsageError("the taxonomy names no folders")
    return paths


def _walk(tree: Any, above: str) -> Iterator[str]:
    if isinstance(tree, dict):
        for name, inside in tree.items():
            path = f"{above}/{name}"
            if inside:
                yield from _walk(inside, path)
            else:
                yield path
    elif isinstance(tree, list):
        for entry in tree:
            yield from _walk(entry, above)
    elif tree is not None:
        yield f"{above}/{tree}"


def filed(items: Sequence[Item], options: PlanOptions, helpers: Helpers) -> list[Place]:
    """Every file in the folder of the taxonomy it is nearest to, or in `Unsorted`."""
    folders = options.taxonomy
    names = [" ".join(reversed(path.split("/"))).lower() for path in folders]
    best = np.full(len(items), -1)
    sure = np.zeros(len(items), np.float32)
    for space, prefix in (("joint", "a photo of "), ("text", "")):
        places = [
            place
            for place, item in enumerate(items)
            if (item.family in (Family.PHOTOS, Family.VIDEOS)) == (space == "joint")
            and (item.looks if space == "joint" else item.reads) is not None
        ]
        vectors = helpers.embed(space, [prefix + name for name in names]) if places else None
        if vectors is None:
            continue
        found = [items[p].looks if space == "joint" else items[p].reads for p in places]
        scores = _scores(np.stack([row for row in found if row is not None]), vectors)
        best[places], sure[places] = scores.argmax(1), scores.max(1)
    best[sure < FLOOR] = -1
    return [
        Place(
            tuple((UNSORTED if number < 0 else folders[number]).split("/")),
            tuple(int(place) for place in np.flatnonzero(best == number)),
            "fits none of the folders" if number < 0 else "nearest of your folders",
            float(sure[best == number].mean()),
            fixed=number >= 0,
        )
        for number in sorted(set(best.tolist()))
    ]


def _scores(rows: Vectors, vectors: Vectors) -> Vectors:
    plain = rows @ vectors.T
    if len(rows) < 3 or len(vectors) < 3:
        return plain
    left, right = rows - rows.mean(0), vectors - vectors.mean(0)
    left = left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
    right = right / np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-9)
    return np.asarray((plain + left @ right.T) / 2, np.float32)
