"""Vectors as they are stored: of one content, of a space.

How the nearest are found is the engines' own, see `backend.VectorIndex`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sqlalchemy import Connection, Select, func, select

from mammothbox.arrays import Vector
from mammothbox.store.found import Space
from mammothbox.store.schema import VECTORS


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
    return connection.scalar(_one_in(space)) is not None


@lru_cache(maxsize=16)
def _one_in(space: Space) -> Select[tuple[int]]:
    """Made once: every search asks."""
    return select(VECTORS.c.id).where(space.rows()).limit(1)
