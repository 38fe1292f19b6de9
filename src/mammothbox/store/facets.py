"""What filters need of a result, copied into columns as it is committed.

Reads the values of ``facts`` (taken_at, gps, phash), ``transcript`` (language), and of the steps
that give tags. Other steps have nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, tuple_

from mammothbox.records import Json
from mammothbox.store.filters import normal_tag
from mammothbox.store.schema import ITEMS, MODEL_TAGS
from mammothbox.store.upsert import insert

TAGGING = ("outline", "describe")
"""Steps that give tags: by code, and by the writer; both count."""


_CHUNK = 250
"""Pairs named at once; SQLite limits the number of variables in a statement."""


def _of_facts(value: Json) -> dict[str, Any]:
    latitude, longitude = value.get("gps") or (None, None)
    return {
        "taken_at": value.get("taken_at"),
        "latitude": latitude,
        "longitude": longitude,
        "phash": value.get("phash"),
    }


def record_facets(connection: Connection, found: Sequence[tuple[str, str, Json]]) -> None:
    """Copy what values say about date, place, language and tags.

    Args:
        found: (digest, step, value), no (digest, step) twice.
    """
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for digest, step, value in found:
        columns: dict[str, Any] = {}
        if step == "facts":
            columns = _of_facts(value)
        if step in ("transcript", "describe", "chunks") and value.get("language"):
            columns = {"language": str(value["language"]).lower()[:16]}
        if columns:
            kinds.setdefault(tuple(columns), []).append({"digest": digest, **columns})
    for names, rows in kinds.items():
        statement = insert(connection, ITEMS)
        fresh = {name: statement.excluded[name] for name in names}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["digest"], set_=fresh), rows
        )
    _record_tags(connection, [one for one in found if one[1] in TAGGING])


def _record_tags(connection: Connection, found: Sequence[tuple[str, str, Json]]) -> None:
    for start in range(0, len(found), _CHUNK):
        keys = [(digest, step) for digest, step, _ in found[start : start + _CHUNK]]
        mine = tuple_(MODEL_TAGS.c.digest, MODEL_TAGS.c.step).in_(keys)
        connection.execute(delete(MODEL_TAGS).where(mine))
    rows = [
        {"digest": digest, "step": step, "tag": tag}
        for digest, step, value in found
        for tag in sorted({normal_tag(str(tag)) for tag in value.get("tags") or ()} - {""})
    ]
    if rows:
        connection.execute(insert(connection, MODEL_TAGS), rows)
