"""One flat file of float32 vectors, memory-mapped, and the scores of all of them against a query.

Three files: ``NAME.f32`` (rows), ``NAME.ids`` (one int64 a row, growing) and ``NAME.json`` (count,
dimensions, checksums), the last replaced atomically after the others are on disk. So bytes beyond
the count are a torn append, and are overwritten; fewer bytes or wrong checksums mean damage, and
the whole is built again from the database. This module knows nothing of databases or files.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FORMAT = 2
FORMER = ".f16"
"""Ending of the rows of format 1, which were float16."""

Rows = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """Rows (N x dimensions, float32, memory-mapped) and their ids (N, int64, growing)."""

    rows: Rows
    ids: Ids

    @property
    def last_id(self) -> int:
        """The greatest id, 0 when empty."""
        return int(self.ids[-1]) if len(self.ids) else 0


def empty(dimensions: int) -> Flat:
    """A flat file without rows."""
    return Flat(np.empty((0, dimensions), np.float32), np.empty(0, np.int64))


def _crc(array: npt.NDArray[Any]) -> int:
    return zlib.crc32(array.data)


def _paths(base: Path) -> tuple[Path, Path, Path]:
    return base.with_suffix(".f32"), base.with_suffix(".ids"), base.with_suffix(".json")


def _meta(base: Path, dimensions: int) -> dict[str, Any] | None:
    try:
        meta: dict[str, Any] = json.loads(_paths(base)[2].read_text())
        fits = meta["format"] == _FORMAT and meta["dimensions"] == dimensions
        sums = [(int(count), int(crc)) for count, crc in meta["appends"]]
        return (
            {**meta, "appends": sums} if fits and meta["count"] == sum(c for c, _ in sums) else None
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load(base: Path, dimensions: int, *, thorough: bool = False) -> Flat | None:
    """Map the file, or None where there is none or it is damaged.

    Args:
        base: path without a suffix.
        dimensions: length of a row.
        thorough: check every byte's sum; else those of the ids and of the last append.
    """
    meta = _meta(base, dimensions)
    if meta is None:
        return None
    count = meta["count"]
    if not count:
        return empty(dimensions)
    rows_path, ids_path, _ = _paths(base)
    try:
        rows = np.memmap(rows_path, np.dtype("<f4"), "r", shape=(count, dimensions))
        ids = np.fromfile(ids_path, np.dtype("<i8"), count)
    except (OSError, ValueError):
        return None
    if len(ids) != count or _crc(ids) != meta["ids_crc"]:
        return None
    return Flat(rows, ids) if _sums_fit(rows, meta["appends"], thorough=thorough) else None


def _sums_fit(rows: Rows, appends: list[tuple[int, int]], *, thorough: bool) -> bool:
    start = 0 if thorough else len(rows) - appends[-1][0]
    for count, crc in appends if thorough else appends[-1:]:
        if _crc(rows[start : start + count]) != crc:
            return False
        start += count
    return True


def _write_at(path: Path, offset: int, data: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _merged(appends: list[tuple[int, int]], whole: Rows) -> list[tuple[int, int]]:
    """Keep the list short: past 64 appends one sum covers them all."""
    return appends if len(appends) <= 64 else [(len(whole), _crc(whole))]


def append(base: Path, old: Flat, rows: Rows, ids: Ids) -> Flat | None:
    """Add rows after those of `old`, durably; None when what is on disk is not `old`."""
    dimensions = rows.shape[1]
    rows_path, ids_path, meta_path = _paths(base)
    meta = _meta(base, dimensions) or {"count": 0, "appends": []}
    if meta["count"] != len(old.ids):
        return None
    rows = np.ascontiguousarray(rows, dtype="<f4")
    all_ids = np.concatenate([old.ids, np.asarray(ids, dtype="<i8")])
    _write_at(rows_path, len(old.ids) * dimensions * 4, rows.tobytes())
    _write_at(ids_path, len(old.ids) * 8, all_ids[len(old.ids) :].tobytes())
    whole = np.memmap(rows_path, np.dtype("<f4"), "r", shape=(len(all_ids), dimensions))
    meta = {
        "format": _FORMAT,
        "dimensions": dimensions,
        "count": len(all_ids),
        "ids_crc": _crc(all_ids),
        "appends": _merged([*meta["appends"], (len(rows), _crc(rows))], whole),
    }
    fresh = meta_path.with_suffix(".json.new")
    _write_at(fresh, 0, b"")
    os.truncate(fresh, 0)
    _write_at(fresh, 0, json.dumps(meta).encode())
    fresh.replace(meta_path)
    return Flat(whole, all_ids)


def remove(base: Path) -> None:
    """Delete the three files; they can be derived again. The description goes first."""
    for path in (*reversed(_paths(base)), base.with_suffix(FORMER)):
        path.unlink(missing_ok=True)


def scores(rows: Rows, query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Cosine of each row with `query` (both L2-normalised): N, float32, by all cores."""
    product: npt.NDArray[np.float32] = np.asarray(rows) @ np.asarray(query, np.float32)
    return product
