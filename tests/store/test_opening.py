"""Who may open a library, and what it survives: locks, ages, places, and the end of a process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from mammothbox.errors import LibraryLocked, LibraryTooNew, LibraryUnfit, NotFound
from mammothbox.records import Kind
from mammothbox.store import Store, migrations, open_store, owned_files
from mammothbox.store.place import check_fit, file_system
from mammothbox.store.sqlite.database import DATABASE_NAME
from tests.store.making import Place, digest, done, ref, unit

SOURCE = Path(__file__).resolve().parents[2]


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(SOURCE / "src"), str(SOURCE)])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


HOLD = """
import sys
from pathlib import Path
from mammothbox.store import open_store
with open_store(Path(sys.argv[1]), url=sys.argv[2], write=True):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_writes_and_readers_go_on(place: Place) -> None:
    holder = child(HOLD, str(place.directory), place.url)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LibraryLocked, match=rf"[: ]{holder.pid}\b"):
            place.open(write=True)
        with place.open(write=False) as reader:
            assert reader.files() == []
        holder.kill()
        holder.wait(30)
        _soon(lambda: place.open(write=True)).close()
    finally:
        holder.kill()
        holder.communicate()


def _soon(call: Callable[[], Store]) -> Store:
    """A server notices the end of a client a moment later than the client's parent."""
    for _ in range(100):
        with contextlib.suppress(LibraryLocked):
            return call()
        time.sleep(0.05)
    return call()


def test_a_reader_reads_while_the_writer_writes(store: Store, place: Place) -> None:
    stop, seen, wrong = threading.Event(), [0], []

    def read() -> None:
        with place.open(write=False) as reader:
            while not stop.is_set():
                words, near = len(reader.match_words("kite", limit=999)), reader.counts()
                if not (seen[-1] <= words <= near.passages) or words % 5:
                    wrong.append((seen[-1], words, near))
                seen.append(words)

    thread = threading.Thread(target=read)
    thread.start()
    for start in range(0, 100, 5):
        names = [f"{start + n}" for n in range(5)]
        store.record_files([ref(f"/{name}", name) for name in names])
        store.commit([done(name, text="kite", vectors=[unit(1)]) for name in names])
    stop.set()
    thread.join(30)
    assert wrong == []
    assert len(store.match_words("kite", limit=999)) == 100


def test_a_reader_cannot_write(store: Store, place: Place) -> None:
    with (
        place.open(write=False) as reader,
        pytest.raises(Exception, match=r"read-?only"),
    ):
        reader.record_files([ref("/a")])


def test_nothing_to_read_is_said(place: Place) -> None:
    with pytest.raises(NotFound, match="mammothbox ingest"):
        place.open(write=False)
    assert not place.directory.exists()


def test_a_newer_library_is_refused_and_left_as_it_is(store: Store, place: Place) -> None:
    with store._writing("test") as connection:
        connection.exec_driver_sql("INSERT INTO migrations VALUES ('m999_from_the_future')")
    store.close()
    for write in (True, False):
        with pytest.raises(LibraryTooNew, match="m999_from_the_future"):
            place.open(write=write)
    with pytest.raises(LibraryTooNew):  # and the lock was let go
        place.open(write=True)


