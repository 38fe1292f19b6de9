"""What a person said of earlier plans, applied to the next: accepted stays, moved goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mammothbox.cluster import Item
from mammothbox.organise.plan import UNSORTED
from mammothbox.organise.tree import Place, merged
from mammothbox.records import Digest

Verdicts = Mapping[Digest, tuple[str, bool, str]]
"""Digest → (proposed folder, accepted, folder the person chose instead or empty)."""


def learned(places: Sequence[Place], items: Sequence[Item], verdicts: Verdicts) -> list[Place]:
    """Each judged file where the person wants it; a rejected one is not put there again."""
    wanted: dict[int, str] = {}
    refused: dict[int, str] = {}
    for number, item in enumerate(items):
        folder, accepted, instead = verdicts.get(item.digest, ("", False, ""))
        if accepted or instead:
            wanted[number] = instead or folder
        elif folder:
            refused[number] = folder
    found = []
    unsorted: list[int] = []
    for place in places:
        path = "/".join(place.parts)
        unsorted += [m for m in place.members if refused.get(m) == path]
        mine = tuple(m for m in place.members if m not in wanted and refused.get(m) != path)
        if mine:
            found.append(replace(place, members=mine))
    for folder in sorted(set(wanted.values())):
        mine = tuple(m for m, path in wanted.items() if path == folder)
        parts = tuple(folder.split("/"))
        found.append(Place(parts, mine, "as you said", 1.0, fixed=True))
    if unsorted:
        found.append(Place((UNSORTED,), tuple(unsorted), "you rejected its folder", 0.0))
    return merged(found)
