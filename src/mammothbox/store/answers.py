"""Small remembered things: answers of models by prompt, and the library's own values."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import Connection, select

from mammothbox.store.schema import ANSWERS, META
from mammothbox.store.upsert import insert
from mammothbox.store.words import clean


def get(connection: Connection, prompt: str) -> str | None:
    """The text kept for this prompt digest, or None."""
    return connection.scalar(select(ANSWERS.c.text).where(ANSWERS.c.prompt == prompt))


def put(connection: Connection, texts: Mapping[str, str]) -> None:
    """Keep texts by prompt digest; the first answer stays, so that re-runs give the same text."""
    rows = [{"prompt": key, "text": clean(text), "at": time.time()} for key, text in texts.items()]
    if rows:
        connection.execute(insert(connection, ANSWERS).on_conflict_do_nothing(), rows)


def get_meta(connection: Connection, key: str) -> str | None:
    """A value of the library itself, or None."""
    return connection.scalar(select(META.c.value).where(META.c.key == key))


def first_meta(connection: Connection, key: str, value: str) -> str:
    """Keep a value unless there is one; returns the one that is there then."""
    statement = insert(connection, META).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_nothing())
    return get_meta(connection, key) or value


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Keep a value of the library itself."""
    statement = insert(connection, META).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )
