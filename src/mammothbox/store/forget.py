"""Forgetting: the rows of paths, and all that is known of contents that no path holds any more."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, select

from mammothbox.store import contexts
from mammothbox.store.backend import WordIndex
from mammothbox.store.filters import under
from mammothbox.store.results import drop_passages
from mammothbox.store.schema import (
    FILES,
    ITEMS,
    MODEL_TAGS,
    NOT_DUPLICATES,
    RESULTS,
    TAG_EDITS,
    VECTORS,
)

_BY_DIGEST = (RESULTS, VECTORS, ITEMS, MODEL_TAGS, TAG_EDITS)


def forget(connection: Connection, words: WordIndex, path: str) -> int:
    """Forget the file `path`, or everything below the folder `path`; returns how many paths.

    What is known of a content goes with its last path, a person's tags included; what was said of
    the path goes too.
    """
    contexts.drop(connection, path)
    rows = connection.execute(select(FILES.c.id, FILES.c.digest).where(under(path))).all()
    numbers = [row.id for row in rows]
    words.drop_names(connection, numbers)
    connection.execute(delete(FILES).where(under(path)))
    for digest in {row.digest for row in rows}:
        if connection.scalar(select(FILES.c.id).where(FILES.c.digest == digest).limit(1)) is None:
            _forget_content(connection, words, digest)
    return len(numbers)


def _forget_content(connection: Connection, words: WordIndex, digest: str) -> None:
    drop_passages(connection, words, digest, None)
    for table in _BY_DIGEST:
        connection.execute(delete(table).where(table.c.digest == digest))
    pair = or_(NOT_DUPLICATES.c.first == digest, NOT_DUPLICATES.c.second == digest)
    connection.execute(delete(NOT_DUPLICATES).where(pair))
