"""Near duplicates side by side: in one folder, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammothbox.cluster import Item
from mammothbox.organise.tree import Place
from mammothbox.records import Digest


def side_by_side(
    places: Sequence[Place], items: Sequence[Item], alike: Sequence[tuple[Digest, Digest]]
) -> list[Place]:
    """The folders with each near duplicate moved to its twin, unless a folder of the person's own.

    Args:
        places: folders whose members are places in `items`.
        items: the files.
        alike: pairs of contents, the nearest first.
    """
    by_digest: dict[Digest, list[int]] = {}
    for number, item in enumerate(items):
        by_digest.setdefault(item.digest, []).append(number)
    lead: dict[int, int] = {}
    for first, second in alike:
        one, two = by_digest.get(first, []), by_digest.get(second, [])
        if one and two:
            both = (*one, *two)
            root = min([*both, *(lead[n] for n in both if n in lead)])
            for number in (*one, *two):
                lead[number] = root
    home = {member: number for number, place in enumerate(places) for member in place.members}
    members: list[list[int]] = [[] for _ in places]
    for number, place in enumerate(places):
        for member in place.members:
            root = lead.get(member, member)
            there = number if place.fixed else home.get(root, number)
            members[there].append(member)
    rank = {m: r for mine in members for r, m in enumerate(mine)}
    return [
        replace(
            place,
            members=tuple(sorted(mine, key=lambda m: _beside(m, lead, rank))),
        )
        for place, mine in zip(places, members, strict=True)
        if mine
    ]


def _beside(member: int, lead: dict[int, int], rank: dict[int, int]) -> tuple[int, bool]:
    """Where a file comes in its folder: just after the twin it follows."""
    root = lead.get(member, member)
    return rank.get(root, rank[member]), root != member
