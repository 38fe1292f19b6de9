"""What a library holds, in a form in which two libraries can be compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mammothbox.arrays import Vector
from mammothbox.errors import NotFound
from mammothbox.records import Digest
from mammothbox.store import open_store

Key = tuple[str, str, str, str]
"""digest, step, model, revision"""

TEXT = "text"
"""The space of vectors that are made of words."""


@dataclass(frozen=True)
class Snapshot:
    """Attributes:
    files: path → digest and kind.
    outcomes: key → outcome's class and its content as JSON.
    passages: digest → its passages as JSON.
    vectors: (digest, space) → vectors of the content's parts.
    """

    files: dict[str, tuple[str, str]]
    outcomes: dict[Key, tuple[str, str]]
    passages: dict[str, str]
    vectors: dict[tuple[str, str], list[Vector]]


def snapshot(library: Path, url: str = "") -> Snapshot:
    """Everything in the library; an empty one when it was not made yet."""
    try:
        store = open_store(library, url=url, write=False)
    except NotFound:
        return Snapshot({}, {}, {}, {})
    with store:
        files = {ref.path: (str(ref.digest), ref.kind.value) for ref in store.files()}
        digests = [Digest(digest) for digest in sorted({digest for digest, _ in files.values()})]
        outcomes = {
            (str(digest), step, result.model, result.revision): (
                type(result.outcome).__name__,
                json.dumps(asdict(result.outcome), sort_keys=True, default=dict),
            )
            for digest, steps in store.results(digests).items()
            for step, result in steps.items()
        }
        passages = {
            str(digest): json.dumps(sorted(json.dumps(asdict(one)) for one in some))
            for digest, some in store.passages(digests).items()
            if some
        }
        vectors = {
            (str(digest), space.name): found
            for digest in digests
            for space, _ in store.spaces()
            if (found := store.vectors_of(digest, space.name, space.model, space.revision))
        }
    return Snapshot(files, outcomes, passages, vectors)


def differences(one: Snapshot, other: Snapshot, *, words: bool) -> list[str]:
    """What the two do not have in common; empty when they are equal.

    Args:
        one, other: libraries of the same folder.
        words: compare texts too; without, only which outcomes there are (a model may put the same
            into other words when files come in another order), and of vectors those of equal words.
    """
    found = []
    if one.files != other.files:
        found.append(f"files: {sorted(set(one.files.items()) ^ set(other.files.items()))}")
    mine, theirs = (
        {key: value if words else value[0] for key, value in each.outcomes.items()}
        for each in (one, other)
    )
    if mine != theirs:
        found.append(f"outcomes: {sorted(set(mine.items()) ^ set(theirs.items()), key=str)}")
    if words and one.passages != other.passages:
        found.append("passages")
    if one.vectors.keys() != other.vectors.keys():
        found.append(f"vectors: {sorted(one.vectors.keys() ^ other.vectors.keys())}")
    keys = one.vectors.keys() & other.vectors.keys() if words else comparable(one, other)
    for key in sorted(keys):
        pairs = zip(one.vectors[key], other.vectors[key], strict=False)
        same_number = len(one.vectors[key]) == len(other.vectors[key])
        if not same_number or any(float(np.dot(a, b)) < 0.999 for a, b in pairs):
            found.append(f"vectors of {key}")
    return found


def comparable(one: Snapshot, other: Snapshot) -> set[tuple[str, str]]:
    """Which vectors both have, less those of texts that were put into other words."""
    return {
        (digest, space)
        for digest, space in one.vectors.keys() & other.vectors.keys()
        if space != TEXT or one.passages.get(digest) == other.passages.get(digest)
    }
