"""Filing into folders of a person's own: each file goes to the one it is nearest to.

Near its name at first; once a person has accepted, rejected or moved files, near those files too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from mammothbox.arrays import Vectors
from mammothbox.cluster import Family, Item
from mammothbox.errors import UsageError
from mammothbox.organise.learned import Verdicts
from mammothbox.organise.names import path_problems
from mammothbox.organise.naming import Helpers
from mammothbox.organise.options import PlanOptions
from mammothbox.organise.plan import UNSORTED
from mammothbox.organise.tree import Place

FLOOR = 0.08
"""Centred cosine under which a file fits no folder."""
LESSON = 0.6
"""How much a person's examples of a folder count against its name."""


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


def filed(
    items: Sequence[Item], options: PlanOptions, helpers: Helpers, verdicts: Verdicts
) -> list[Place]:
    """Every file in the folder of the taxonomy it is nearest to, or in `Unsorted`.

    A folder is where its name is in the vector space, and where the files are that a person
    accepted in it or moved there; it is away from those that a person rejected.
    """
    folders = options.taxonomy
    wanted, refused = _judged(items, folders, verdicts)
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
        rows = np.stack([row for row in found if row is not None])
        scores = _scores(rows, vectors)
        at = {place: row for row, place in enumerate(places)}
        scores += _lessons(rows, at, wanted, len(folders)) - _lessons(
            rows, at, refused, len(folders)
        )
        for place, folder in refused:
            if place in at:
                scores[at[place], folder] = -np.inf
        best[places], sure[places] = scores.argmax(1), scores.max(1)
    best[sure < FLOOR] = -1
    for place, folder in wanted:
        best[place], sure[place] = folder, 1.0
    return [
        Place(
            tuple((UNSORTED if number < 0 else folders[number]).split("/")),
            tuple(int(place) for place in np.flatnonzero(best == number)),
            "fits none of the folders" if number < 0 else "nearest of your folders",
            float(np.clip(sure[best == number], 0, 1).mean()),
            fixed=number >= 0,
        )
        for number in sorted(set(best.tolist()))
    ]


def _judged(
    items: Sequence[Item], folders: Sequence[str], verdicts: Verdicts
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(file, folder) that a person wants, and those that a person does not want."""
    number = {folder: place for place, folder in enumerate(folders)}
    wanted, refused = [], []
    for place, item in enumerate(items):
        folder, accepted, instead = verdicts.get(item.digest, ("", False, ""))
        if (instead or accepted) and (instead or folder) in number:
            wanted.append((place, number[instead or folder]))
        if not accepted and folder in number and folder != instead:
            refused.append((place, number[folder]))
    return wanted, refused


def _lessons(
    rows: Vectors, at: Mapping[int, int], examples: Sequence[tuple[int, int]], folders: int
) -> Vectors:
    """How near each row is to the mean example of each folder; more examples count more."""
    found = np.zeros((len(rows), folders), np.float32)
    centred = rows - rows.mean(0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    for folder in {folder for _, folder in examples}:
        mine = [at[place] for place, there in examples if there == folder and place in at]
        if mine:
            mean = centred[mine].mean(0)
            trust = LESSON * len(mine) / (len(mine) + 1)
            found[:, folder] = trust * (centred @ (mean / max(float(np.linalg.norm(mean)), 1e-9)))
    return found


def _scores(rows: Vectors, vectors: Vectors) -> Vectors:
    plain = rows @ vectors.T
    if len(rows) < 3 or len(vectors) < 3:
        return plain
    left, right = rows - rows.mean(0), vectors - vectors.mean(0)
    left = left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
    right = right / np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-9)
    return np.asarray((plain + left @ right.T) / 2, np.float32)
