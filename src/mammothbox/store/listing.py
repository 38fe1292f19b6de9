"""The whole library as one list to look through, newest first, and what it can be narrowed by.

Made for a grid of a hundred thousand tiles: few columns a file, read in one go. Knows nothing of
pages or pictures.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from mammothbox.records import Digest, Kind
from mammothbox.store.filters import Filters, condition
from mammothbox.store.schema import FILES, ITEMS, MODEL_TAGS, RESULTS, ROOTS, TAG_EDITS


class Listed(NamedTuple):
    """One path of the list.

    Attributes:
        when: ISO 8601 to the second, local: taken, else modified.
        path, digest, kind: the file.
        width, height: pixels; 0 where there are none.
        duration_s: of sound and video; 0 else.
    """

    when: str
    path: str
    digest: Digest
    kind: Kind
    width: int
    height: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Choices:
    """What files can be narrowed by; each maps a value to the number of files, most first.

    Attributes:
        kinds, languages, tags: as `Filters` take them; tags as people left them, at most 500.
        folders: absolute path → files directly in it, by path.
        places: (latitude, longitude, digest) of what has coordinates.
    """

    kinds: dict[str, int]
    languages: dict[str, int]
    tags: dict[str, int]
    folders: dict[str, int]
    places: list[tuple[float, float, str]]


def listing(connection: Connection, filters: Filters) -> list[Listed]:
    """Every file that passes the filters, newest first, equal times by path.

    Only what is done has a value; asked for by its outcome, SQLite would go through the facts of
    all files for each of them.
    """
    facts = and_(
        RESULTS.c.digest == FILES.c.digest, RESULTS.c.step == "facts", RESULTS.c.value.is_not(None)
    )
    query = (
        select(FILES.c.path, FILES.c.digest, FILES.c.kind, FILES.c.mtime_ns, RESULTS.c.value)
        .join_from(FILES, RESULTS, facts, isouter=True)
        .where(condition(filters))
    )
    kinds = {kind.value: kind for kind in Kind}
    found: dict[str, Listed] = {}
    for path, digest, kind, mtime_ns, value in connection.execute(query):
        known = json.loads(value) if value else {}
        when = str(known.get("taken_at") or "")[:19] or _local(mtime_ns)
        name = os.fsdecode(path)
        size = known.get("width") or 0, known.get("height") or 0
        found[name] = Listed(
            when, name, Digest(digest), kinds[kind], *size, known.get("duration_s") or 0.0
        )
    return sorted(found.values(), key=_newest_first)


def _newest_first(entry: Listed) -> tuple[str, str]:
    return entry.when.translate(_BACKWARDS), entry.path


_BACKWARDS = str.maketrans("0123456789", "9876543210")
"""Turns the order of times round while paths keep theirs."""


def _local(mtime_ns: int) -> str:
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000).isoformat()
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00"


def choices(connection: Connection) -> Choices:
    """What there is to narrow by."""
    live = FILES.c.vanished_at.is_(None)
    there = select(FILES.c.digest).where(live)
    kinds = select(FILES.c.kind, func.count()).where(live).group_by(FILES.c.kind)
    spoken = select(ITEMS.c.language, func.count()).where(
        ITEMS.c.language.is_not(None), ITEMS.c.digest.in_(there)
    )
    placed = select(ITEMS.c.latitude, ITEMS.c.longitude, ITEMS.c.digest).where(
        ITEMS.c.latitude.is_not(None), ITEMS.c.longitude.is_not(None), ITEMS.c.digest.in_(there)
    )
    folders = Counter(
        os.path.dirname(os.fsdecode(path))  # noqa: PTH120 - exact names, never normalised
        for path in connection.scalars(select(FILES.c.path).where(live))
    )
    return Choices(
        kinds=_counted(connection.execute(kinds).all()),
        languages=_counted(connection.execute(spoken.group_by(ITEMS.c.language)).all()),
        tags=_tags(connection, set(connection.scalars(there))),
        folders=dict(sorted(folders.items())),
        places=[(row[0], row[1], row[2]) for row in connection.execute(placed)],
    )


def _counted(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    return dict(
        sorted(((name, number) for name, number in rows), key=lambda row: (-row[1], row[0]))
    )


def _tags(connection: Connection, there: set[str]) -> dict[str, int]:
    said = select(MODEL_TAGS.c.digest, MODEL_TAGS.c.tag)
    pairs = {(row[0], row[1]) for row in connection.execute(said)}
    for row in connection.execute(select(TAG_EDITS)):
        (pairs.discard if row.removed else pairs.add)((row.digest, row.tag))
    number = Counter(tag for digest, tag in pairs if digest in there)
    return dict(number.most_common(500))


def roots(connection: Connection) -> list[str]:
    """Every folder that was ever scanned."""
    return [os.fsdecode(path) for path in connection.scalars(select(ROOTS.c.path))]
