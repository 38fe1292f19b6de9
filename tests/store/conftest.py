"""A real library in a new directory for each test, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammothbox.store import Store
from tests.store.making import Place


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    """Where the library of this test lies; nothing is there yet."""
    return Place(tmp_path / "library", database_url)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open(write=True) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """For what only SQLite has: files beside it, one writer."""
    with Place(tmp_path / "library", "").open(write=True) as opened:
        yield opened
