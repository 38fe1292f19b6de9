"""What a person said, which wins over every model: tags, and pictures that are no duplicates."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mammothbox.records import Digest
from mammothbox.store.filters import normal_tag
from mammothbox.store.schema import MODEL_TAGS, NOT_DUPLICATES, TAG_EDITS
from mammothbox.store.upsert import insert

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag in force: its name, and whether a person gave it (else a model did)."""

    name: str
    by_person: bool


def edit_tags(
    connection: Connection, digest: str, add: Iterable[str], remove: Iterable[str]
) -> None:
    """Remember a person's tags for a content; the last word on a tag counts."""
    edits = {normal_tag(tag): 0 for tag in add} | {normal_tag(tag): 1 for tag in remove}
    edits.pop("", None)
    for tag, removed in edits.items():
        statement = insert(connection, TAG_EDITS).values(
            digest=digest, tag=tag, removed=removed, at=time.time()
        )
        changes = {"removed": removed, "at": time.time()}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["digest", "tag"], set_=changes)
        )


def tags(connection: Connection, digests: Sequence[Digest]) -> dict[Digest, list[Tag]]:
    """Digest → tags in force, by name: the models', less those removed, and those added."""
    found: dict[Digest, dict[str, Tag]] = {digest: {} for digest in digests}
    for start in range(0, len(digests), _CHUNK):
        chunk = digests[start : start + _CHUNK]
        for row in connection.execute(select(MODEL_TAGS).where(MODEL_TAGS.c.digest.in_(chunk))):
            found[row.digest][row.tag] = Tag(row.tag, by_person=False)
        for row in connection.execute(select(TAG_EDITS).where(TAG_EDITS.c.digest.in_(chunk))):
            if row.removed:
                found[row.digest].pop(row.tag, None)
            else:
                found[row.digest][row.tag] = Tag(row.tag, by_person=True)
    return {digest: [named[name] for name in sorted(named)] for digest, named in found.items()}


def mark_not_duplicates(connection: Connection, digests: Sequence[Digest]) -> None:
    """Remember that each two of these contents are not duplicates of one another."""
    ordered = sorted(set(digests))
    pairs = [(a, b) for place, a in enumerate(ordered) for b in ordered[place + 1 :]]
    for first, second in pairs:
        connection.execute(
            insert(connection, NOT_DUPLICATES)
            .values(first=first, second=second)
            .on_conflict_do_nothing()
        )


def not_duplicates(connection: Connection) -> set[tuple[str, str]]:
    """All pairs told apart, the smaller digest first."""
    return {(row[0], row[1]) for row in connection.execute(select(NOT_DUPLICATES))}
