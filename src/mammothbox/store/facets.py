"""What filters need of a result, copied into columns as it is committed.

Reads the values of ``facts`` (taken_at, gps, phash), ``transcript`` (language), and of the steps
that give tags. Other steps have nothing of the kind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete

from mammothbox.records import Json
from mammothbox.store.filters import normal_tag
from mammothbox.store.schema import ITEMS, MODEL_TAGS
from mammothbox.store.upsert import insert

TAGGING = ("outline", "describe")
"""Steps that give tags: by code, and by the writer; both count."""


def _of_facts(value: Json) -> dict[str, Any]:
    latitude, longitude = value.get("gps") or (None, None)
    return {
        "taken_at": value.get("taken_at"),
        "latitude": latitude,
        "longitude": longitude,
        "phash": value.get("phash"),
    }


def record_facets(connection: Connection, digest: str, step: str, value: Json) -> None:
    """Copy what `value` says about date, place, language and tags."""
    columns: dict[str, Any] = {}
    if step == "facts":
        columns = _of_facts(value)
    if step in ("transcript", "describe", "chunks") and value.get("language"):
        columns = {"language": str(value["language"]).lower()[:16]}
    if columns:
        statement = insert(connection, ITEMS).values(digest=digest, **columns)
        connection.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=columns))
    if step in TAGGING:
        mine = (MODEL_TAGS.c.digest == digest, MODEL_TAGS.c.step == step)
        connection.execute(delete(MODEL_TAGS).where(*mine))
        tags = {normal_tag(str(tag)) for tag in value.get("tags") or ()} - {""}
        if tags:
            connection.execute(
                insert(connection, MODEL_TAGS),
                [{"digest": digest, "step": step, "tag": tag} for tag in sorted(tags)],
            )
