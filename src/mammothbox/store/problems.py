"""Files of the last scan that have no content to know: left alone by a rule, or unreadable.

They have no digest, so they are kept by path, and replaced whenever their root is scanned again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from mammothbox.store.filters import below
from mammothbox.store.schema import PROBLEMS
from mammothbox.store.words import clean


@dataclass(frozen=True, slots=True)
class Problem:
    """A path without content.

    Attributes:
        path: absolute; a whole folder counts once.
        outcome: ``skipped`` or ``failed``.
        error: class name from `mammothbox.errors` when failed, else empty.
        message: the reason, one line.
    """

    path: str
    outcome: str
    error: str
    message: str


def replace_problems(
    connection: Connection, roots: Sequence[str], problems: Iterable[Problem]
) -> None:
    """What the scan of `roots` met instead of what an earlier one did."""
    for root in roots:
        connection.execute(delete(PROBLEMS).where(below(PROBLEMS.c.path, root)))
    rows = {
        os.fsencode(item.path): {
            "path": os.fsencode(item.path),
            "outcome": item.outcome,
            "error": item.error,
            "message": clean(item.message),
        }
        for item in problems
    }
    if rows:
        paths = list(rows)
        for start in range(0, len(paths), 500):
            some = paths[start : start + 500]
            connection.execute(delete(PROBLEMS).where(PROBLEMS.c.path.in_(some)))
        connection.execute(insert(PROBLEMS), list(rows.values()))


def problems(connection: Connection, outcome: str) -> list[Problem]:
    """All with this outcome, by path."""
    query = select(PROBLEMS.c.path, PROBLEMS.c.outcome, PROBLEMS.c.error, PROBLEMS.c.message)
    query = query.where(PROBLEMS.c.outcome == outcome).order_by(PROBLEMS.c.path)
    return [Problem(os.fsdecode(row[0]), *row[1:]) for row in connection.execute(query)]
