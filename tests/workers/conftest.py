"""A library on fresh servers, and workers for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammothbox.settings import Settings, load_settings
from mammothbox.store import Store, open_store
from tests.workers.hiring import Crew


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str, redis: str) -> Settings:
    return load_settings(
        {},
        library=tmp_path / "library",
        database_url=postgres_url,
        redis_url=redis,
        decoders=1,
        batch_files=4,
        describe="groups",
    )


@pytest.fixture
def crew(settings: Settings) -> Iterator[Crew]:
    made = Crew(settings)
    yield made
    for process in made.all:
        process.kill()
        process.communicate()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.library, url=settings.database_url, write=True, shared=True) as opened:
        yield opened
