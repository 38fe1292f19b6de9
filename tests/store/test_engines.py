"""What only a server has, many writers and a graph of neighbours; both engines say the same."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import text

from mammothbox.errors import DatabaseAway, LibraryLocked, UsageError
from mammothbox.records import Kind
from mammothbox.store import Filters, Store, open_store
from mammothbox.store.postgres import nearest
from mammothbox.store.postgres.copying import packed
from mammothbox.store.postgres.lexing import lexed
from tests.store.making import Place, digest, done, ref

TEXTS = (
    *("a dog on the beach", "two dogs run along a beach at sunset", "the dog, the dog, the dog"),
    *("a cat", "Beaches of Zürich", "running", "he runs a bakery", "naïve café"),
    *(
        "e-mail: ann@example.org",
        "1,234.5 metres",
        "C++ and snake_case",
        "東京タワーに行った",
        "тест",
    ),
    *("a very long walk along the beach with the dog and with nobody else but the sea",),
)
QUERIES = (
    *("dog", "dogs beach", "run", '"the dog"', "beach zurich", "cafe naive", "mail", "example ann"),
    *("1 234", "snake", "京タワー", "ТЕСТ", "bak", '"dog on" beach', "walk sea nobody"),
    *("dog dog beach run", '"dog" dog dog beach'),
)


@pytest.fixture
def remote(tmp_path: Path, postgres_url: str) -> Place:
    return Place(tmp_path / "remote", postgres_url)


def fill(store: Store) -> None:
    names = [f"{number:02}" for number in range(len(TEXTS))]
    store.record_files([ref(f"/notes/{name}.txt", name, kind=Kind.DOCUMENT) for name in names])
    store.commit([done(name, text=text) for name, text in zip(names, TEXTS, strict=True)])


@pytest.mark.parametrize("query", QUERIES)
def test_both_engines_find_the_same_words_in_the_same_order(
    query: str, both: tuple[Store, Store]
) -> None:
    found = [
        [(match.digest, round(match.score, 3)) for match in store.match_words(query)]
        for store in both
    ]
    assert found[0], "a query that nothing answers compares nothing"
    assert sorted(found[0], key=lambda one: (-one[1], one[0])) == sorted(
        found[1], key=lambda one: (-one[1], one[0])
    )


@pytest.fixture(scope="module")
def both(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> object:
    from bench.servers import create_database, drop_database

    folder = tmp_path_factory.mktemp("both")
    url = create_database(postgres, "test_both")
    with (
        open_store(folder / "local", write=True) as local,
        open_store(folder / "remote", write=True, url=url) as remote,
    ):
        fill(local)
        fill(remote)
        yield local, remote
    drop_database(postgres, "test_both")


def test_words_are_split_as_fts5_splits_them() -> None:
    assert lexed("Zürich-Café's e_mail: a@b.org, 1.5") == (
        ["zurich", "cafe", "s", "e", "mail", "a", "b", "org", "1", "5"]
    )
    assert lexed("ガ 한국 ß") == ["ガ", "한국", "ß"]


def test_texts_compare_byte_by_byte(store: Store) -> None:
    store.record_files([ref(f"/{n}", n) for n in "abc"])
    for name, when in zip("abc", ("2024-05-31", "2024-05-31T23:00:00", "2024-06-01"), strict=True):
        store.commit([done(name, "facts", taken_at=when), done(name, text="kite")])
    found = store.match_words("kite", Filters(since="2024-05-31", until="2024-05-31"))
    assert {match.digest for match in found} == {digest("a"), digest("b")}


def test_the_graph_proposes_and_exact_scores_decide(
    remote: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT", 100)
    random = np.random.default_rng(3)
    centres = random.standard_normal((20, 32))
    rows = (
        centres[random.integers(0, 20, 1500)] + 0.3 * random.standard_normal((1500, 32))
    ).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [f"{number:05}" for number in range(1500)]
    with remote.open(write=True) as store:
        store.record_files([ref(f"/{int(name) % 2}/{name}", name) for name in names])
        store.commit([done(name, vectors=[row]) for name, row in zip(names, rows, strict=True)])
        with store._writing("test") as connection:
            connection.execute(text("ANALYZE"))
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # so few are as fast read
            table = nearest.table_of(store.spaces()[0][0], 32)
            shown = "EXPLAIN SELECT id FROM {} ORDER BY embedding <#> '{}' LIMIT 10"
            zeros = str([0] * 32)
            plan = "\n".join(connection.scalars(text(shown.format(table, zeros))))
        assert f"{table}_graph" in plan
        right = 0
        for query in rows[:50]:
            halves = rows.astype(np.float16).astype(np.float32) @ query
            true = {digest(names[place]) for place in np.argsort(-halves)[:10]}
            near = store.nearest("joint", "m", "1", query, limit=10)
            assert [n.score for n in near] == sorted((n.score for n in near), reverse=True)
            assert near[0].score == pytest.approx(1.0, abs=1e-3)
            right += len(true & {n.digest for n in near})
        assert right >= 0.95 * 500
        wide = store.nearest("joint", "m", "1", rows[0], limit=1200)
        assert len(wide) == 1200, "more than the graph gives"
        odd = store.nearest("joint", "m", "1", rows[0], Filters(folder="/1"), limit=600)
        assert len(odd) == 600, "a filter that half of all pass"


@pytest.mark.parametrize(("kind", "size"), [("vector(3)", 4), ("halfvec(3)", 2)])
def test_rows_are_packed_for_copy(kind: str, size: int) -> None:
    half = np.array([[1, -2, 0.5]], np.float16)
    data = packed(kind, np.array([7], np.int64), half).tobytes()
    assert data[:14] == b"\0\x02" + b"\0\0\0\x08" + (7).to_bytes(8, "big")
    assert int.from_bytes(data[14:18], "big") == 4 + 3 * size == len(data) - 18
    assert np.frombuffer(data[22:], f">f{size}").tolist() == [1, -2, 0.5]


def test_many_may_write_when_all_say_so(remote: Place) -> None:
    with remote.open(write=True, shared=True) as one, remote.open(write=True, shared=True) as two:
        with pytest.raises(LibraryLocked, match="REDIS_URL"):
            remote.open(write=True)
        names = [f"{number}" for number in range(30)]
        wrong: list[BaseException] = []

        def write(store: Store, order: list[str]) -> None:
            try:
                for _ in range(3):
                    store.record_files([ref(f"/{name}", name) for name in order])
                    store.commit([done(name, text="kite", tags=["x"]) for name in order])
                    store.commit([done(name, "facts", taken_at="2024") for name in order])
            except BaseException as error:
                wrong.append(error)

        threads = [
            threading.Thread(target=write, args=pair)
            for pair in ((one, names), (two, names[::-1]), (two, names[10:] + names[:10]))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        counts = one.counts()
        assert (counts.files, counts.passages) == (30, 30)
        assert counts.steps == {"caption": {"done": 30}, "facts": {"done": 30}}


def test_connections_that_broke_meanwhile_are_replaced(remote: Place) -> None:
    with remote.open(write=True) as store:
        fill(store)
        assert store.match_words("dog")
        with psycopg.connect(remote.url, autocommit=True) as other:
            ended = other.execute(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                " AND NOT EXISTS (SELECT FROM pg_locks AS l"
                "  WHERE l.pid = pg_stat_activity.pid AND locktype = 'advisory')"
            ).fetchone()
        assert ended
        assert ended[0] >= 1
        assert store.match_words("dog")
        store.commit([done("00", text="a wolf")])


def test_a_library_can_be_taken_out_of_the_server(remote: Place) -> None:
    with remote.open(write=True) as store:
        fill(store)
        store.commit([done("00", "embed", vectors=[np.eye(1, 8, dtype=np.float32)[0]])])
        assert store.server_bytes() > 100_000
        store.destroy()
    with remote.open(write=True) as store:
        assert store.counts().files == 0


def test_whoever_keeps_what_was_read_sees_that_something_was_written(
    remote: Place, tmp_path: Path
) -> None:
    for place in (remote, Place(remote.directory, "")):  # an older library may lie in the folder
        with place.open(write=True) as store:
            fill(store)
            before = store.stamp()
            store.edit_tags(digest("00"), add=["mine"])
            assert store.stamp() != before
    with remote.open(write=True) as store:
        before = store.stamp()
        store.edit_tags(digest("01"), add=["mine"])
        assert store.stamp() != before


def test_sqlite_pays_for_no_other_engine(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mammothbox.store import open_store;"
        "open_store(Path(sys.argv[1]), write=True).match_words('dog');"
        "import mammothbox.library, mammothbox.interfaces.cli.commands.search;"
        "names = ('psycopg', 'dramatiq', 'redis', 'sqlalchemy.dialects.postgresql');"
        "print([name for name in names if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "library")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_what_is_wrong_with_an_address_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway, match="nobody"):
        open_store(tmp_path, write=False, url=f"postgresql:///nobody?host={tmp_path}")
    for url, said in (("mysql://x/y", "mysql"), ("not an address", "no address")):
        with pytest.raises(UsageError, match=said):
            open_store(tmp_path, write=False, url=url)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    url = f"postgresql://ann:secret@/nobody?host={tmp_path}"
    with pytest.raises(DatabaseAway) as raised:
        open_store(tmp_path, write=False, url=url)
    assert "secret" not in str(raised.value)
