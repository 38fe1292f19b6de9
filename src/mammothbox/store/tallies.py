"""Sums over results that a run needs for its estimates and its status."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from mammothbox.store.schema import FILES, RESULTS


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
