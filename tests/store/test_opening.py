"""Who may open a library, and what it survives: locks, ages, places, and the end of a process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mammothbox.errors import LibraryLocked, LibraryTooNew, LibraryUnfit, NotFound
from mammothbox.records import Kind
from mammothbox.store import Store, migrations, open_store, owned_files
from mammothbox.store.place import check_fit, file_system
from mammothbox.store.sqlite.database import DATABASE_NAME
from tests.store.making import digest, done, ref, unit

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
with open_store(Path(sys.argv[1]), write=True):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_writes_and_readers_go_on(tmp_path: Path) -> None:
    holder = child(HOLD, str(tmp_path))
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LibraryLocked, match=f"process {holder.pid} "):
            open_store(tmp_path, write=True)
        with open_store(tmp_path, write=False) as reader:
            assert reader.files() == []
        holder.kill()
        holder.wait(30)
        open_store(tmp_path, write=True).close()
    finally:
        holder.kill()
        holder.communicate()


def test_a_reader_reads_while_the_writer_writes(store: Store) -> None:
    stop, seen, wrong = threading.Event(), [0], []

    def read() -> None:
        with open_store(store.directory, write=False) as reader:
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


def test_a_reader_cannot_write(store: Store) -> None:
    with (
        open_store(store.directory, write=False) as reader,
        pytest.raises(Exception, match="readonly"),
    ):
        reader.record_files([ref("/a")])


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="mammothbox ingest"):
        open_store(tmp_path / "none", write=False)
    assert not (tmp_path / "none").exists()


def test_a_newer_library_is_refused_and_left_as_it_is(store: Store) -> None:
    store.close()
    path = store.directory / DATABASE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migrations VALUES ('m999_from_the_future')")
    connection.close()
    for write in (True, False):
        with pytest.raises(LibraryTooNew, match="m999_from_the_future"):
            open_store(store.directory, write=write)
    with pytest.raises(LibraryTooNew):  # and the lock was let go
        open_store(store.directory, write=True)


def test_an_older_library_is_upgraded_in_one_step(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def m900_more(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE more (x)")  # type: ignore[attr-defined]

    def m901_broken(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE broken (x)")  # type: ignore[attr-defined]
        raise OSError("no space left")

    store.record_files([ref("/a")])
    monkeypatch.setattr(migrations, "ALL", (*migrations.ALL, m900_more))
    with pytest.raises(LibraryLocked):  # the fixture still writes
        open_store(store.directory, write=False)
    store.close()
    with open_store(store.directory, write=False) as reader:
        assert len(reader.files()) == 1
    monkeypatch.setattr(migrations, "ALL", (*migrations.ALL, m901_broken))
    with pytest.raises(OSError, match="no space"):
        open_store(store.directory, write=True)
    with sqlite3.connect(store.directory / DATABASE_NAME) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "more" in tables
    assert "broken" not in tables


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


def test_owned_files_are_the_librarys_alone(store: Store) -> None:
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
with open_store(Path(sys.argv[1]), write=True, on_call=on_call) as store:
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
    tmp_path: Path, call: str, moment: str, files: int, results: int
) -> None:
    process = child(KILLED, str(tmp_path), call, moment)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    with open_store(tmp_path, write=True) as store:
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
    """FTS5's own check that index and text agree."""
    with store._writing("test") as connection:
        for index in ("passages_fts", "names_fts"):
            connection.exec_driver_sql(
                f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"
            )


ENDLESS = """
import sys
from pathlib import Path
from mammothbox.store import open_store
from tests.store.making import done, ref, unit
with open_store(Path(sys.argv[1]), write=True) as store:
    for batch in range(10_000):
        names = [f"{batch}-{n}" for n in range(7)]
        store.record_files([ref("/" + name, name) for name in names])
        store.commit([done(n, text="kite", vectors=[unit(1, 2)]) for n in names])
        store.commit([done(n, revision="2", text="boat", vectors=[unit(2, 1)]) for n in names])
        store.nearest("joint", "m", "2", unit(2, 1))
        print(batch, flush=True)
"""


@pytest.mark.parametrize("delay_s", [0.05, 0.2, 0.4])
def test_kill_at_any_moment_leaves_whole_batches(tmp_path: Path, delay_s: float) -> None:
    process = child(ENDLESS, str(tmp_path))
    assert process.stdout is not None
    process.stdout.readline()
    threading.Event().wait(delay_s)
    process.kill()
    rest, _ = process.communicate(timeout=60)
    finished = rest.count("\n")
    with open_store(tmp_path, write=True) as store:
        kites, boats = (len(store.match_words(word, limit=10**6)) for word in ("kite", "boat"))
        assert kites % 7 == boats % 7 == 0
        assert boats >= 7 * finished
        assert len(store.nearest("joint", "m", "2", unit(2, 1), limit=10**6)) == boats
        check_words(store)


def test_owner_alone_may_read_the_library(store: Store) -> None:
    assert store.directory.stat().st_mode & 0o077 == 0