def test_an_older_library_is_upgraded_in_one_step(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def m900_more(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE more (x integer)")

    def m901_broken(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE broken (x integer)")
        raise OSError("no space left")

    store.record_files([ref("/a")])
    monkeypatch.setattr(migrations, "ALL", (*migrations.ALL, m900_more))
    with pytest.raises(LibraryLocked):  # the fixture still writes
        place.open(write=False)
    store.close()
    with place.open(write=False) as reader:
        assert len(reader.files()) == 1
        with reader._reading() as connection:
            tables = inspect(connection).get_table_names()
    monkeypatch.setattr(migrations, "ALL", (*migrations.ALL, m901_broken))
    with pytest.raises(OSError, match="no space"):
        place.open(write=True)
    monkeypatch.setattr(migrations, "ALL", migrations.ALL[:-1])
    with place.open(write=True) as store, store._reading() as connection:
        assert len(store.files()) == 1
        assert "broken" not in inspect(connection).get_table_names()
    assert "more" in tables


def test_network_file_systems_are_refused(tmp_path: Path) -> None:
    table = [("/", "ext4"), (str(tmp_path.parent), "ext4"), (str(tmp_path), "nfs4")]
    with pytest.raises(LibraryUnfit, match="network file system"):
        check_fit(tmp_path, table)
    check_fit(tmp_path, [("/", "nfs4"), (str(tmp_path), "ext4")])
    check_fit(tmp_path, [("/", "ext4"), (str(tmp_path)[:-1], "nfs4")])
    assert file_system(tmp_path) != ""


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryUnfit):
        open_store(tmp_path / "file", write=True)


def test_owned_files_are_the_librarys_alone(sqlite_store: Store) -> None:
    store = sqlite_store
    (store.directory / "mine.txt").write_text("a person's")
    store.record_files([ref("/a", "a")])
    store.commit([done("a", vectors=[unit(1)])])
    store.nearest("joint", "m", "1", unit(1))
    names = {path.name for path in owned_files(store.directory)}
    assert {DATABASE_NAME, "lock"} < names
    assert "mine.txt" not in names
    everything = {path for path in store.directory.rglob("*") if path.is_file()}
    assert everything - set(owned_files(store.directory)) == {store.directory / "mine.txt"}


KILLED = """
import os, signal, sys
from pathlib import Path
from mammothbox.store import open_store
from tests.store.making import done, ref, unit
call, moment = sys.argv[2], sys.argv[3]
def on_call(name, when):
    if (name, when) == (call, moment):
        os.kill(os.getpid(), signal.SIGKILL)
with open_store(Path(sys.argv[1]), url=sys.argv[4], write=True, on_call=on_call) as store:
    store.record_files([ref("/a", "a"), ref("/b", "b")])
    store.commit([done(n, text="kite", tags=["t"], vectors=[unit(1)]) for n in "ab"])
"""


@pytest.mark.parametrize(
    ("call", "moment", "files", "results"),
    [
        ("record_files", "before", 0, 0),
        ("record_files", "after", 2, 0),
        ("commit", "before", 2, 0),
        ("commit", "after", 2, 2),
    ],
)
def test_kill_leaves_whole_transactions(
    place: Place, call: str, moment: str, files: int, results: int
) -> None:
    process = child(KILLED, str(place.directory), call, moment, place.url)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    with _soon(lambda: place.open(write=True)) as store:
        assert len(store.files()) == files
        assert len(store.match_words("kite")) == results
        assert len(store.match_names("a")) == min(files, 1)
        counts = store.counts()
        assert (counts.passages, counts.vectors) == (results, results)
        assert len(store.nearest("joint", "m", "1", unit(1))) == results
        assert len(store.pending("caption", "m", "1", [Kind.IMAGE])) == files - results
        assert len(store.results([digest("a")])[digest("a")]) == min(results, 1)
        check_words(store)


def check_words(store: Store) -> None:
    """That word index and text agree: FTS5's own check, or the same words made anew."""
    with store._writing("test") as connection:
        if connection.dialect.name == "postgresql":
            for index, table in (("passage_words", "passages"), ("name_words", "files")):
                wrong = (
                    f"SELECT count(*) FROM {index} AS w FULL JOIN {table} AS t USING (id) WHERE"
                    " to_tsvector('mammothbox_words', coalesce(t.words, '')) IS DISTINCT FROM"
                    " w.words AND t.words IS NOT NULL OR w.id IS NULL OR t.id IS NULL"
                )
                assert connection.exec_driver_sql(wrong).scalar() == 0
            return
        for index in ("passages_fts", "names_fts"):
            connection.exec_driver_sql(
                f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"
            )


ENDLESS = """
import sys
from pathlib import Path
from mammothbox.store import open_store
from tests.store.making import done, ref, unit
with open_store(Path(sys.argv[1]), url=sys.argv[2], write=True) as store:
    for batch in range(10_000):
        names = [f"{batch}-{n}" for n in range(7)]
        store.record_files([ref("/" + name, name) for name in names])
        store.commit([done(n, text="kite", vectors=[unit(1, 2)]) for n in names])
        store.commit([done(n, revision="2", text="boat", vectors=[unit(2, 1)]) for n in names])
        store.nearest("joint", "m", "2", unit(2, 1))
        print(batch, flush=True)
"""


@pytest.mark.parametrize("delay_s", [0.05, 0.2, 0.4])
def test_kill_at_any_moment_leaves_whole_batches(place: Place, delay_s: float) -> None:
    process = child(ENDLESS, str(place.directory), place.url)
    assert process.stdout is not None
    process.stdout.readline()
    threading.Event().wait(delay_s)
    process.kill()
    rest, _ = process.communicate(timeout=60)
    finished = rest.count("\n")
    with _soon(lambda: place.open(write=True)) as store:
        kites, boats = (len(store.match_words(word, limit=10**6)) for word in ("kite", "boat"))
        assert kites % 7 == boats % 7 == 0
        assert boats >= 7 * finished
        assert len(store.nearest("joint", "m", "2", unit(2, 1), limit=10**6)) == boats
        check_words(store)


def test_owner_alone_may_read_the_library(store: Store) -> None:
    assert store.directory.stat().st_mode & 0o077 == 0
