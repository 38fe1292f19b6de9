"""The plan of a folder from what is known of its files. Pure: nothing is read, moved or guessed
from a name that is not given; the same items and answers give the same plan.

    items → what stays → clusters → names → folders → targets → Plan
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from pathspec import GitIgnoreSpec

from mammothbox.cluster import Cluster, Family, Item, find_clusters, rows_of
from mammothbox.organise.areas import in_areas
from mammothbox.organise.conflicts import unique_targets
from mammothbox.organise.learned import Verdicts, learned
from mammothbox.organise.names import collision_key, legal_file_name, legal_name, problems
from mammothbox.organise.naming import Helpers, Name, names_by_statistics
from mammothbox.organise.options import PlanOptions, rules_of, wishes_of
from mammothbox.organise.plan import UNSORTED, Folder, Move, Plan
from mammothbox.organise.settled import settled
from mammothbox.organise.sidecars import companion_name, companions
from mammothbox.organise.tree import (
    TRIPS,
    Place,
    bounded,
    by_family,
    divided,
    merged,
    one_spelling,
    same_subject,
    with_rules,
)
from mammothbox.organise.twins import side_by_side
from mammothbox.organise.wording import names_by_writer
from mammothbox.records import Digest

UNSURE = 0.1
"""Cosine with the centre of its cluster under which a file goes to `Unsorted`."""
MANY_TOPICS = 8
"""Folders from which they are put under one folder a family."""
MANY_TRIPS = 10
"""Trips from which they are put under one folder a year."""


def plan(
    root: str,
    items: Sequence[Item],
    options: PlanOptions,
    helpers: Helpers | None = None,
    verdicts: Verdicts | None = None,
    alike: Sequence[tuple[Digest, Digest]] = (),
) -> Plan:
    """A plan for all files below a folder.

    Args:
        root: absolute path of the folder.
        items: its files, in any order; with `Item.path` below `root`.
        options: how it is to be.
        helpers: models to ask for names; none by default.
        verdicts: what people said of files before, by digest: (folder, accepted, folder instead).
        alike: pairs of near duplicates; they are put side by side.
    """
    helpers = helpers or Helpers()
    items = sorted(items, key=lambda item: item.path)
    leads = _leads(items)
    kept = GitIgnoreSpec.from_lines(options.keep)
    free = [i for i in items if i.path not in leads and not kept.match_file(i.path)]
    places = _places(free, options, helpers, verdicts or {})
    if options.by in ("topic", "mixed") and not options.taxonomy:
        places = learned(places, free, verdicts or {})
    places = side_by_side(places, free, alike)
    existing = {collision_key(item.folder): item.folder for item in items if item.folder}
    places = one_spelling(places, existing)
    return _targets(root, items, free, places, leads, options)


def _leads(items: Sequence[Item]) -> dict[str, str]:
    """Path of each sidecar → path of the file it goes with."""
    folders: dict[str, list[str]] = {}
    for item in items:
        folders.setdefault(item.folder, []).append(item.name)
    return {
        posixpath.join(folder, name): posixpath.join(folder, lead)
        for folder, names in folders.items()
        for name, lead in companions(names).items()
    }


def _places(
    items: Sequence[Item], options: PlanOptions, helpers: Helpers, verdicts: Verdicts
) -> list[Place]:
    if options.taxonomy:
        from mammothbox.organise.taxonomy import filed

        return filed(items, options, helpers, verdicts)
    if options.by == "date":
        everything = Place((), tuple(range(len(items))), "", 1.0)
        dated = _by_date(everything, items)
        return bounded([p if p.parts else replace(p, parts=(UNSORTED,)) for p in dated], options)
    if options.by == "kind":
        return bounded(_by_kind(items), options)
    stay, loose = _stay(items)
    among = [items[place] for place in loose]
    named = in_areas(_named(among, options, helpers), among, options, helpers)
    moved = [replace(p, members=tuple(loose[m] for m in p.members)) for p in named]
    found = merged([*stay, *same_subject(moved)])
    if options.by == "mixed" or (options.depth > 1 and len(found) > MANY_TOPICS):
        found = by_family(found, items)
    return bounded(with_rules(found, items, rules_of(options.hint), options), options)


def _by_date(place: Place, items: Sequence[Item]) -> list[Place]:
    years = divided(replace(place, reason="of this time"), items, "year")
    return [
        replace(month, parts=(*year.parts, *month.parts[-1:])) if year.parts else month
        for year in years
        for month in divided(replace(year, parts=()), items, "month")
    ]


def _by_kind(items: Sequence[Item]) -> list[Place]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, item in enumerate(items):
        kind = item.category if item.category not in ("", "other") else ""
        parts = (str(item.family), legal_name(kind.capitalize())) if kind else (str(item.family),)
        groups.setdefault(parts, []).append(number)
    return [
        Place(parts, tuple(members), f"{parts[-1].lower()} by kind", 0.8)
        for parts, members in sorted(groups.items())
    ]


def _stay(items: Sequence[Item]) -> tuple[list[Place], list[int]]:
    """Folders that make sense with those that join them, and what is left to arrange."""
    if not any(item.folder for item in items):
        return [], list(range(len(items)))
    rows = rows_of(items)
    found = settled(items, rows)
    members = {folder: list(places) for folder, places in found.folders.items()}
    for place, folder in found.joining.items():
        members[folder].append(place)
    inside = {place for places in members.values() for place in places}
    stay = [
        Place(tuple(folder.split("/")), tuple(places), "a folder of yours", 0.9, fixed=True)
        for folder, places in members.items()
    ]
    return stay, [place for place in range(len(items)) if place not in inside]


def _named(items: Sequence[Item], options: PlanOptions, helpers: Helpers) -> list[Place]:
    clusters = find_clusters(items, options.max_folders)
    names = names_by_statistics(items, clusters, helpers)
    if options.writer:
        names = names_by_writer(items, clusters, names, helpers, wishes_of(options.hint))
    trips = sum(name.by == "trip" for name in names)
    found = []
    unsure: list[int] = []
    for cluster, name in zip(clusters, names, strict=True):
        above = (TRIPS, cluster.label[:4]) if trips > MANY_TRIPS else (TRIPS,)
        sure = _sure(items, cluster)
        unsure += [member for member in cluster.members if member not in sure]
        if sure:
            members = tuple(member for member in cluster.members if member in sure)
            reason = _reason(items, cluster, name)
            parts = (*above, name.text) if name.by == "trip" else (name.text,)
            found.append(Place(parts, members, reason, round(cluster.cohesion, 2)))
    if unsure:
        found.append(Place((UNSORTED,), tuple(unsure), "little in common with the rest", 0.0))
    return found


def _sure(items: Sequence[Item], cluster: Cluster) -> Collection[int]:
    if cluster.family == Family.OTHER:
        return set()
    if len(cluster.members) == 1 and len(items) > 1:
        return set()
    if len(cluster.members) <= 2:
        return set(cluster.members)
    return {m for m, fit in zip(cluster.members, cluster.fit, strict=True) if fit >= UNSURE}


def _reason(items: Sequence[Item], cluster: Cluster, name: Name) -> str:
    if name.by == "trip":
        booked = any(items[member].family == Family.DOCUMENTS for member in cluster.members)
        return "taken on these days, " + ("with the papers for them" if booked else "far from home")
    if name.terms:
        return ", ".join(name.terms[:4])
    if name.topics:
        return ", ".join(topic.lower() for topic, _ in name.topics[:3])
    return f"{str(cluster.family).lower()} that are alike"


def _targets(
    root: str,
    items: Sequence[Item],
    free: Sequence[Item],
    places: Sequence[Place],
    leads: dict[str, str],
    options: PlanOptions,
) -> Plan:
    folder_of: dict[str, str] = {item.path: item.folder for item in items}
    new_name: dict[str, str] = {}
    order: list[str] = []
    for place in sorted(places, key=_shown):
        for member in place.members:
            item = free[member]
            folder_of[item.path] = "/".join(place.parts)
            order.append(item.path)
            if options.rename and not place.fixed:
                new_name[item.path] = _better_name(item)
    arranged = set(order)
    order += [item.path for item in items if item.path not in arranged]
    for path, lead in leads.items():
        folder_of[path] = folder_of[lead]
        if lead in new_name:
            name, old = posixpath.basename(path), posixpath.basename(lead)
            new_name[path] = companion_name(name, old, new_name[lead])
    known = {item.path: item for item in items}
    order.sort(key=lambda path: folder_of[path])
    wanted = [
        (path, posixpath.join(folder_of[path], new_name.get(path, posixpath.basename(path))))
        for path in order
    ]
    targets = unique_targets(wanted)
    moves = tuple(
        Move(
            path,
            target,
            known[path].size,
            known[path].mtime_ns,
            known[path].digest,
            posixpath.dirname(target),
        )
        for (path, _), target in zip(wanted, targets, strict=True)
    )
    folders = {place.parts: Folder("/".join(place.parts), place.reason, place.confidence)
               for place in sorted(places, key=_shown)}  # fmt: skip
    shown = {name: value for name, value in asdict(options).items() if value}
    shown["keep"], shown["taxonomy"] = list(options.keep), list(options.taxonomy)
    return Plan(root, tuple(folders.values()), moves, shown)


def _shown(place: Place) -> tuple[bool, tuple[str, ...]]:
    return place.parts == (UNSORTED,), place.parts


def _better_name(item: Item) -> str:
    """A file name from the day and the title; the old one without a title or a sound extension."""
    extension = posixpath.splitext(item.name)[1]
    title = item.title or item.caption
    if not title or len(title) < 4:
        return item.name
    words = f"{item.taken_at[:10]} {title}" if item.taken_at else title
    better = legal_file_name(words, extension)
    return item.name if problems(better) else better
