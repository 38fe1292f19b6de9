"""Vectors as they are stored: of one content, of a space, and what rows belong to.

How the nearest are found is the engines' own, see `backend.VectorIndex`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, exists, func, select

from mammothbox.records import Vector
from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import Near, Space
from mammothbox.store.schema import FILES, VECTORS


def look_up(
    connection: Connection,
    ids: npt.NDArray[np.int64],
    score: npt.NDArray[np.float32],
    filters: Filters,
) -> list[Near]:
    """What the vectors of `ids` belong to, in that order, less those gone or filtered."""
    live = exists().where(FILES.c.digest == VECTORS.c.digest, condition(filters))
    rows = {}
    for start in range(0, len(ids), 500):
        chunk = [int(number) for number in ids[start : start + 500]]
        query = select(
            VECTORS.c.id, VECTORS.c.digest, VECTORS.c.page, VECTORS.c.start_s, VECTORS.c.text
        ).where(VECTORS.c.id.in_(chunk), live)
        rows.update({row[0]: row[1:] for row in connection.execute(query)})
    return [
        Near(rows[n][0], float(s), *rows[n][1:])
        for n, s in zip(ids.tolist(), score, strict=True)
        if n in rows
    ]


def of_content(connection: Connection, digest: str, space: Space) -> list[Vector]:
    """The vectors of one content in `space`, in the order of its parts, float32."""
    query = select(VECTORS.c.vector).where(space.of_contents(), VECTORS.c.digest == digest)
    query = query.order_by(VECTORS.c.part)
    return [np.frombuffer(blob, "<f2").astype(np.float32) for blob in connection.scalars(query)]


def spaces(connection: Connection) -> list[tuple[Space, int]]:
    """Every space with the number of its vectors, most first."""
    key = (VECTORS.c.space, VECTORS.c.model, VECTORS.c.revision)
    query = select(*key, func.count().label("n")).group_by(*key).order_by(func.count().desc())
    return [(Space(row[0], row[1], row[2]), row[3]) for row in connection.execute(query)]


def any_in(connection: Connection, space: Space) -> bool:
    """Whether `space` has any vector at all."""
    query = select(VECTORS.c.id).where(space.rows()).limit(1)
    return connection.scalar(query) is not None
