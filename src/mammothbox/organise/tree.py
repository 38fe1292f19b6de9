"""From named clusters to folders: synonyms merged, divided by date where asked, bounded.

Pure. Paths are tuples of names until the end, when depth, number, legality and collisions on file
systems that fold case are settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mammothbox.cluster import Item
from mammothbox.organise.names import collision_key, legal_name
from mammothbox.organise.options import PlanOptions, Rule
from mammothbox.organise.plan import UNSORTED
from mammothbox.organise.terms import stem

MANY_YEARS = 30
"""Files of one topic from which `mixed` divides it by year, if it has several."""
TRIP_GAP_DAYS = 2
"""Days without a photo that end a trip."""


TRIPS = "Trips"
"""Folder above those of trips, whose files are of several families."""


@dataclass(frozen=True, slots=True)
class Place:
    """One proposed folder and its files.

    Attributes:
        parts: names from the top.
        members: places in the list of items.
        reason: one line on what they have in common.
        confidence: 0 to 1.
        fixed: a folder the person already has, or asked for; its path is not changed.
    """

    parts: tuple[str, ...]
    members: tuple[int, ...]
    reason: str
    confidence: float
    fixed: bool = False


def merged(places: Sequence[Place]) -> list[Place]:
    """Folders whose names mean the same word made one, under the name of the larger."""
    found: dict[tuple[str, ...], Place] = {}
    for place in sorted(places, key=lambda place: (not place.fixed, -len(place.members))):
        key = tuple(_meaning(part) for part in place.parts)
        old = found.get(key)
        if old is None:
            found[key] = place
            continue
        total = len(old.members) + len(place.members)
        sure = old.confidence * len(old.members) + place.confidence * len(place.members)
        found[key] = replace(
            old, members=old.members + place.members, confidence=sure / max(total, 1)
        )
    return list(found.values())


def same_subject(places: Sequence[Place]) -> list[Place]:
    """Names that say another's words and more made one: *Horse riding* joins *Horses*.

    Two folders side by side of which one is called after a part of the other's name are seldom
    what a person wants. The larger one's name stays. Names with numbers, and those of folders in
    different places, are left alone.
    """
    found: list[Place] = []
    for place in sorted(merged(places), key=lambda place: -len(place.members)):
        *above, last = (_meaning(part) for part in place.parts)
        mine = set(last.split())
        twin = None if place.fixed or not last.replace(" ", "").isalpha() else next(
            (other for other in found if not other.fixed and len(other.parts) == len(place.parts)
             and [_meaning(part) for part in other.parts[:-1]] == above
             and _within(mine, set(_meaning(other.parts[-1]).split()))),
            None,
        )  # fmt: skip
        if twin is None:
            found.append(place)
        else:
            found[found.index(twin)] = merged([twin, replace(place, parts=twin.parts)])[0]
    return found


def _within(one: set[str], other: set[str]) -> bool:
    return one < other or other < one


def _meaning(name: str) -> str:
    return " ".join(stem(word) for word in collision_key(name).split())


def by_family(places: Sequence[Place], items: Sequence[Item]) -> list[Place]:
    """Each folder under its family's, where the collection has several families."""
    families = {items[member].family for place in places for member in place.members}
    if len(families) < 2:
        return list(places)
    found = []
    for place in places:
        kinds = [items[member].family for member in place.members]
        family = str(max(sorted(set(kinds)), key=kinds.count))
        lone = place.fixed or place.parts == (UNSORTED,) or place.parts[0] == TRIPS
        inside = lone or _meaning(family) == _meaning(place.parts[0])
        found.append(place if inside else replace(place, parts=(family, *place.parts)))
    return found


