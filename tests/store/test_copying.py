"""A library copied to another engine is the same library, however often the copy was stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.servers import Absent, bundled, create_database, drop_database
from mammothbox.errors import LibraryError, UsageError
from mammothbox.records import Failed, Kind, Result, Skipped
from mammothbox.store import Store, copying
from mammothbox.store.copying import copy_library
from mammothbox.store.problems import Problem
from tests.store.making import Place, digest, done, ref, unit


def fill(store: Store, count: int = 60) -> None:
    names = [f"{number:03}" for number in range(count)]
    store.record_files([ref(f"/p/{name}.jpg", name) for name in names], ["/p"])
    store.commit([done(n, text=f"kite {n} 東京", tags=["x"], vectors=[unit(1, 2)]) for n in names])
    store.commit([done(n, "facts", taken_at="2024-05-31", gps=[1.5, -0.1]) for n in names[:20]])
    store.commit([done(n, "describe", tags=["dog", "sea"]) for n in names[:10]])
    store.commit([Result(digest("000"), "ocr", "m", "1", Skipped("nothing"))])
    store.commit([Result(digest("001"), "ocr", "m", "1", Failed("Corrupt", "torn"))])
    store.edit_tags(digest("002"), add=["mine"], remove=["dog"])
    store.not_duplicates([digest("003"), digest("004")])
    store.keep_answers({"f" * 64: "an answer"})
    store.set_meta("settled", "yes")
    store.replace_problems(["/p"], [Problem("/p/\udcff", "failed", "Unreadable", "no")])


def same(one: Store, other: Store) -> None:
    assert one.known(["/"]) == other.known(["/"])
    assert one.counts() == other.counts()
    assert one.failures() == other.failures()
    assert one.problems("failed") == other.problems("failed")
    digests = [found.digest for found in one.files()]
    assert repr(one.results(digests)) == repr(other.results(digests))
    assert one.tags(digests) == other.tags(digests)
    assert one.passages(digests) == other.passages(digests)
    for query in ("kite 007", "京", "nothing"):
        assert {m.digest for m in one.match_words(query)} == {
            m.digest for m in other.match_words(query)
        }
    assert len(other.match_names("p 007")) == len(one.match_names("p 007"))
    nears = [s.nearest("joint", "m", "1", unit(1, 2), limit=100) for s in (one, other)]
    assert {n.digest for n in nears[0]} == {n.digest for n in nears[1]}
    assert np.allclose([n.score for n in nears[0]], [n.score for n in nears[1]])


@pytest.fixture(params=["to the server", "from the server"])
def ends(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> tuple[Place, Place]:
    local, remote = Place(tmp_path / "a", ""), Place(tmp_path / "b", postgres_url)
    return (local, remote) if request.param == "to the server" else (remote, local)


def quiet(table: str, rows: int) -> None:
    pass


class Stop(Exception):
    pass


def stopping(after: int) -> Callable[[str, int], None]:
    calls = iter(range(after))

    def on_rows(table: str, rows: int) -> None:
        if next(calls, None) is None:
            raise Stop

    return on_rows


def test_a_copy_is_the_same_and_goes_on_where_it_was_stopped(
    ends: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "CHUNK", 7)
    with ends[0].open(write=True) as source:
        fill(source)
        for after in (3, 15):
            with ends[1].open(write=True) as target, pytest.raises(Stop):
                copy_library(source, target, stopping(after))
        # meanwhile the source went on
        source.commit([done("005", revision="2", text="a boat")])
        source.forget("/p/006.jpg")
        with ends[1].open(write=True) as target:
            report = copy_library(source, target, quiet)
            assert 0 < report.added < report.compared
            same(source, target)
            assert len(target.match_words("boat")) == 1
            # and it can be written to like any other
            target.record_files([ref("/q/new.jpg", "new", kind=Kind.IMAGE)])
            target.commit([done("new", text="a zebra", vectors=[unit(0, 0, 1)])])
            assert len(target.match_words("zebra")) == 1


def test_another_library_is_not_written_over(ends: tuple[Place, Place]) -> None:
    with ends[0].open(write=True) as source, ends[1].open(write=True) as target:
        fill(source, 3)
        fill(target, 2)
        with pytest.raises(UsageError, match="holds a library already"):
            copy_library(source, target, quiet)
        with pytest.raises(UsageError, match="the library itself"):
            copy_library(source, source, quiet)


def test_a_backup_of_the_server_comes_back_whole(
    postgres: str, postgres_url: str, tmp_path: Path, absent: Callable[[str], object]
) -> None:
    try:
        binaries = bundled("pgserver") / "pginstall" / "bin"
    except Absent as error:
        absent(f"pg_dump is not here: {error}")
    fresh = create_database(postgres, "test_restored")
    dump = tmp_path / "library.dump"
    try:
        with Place(tmp_path / "a", postgres_url).open(write=True) as store:
            fill(store)
            for command in (
                [str(binaries / "pg_dump"), "-Fc", "-f", str(dump), postgres_url],
                [str(binaries / "pg_restore"), "-d", fresh, str(dump)],
            ):
                subprocess.run(command, check=True, timeout=60, capture_output=True)
            with Place(tmp_path / "b", fresh).open(write=True) as restored:
                same(store, restored)
                restored.record_files([ref("/q/new.jpg", "new")])
                restored.commit([done("new", text="a zebra", vectors=[unit(0, 0, 1)])])
                assert len(restored.match_words("zebra")) == 1
    finally:
        drop_database(postgres, "test_restored")


def test_a_row_that_differs_in_the_end_is_told(
    ends: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ends[0].open(write=True) as source, ends[1].open(write=True) as target:
        fill(source, 3)

        def disturb(table: str, rows: int) -> None:
            if table == "problems" and not disturbed:
                disturbed.append(table)
                target.set_meta("settled", "no")

        disturbed: list[str] = []
        with pytest.raises(LibraryError, match="meta differs"):
            copy_library(source, target, disturb)
