"""Fixtures that every test may use, and two guards that watch over every test."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from bench.servers import Absent, PostgresServer, RedisServer, create_database, drop_database

# Two processes of tests share the cores, so OpenMP's threads that wait for each other must sleep.
# Where they span, training in small took 55 s beside another test and 14 s alone.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def media() -> Path:
    """The directory of real test media with ground truth, laid beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "media"
    folder = Path(os.environ.get("MAMMOTHBOX_TEST_MEDIA", default))
    if not folder.is_dir():
        reason = f"test media not found at {folder}; set MAMMOTHBOX_TEST_MEDIA to its directory"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def absent() -> Callable[[str], NoReturn]:
    """What to call when something a test needs is not there: skips here, fails in CI."""

    def missing(reason: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    return missing


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of examples that ships with the project."""
    return Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="session")
def postgres(absent: Callable[[str], NoReturn]) -> Iterator[str]:
    """A real PostgreSQL with pgvector: the address of a database where others can be made."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        server = PostgresServer()
    except Absent as error:
        absent(f"{error}; or set TEST_DATABASE_URL")
    with server:
        yield server.url("postgres")


@pytest.fixture(scope="session")
def redis(absent: Callable[[str], NoReturn]) -> Iterator[str]:
    """The address of a real Redis; libraries that share it do not meet."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    try:
        server = RedisServer()
    except Absent as error:
        absent(f"{error}; or set TEST_REDIS_URL")
    with server:
        yield server.url()


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The address of an empty database of PostgreSQL."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield create_database(postgres, name)
    drop_database(postgres, name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Empty for SQLite, then the address of an empty PostgreSQL: one suite judges both."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session", autouse=True)
def _libraries_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the library or settings of who runs it; weights are theirs.

    Set for the whole session, so that fixtures of wider scope and child processes are covered.
    """
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("person")
        patch.setenv("MAMMOTHBOX_LIBRARY", str(place / "library"))
        patch.setenv("MAMMOTHBOX_LEASES", str(place / "leases"))
        patch.setenv("MAMMOTHBOX_CONFIG", str(place / "config.toml"))
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        for name in ("BLIP_ENDPOINT", "CLIP_ENDPOINT", "WHISPER_ENDPOINT", "PHI35_ENDPOINT"):
            patch.delenv(name, raising=False)
        yield


class _Errors(logging.Handler):
    """Keeps what was logged as an error; unlike `caplog` it sees every phase of a test."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_error_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """An error in the log fails the test, unless it is marked `allow_error_log`."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    if handler.messages and request.node.get_closest_marker("allow_error_log") is None:
        pytest.fail("errors were logged:\n" + "\n".join(handler.messages))