def divided(place: Place, items: Sequence[Item], how: str) -> list[Place]:
    """A folder divided by date, trip, language or kind; files without one stay at its top."""
    if how == "trip":
        keys = _trips(place, items)
    else:
        keys = {member: _key(items[member], how) for member in place.members}
    groups: dict[str, list[int]] = {}
    for member in place.members:
        groups.setdefault(keys.get(member, ""), []).append(member)
    return [
        replace(
            place,
            parts=(*place.parts, legal_name(key)) if key else place.parts,
            members=tuple(members),
        )
        for key, members in sorted(groups.items())
    ]


def _key(item: Item, how: str) -> str:
    return {
        "year": item.when[:4],
        "month": item.when[:7],
        "day": item.when,
        "language": item.language,
        "kind": str(item.family),
    }[how]


def _trips(place: Place, items: Sequence[Item]) -> dict[int, str]:
    """The days of the trip each file belongs to; a lone day is a trip if it has several files."""
    dated = sorted((items[m].when, m) for m in place.members if items[m].when)
    runs: list[list[tuple[str, int]]] = []
    for when, member in dated:
        if runs and _days(runs[-1][-1][0], when) <= TRIP_GAP_DAYS:
            runs[-1].append((when, member))
        else:
            runs.append([(when, member)])
    names = {}
    for run in runs:
        first, last = run[0][0], run[-1][0]
        name = first if first == last else f"{first} to {last}"
        names.update({member: name for _, member in run if len(run) > 2})
    return names


def _days(first: str, last: str) -> int:
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return TRIP_GAP_DAYS + 1


def with_rules(
    places: Sequence[Place], items: Sequence[Item], rules: Sequence[Rule], options: PlanOptions
) -> list[Place]:
    """Folders divided as the hint asks, and by year where `mixed` has many years."""
    found: list[Place] = []
    for place in places:
        rule = next((rule for rule in rules if _fits(rule, place, items)), None)
        years = {items[member].when[:4] for member in place.members} - {""}
        if place.fixed or place.parts[0] == TRIPS:
            found.append(place)
        elif rule is not None:
            found += divided(place, items, rule.how)
        elif options.by == "mixed" and len(place.members) >= MANY_YEARS and len(years) > 1:
            found += divided(place, items, "year")
        else:
            found.append(place)
    return found


def _fits(rule: Rule, place: Place, items: Sequence[Item]) -> bool:
    if not rule.what:
        return True
    wanted = {stem(word) for word in rule.what.split()}
    kinds = [items[member].family for member in place.members]
    family = str(max(sorted(set(kinds)), key=kinds.count)).lower() if kinds else ""
    names = {stem(word) for part in place.parts for word in part.lower().split()}
    return bool(wanted & (names | {stem(family)}))


def bounded(places: Sequence[Place], options: PlanOptions) -> list[Place]:
    """No deeper and no more than asked: deep folders join their parent, small ones `Unsorted`."""
    shallow = merged([
        place if place.fixed else replace(place, parts=place.parts[: options.depth])
        for place in places
    ])  # fmt: skip
    while len(shallow) > options.max_folders:
        inner = [place for place in shallow if len(place.parts) > 1 and not place.fixed]
        if inner:
            smallest = min(inner, key=lambda place: (len(place.members), place.parts))
            up = replace(smallest, parts=smallest.parts[:-1])
        else:
            loose = [p for p in shallow if not p.fixed and p.parts != (UNSORTED,)]
            if not loose:
                break
            smallest = min(loose, key=lambda place: (len(place.members), place.parts))
            up = replace(smallest, parts=(UNSORTED,), reason="little in common with the rest")
        shallow = merged([up if place is smallest else place for place in shallow])
    return shallow


def one_spelling(places: Sequence[Place], existing: Mapping[str, str]) -> list[Place]:
    """Folders that differ only in case or composition get one spelling, an existing one first.

    Args:
        places: proposed folders.
        existing: `collision_key` of a path that is there → its spelling.
    """
    known = dict(existing)
    found = []
    for place in places:
        path = ""
        for part in place.parts:
            path = f"{path}/{part}" if path else part
            path = known.setdefault(collision_key(path), path)
        found.append(replace(place, parts=tuple(path.split("/"))))
    return found
