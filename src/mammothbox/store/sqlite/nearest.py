"""The exact nearest vectors, through flat files.

Each (space, model, revision) has a flat file of its own, derived from the database, so vectors of
two models never meet. A search first brings the file up to date: new rows are appended by whoever
holds the small append lock, and read straight from the database by everybody else. Rows whose
vector is gone from the database are dropped when hits are looked up; a file that is opened with a
quarter of such rows is built anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, func, select

from mammothbox.arrays import Vector
from mammothbox.records import Digest
from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import Near, Space
from mammothbox.store.rows import VectorRow
from mammothbox.store.said import Said
from mammothbox.store.schema import FILES, VECTORS
from mammothbox.store.sqlite import flat
from mammothbox.store.sqlite.database import insert_rows
from mammothbox.store.words import ahead

FOLDER = "vectors"
_APPEND_LOCK = "append.lock"
_PART = 50_000
"""Rows appended at a time where many are new."""
_ASKED = 500
"""Rows looked up at a time."""

Number = TypeVar("Number", bound=np.generic)


class VectorFiles:
    """A `VectorIndex` of flat files, kept open between searches. Threads may share it."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER
        self._open: dict[str, flat.Flat] = {}
        self._guard = threading.Lock()

    def current(self, connection: Connection, space: Space, dimensions: int) -> list[flat.Flat]:
        """All vectors of `space` that the database has now, in one or two pieces."""
        with self._guard:
            name = space.file_name(dimensions)
            base = self._folder / name
            have = self._open.get(name)
            if have is None:
                have = flat.load(base, dimensions)
                if have is None or self._stale(connection, space, have):
                    have = self._rebuild(base, dimensions)
            have, tail = self._caught_up(connection, space, base, have)
            if len(tail.ids):
                joined = self._append(base, have, tail)
                self._open[name] = joined or have
                return [joined] if joined else [have, tail]
            self._open[name] = have
            return [have]

    def _caught_up(
        self, connection: Connection, space: Space, base: Path, have: flat.Flat
    ) -> tuple[flat.Flat, flat.Flat]:
        """(what the file holds, rows that it still lacks).

        Many new rows are appended a part at a time, so that memory stays small.
        """
        dimensions = have.rows.shape[1]
        while True:
            some = _rows_after(connection, space, have.last_id, dimensions, _PART)
            if len(some.ids) < _PART:
                return have, some
            joined = self._append(base, have, some)
            if joined is None:
                return have, _rows_after(connection, space, have.last_id, dimensions)
            have = joined

    def _stale(self, connection: Connection, space: Space, have: flat.Flat) -> bool:
        """Whether a quarter of the rows, and over a thousand, are gone from the database."""
        query = select(func.count(), func.max(VECTORS.c.id)).where(space.rows())
        row = connection.execute(query).one()
        dead = len(have.ids) - int(row[0])
        return dead > 1000 and dead * 4 > len(have.ids)

    def _rebuild(self, base: Path, dimensions: int) -> flat.Flat:
        with self._appending() as mine:
            if mine:
                flat.remove(base)
        return flat.empty(dimensions)

    def _append(self, base: Path, have: flat.Flat, tail: flat.Flat) -> flat.Flat | None:
        with self._appending() as mine:
            try:
                return flat.append(base, have, tail.rows, tail.ids) if mine else None
            except OSError:  # a full disk or a read-only library costs speed, not answers
                return None

    @contextlib.contextmanager
    def _appending(self) -> Iterator[bool]:
        """Yields whether this process may change the files now."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(
                self._folder / _APPEND_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def add(
        self, connection: Connection, rows: Sequence[VectorRow], ids: Sequence[int] | None = None
    ) -> None:
        """See `VectorIndex`; the files follow when the next search comes."""
        insert_rows(connection, VECTORS, rows, ids)

    def nearest(
        self, connection: Connection, space: Space, query: Vector, filters: Filters, limit: int
    ) -> list[Near]:
        """See `VectorIndex`; exact."""
        return _nearest(connection, self, space, query, filters, limit)


def _rows_after(
    connection: Connection, space: Space, last: int, dimensions: int, most: int | None = None
) -> flat.Flat:
    limit = -1 if most is None else most
    rows = _later(space, 2 * dimensions).rows(connection, {"last": last, "most": limit})
    joined = np.frombuffer(b"".join(row[1] for row in rows), "<f2").reshape(-1, dimensions)
    return flat.Flat(joined.astype(np.float32), np.array([row[0] for row in rows], np.int64))


@lru_cache(maxsize=16)
def _later(space: Space, size: int) -> Said:
    """The question for vectors of `size` bytes after one."""
    query = select(VECTORS.c.id, VECTORS.c.vector).where(
        space.rows(), VECTORS.c.id > bindparam("last"), func.length(VECTORS.c.vector) == size
    )
    return Said(query.order_by(VECTORS.c.id).limit(bindparam("most")))


def _nearest(
    connection: Connection,
    files: VectorFiles,
    space: Space,
    query: Vector,
    filters: Filters,
    limit: int,
) -> list[Near]:
    """The `limit` contents nearest to `query`, best first, one entry each; exact.

    Args:
        query: float32, L2-normalised.
        filters: contents of which no file passes are left out.
    """
    pieces = files.current(connection, space, len(query))
    ids = _joined([piece.ids for piece in pieces])
    score = _joined([flat.scores(piece.rows, query) for piece in pieces])
    found: dict[Digest, Near] = {}
    narrowed = False
    width, start = max(64, ahead(limit, narrow=filters.narrow)[0]), 0
    best = _best(score, width)
    while start < len(best):
        for near in _look_up(connection, ids[best[start:]], score[best[start:]], filters):
            found.setdefault(near.digest, near)
        if len(found) >= limit or len(best) == len(ids):
            break
        start, width = len(best), width * 4
        if width > 1000 and filters.narrow and not narrowed:
            narrowed = True
            keep = np.isin(ids, _allowed(connection, space, filters))
            ids, score, start = ids[keep], score[keep], 0
        best = _best(score, width)
    return list(found.values())[:limit]


def _joined(parts: list[npt.NDArray[Number]]) -> npt.NDArray[Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _look_up(
    connection: Connection,
    ids: npt.NDArray[np.int64],
    score: npt.NDArray[np.float32],
    filters: Filters,
) -> list[Near]:
    """What the vectors of `ids` belong to, in that order, less those gone or filtered."""
    rows: dict[int, Any] = {}
    for start in range(0, len(ids), _ASKED):
        some = ids[start : start + _ASKED].tolist()
        rows.update({row[0]: row for row in _belongings(connection, some, filters)})
    found = ((rows.get(number), s) for number, s in zip(ids.tolist(), score.tolist(), strict=True))
    return [Near(row[1], s, row[2], row[3], row[4]) for row, s in found if row]


def _belongings(connection: Connection, ids: list[int], filters: Filters) -> Sequence[Any]:
    """(id, digest, page, start_s, text) of vectors whose content passes."""
    if not filters.narrow:
        return _usual_owners(len(ids)).rows_for(connection, ids)
    asked = {f"id{at}": number for at, number in enumerate(ids)}
    return connection.execute(_owners(len(ids), filters), asked).all()


@lru_cache(maxsize=32)
def _usual_owners(count: int) -> Said:
    return Said(_owners(count, Filters()))


def _owners(count: int, filters: Filters) -> Select[Any]:
    """The question what `count` vectors belong to."""
    live = exists().where(FILES.c.digest == VECTORS.c.digest, condition(filters))
    told = (VECTORS.c[name] for name in ("id", "digest", "page", "start_s", "text"))
    numbers: list[BindParameter[int]] = [bindparam(f"id{at}") for at in range(count)]
    return select(*told).where(VECTORS.c.id.in_(numbers), live)


def _best(score: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.intp]:
    """Places of the `width` highest scores, highest first; ties by place."""
    if width < len(score):
        edge = np.partition(score, len(score) - width)[len(score) - width]
        places = np.nonzero(score >= edge)[0]
    else:
        places = np.arange(len(score))
    return places[np.argsort(-score[places], kind="stable")][:width]


def _allowed(connection: Connection, space: Space, filters: Filters) -> npt.NDArray[np.int64]:
    """Ids of the vectors whose content passes; a few contents are looked up one by one."""
    live = select(FILES.c.digest).where(condition(filters)).distinct()
    digests = connection.scalars(live.limit(1001)).all()
    ids = select(VECTORS.c.id)
    if len(digests) > 1000:
        query = ids.where(space.rows(), VECTORS.c.digest.in_(live))
        return np.array(connection.scalars(query).all(), np.int64)
    found: list[int] = []
    for start in range(0, len(digests), 500):
        few = VECTORS.c.digest.in_(digests[start : start + 500])
        found += connection.scalars(ids.where(space.of_contents(), few))
    return np.array(found, np.int64)
