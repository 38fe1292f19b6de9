"""Sums over results that a run needs for its estimates and its status."""

from __future__ import annotations

import contextlib
from pathlib import Path

from sqlalchemy import Connection, func, select

from mammothbox.store.schema import FILES, RESULTS, TAG_EDITS
from mammothbox.store.sqlite.database import DATABASE_NAME


def step_seconds(connection: Connection) -> dict[str, float]:
    """Step → mean seconds a content took, over all results that took any time."""
    query = select(RESULTS.c.step, func.avg(RESULTS.c.seconds)).where(RESULTS.c.seconds > 0)
    return {row[0]: float(row[1]) for row in connection.execute(query.group_by(RESULTS.c.step))}


def labels_only(connection: Connection) -> int:
    """Contents that are there whose caption is made from their labels alone."""
    query = (
        select(func.count())
        .select_from(RESULTS)
        .where(RESULTS.c.step == "caption", RESULTS.c.outcome == "done")
        .where(RESULTS.c.value.like('%"from_labels":true%'))
        .where(RESULTS.c.digest.in_(select(FILES.c.digest).where(FILES.c.vanished_at.is_(None))))
    )
    return connection.scalar(query) or 0


def file_stamp(directory: Path) -> tuple[int, ...]:
    """Times and sizes of SQLite's files, empty where there are none.

    Every write changes them, except one that comes within a tick of the file system's clock (some
    milliseconds) after another and leaves the sizes as they are.
    """
    seen: list[int] = []
    for tail in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            status = (directory / (DATABASE_NAME + tail)).stat()
            seen += (status.st_mtime_ns, status.st_size)
    return tuple(seen)


def row_stamp(connection: Connection) -> tuple[int, ...]:
    """The newest rows and their numbers, for an engine without files."""
    live = FILES.c.vanished_at.is_(None)
    numbers = (
        select(func.count(), func.max(FILES.c.id), func.max(FILES.c.mtime_ns)).where(live),
        select(func.max(RESULTS.c.id), func.count(RESULTS.c.id)),
        select(func.count(), func.max(TAG_EDITS.c.at)),
    )
    rows = [connection.execute(query).one() for query in numbers]
    return tuple(int((value or 0) * 1000) for row in rows for value in row)
