"""Rows as they are inserted: the columns of their tables but `id`, in order.

Tuples, which a driver takes as they are; batches of results are stored all day.
"""

from __future__ import annotations

from typing import NamedTuple


class ResultRow(NamedTuple):
    """Of `schema.RESULTS`."""

    digest: str
    step: str
    model: str
    revision: str
    outcome: str
    value: str | None
    error: str | None
    message: str | None
    seconds: float
    at: float


class PassageRow(NamedTuple):
    """Of `schema.PASSAGES`."""

    digest: str
    step: str
    field: str
    text: str
    words: str | None
    page: int | None
    start_s: float | None
    end_s: float | None


class VectorRow(NamedTuple):
    """Of `schema.VECTORS`."""

    digest: str
    step: str
    space: str
    model: str
    revision: str
    part: int
    page: int | None
    start_s: float | None
    text: str
    vector: bytes
