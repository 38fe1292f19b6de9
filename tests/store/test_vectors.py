"""Nearest vectors: exact, per model, and right whatever happens to the flat files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from mammothbox.organise.intake import items_of
from mammothbox.records import Digest, Done, Embedding, Result
from mammothbox.store import Filters, Space, Store, open_store
from mammothbox.store.duplicates import near_pairs
from mammothbox.store.sqlite import flat
from mammothbox.store.sqlite import nearest as index
from mammothbox.store.sqlite.nearest import FOLDER
from tests.store.making import digest, done, ref, unit

RANDOM = np.random.default_rng(11)
MANY = RANDOM.standard_normal((600, 32)).astype(np.float32)
MANY /= np.linalg.norm(MANY, axis=1, keepdims=True)


def fill(store: Store, start: int, stop: int) -> None:
    names = [f"{number:04d}" for number in range(start, stop)]
    folder = ["/even/", "/odd/"]
    store.record_files([ref(folder[int(name) % 2] + name, name) for name in names])
    store.commit([done(name, vectors=[MANY[int(name)]]) for name in names])


def nearest(store: Store, filters: Filters | None = None, limit: int = 7) -> list[Digest]:
    near = store.nearest("joint", "m", "1", MANY[3], filters or Filters(), limit)
    assert [item.score for item in near] == sorted((i.score for i in near), reverse=True)
    return [item.digest for item in near]


def exact(places: list[int], limit: int = 7) -> list[Digest]:
    halves = MANY.astype(np.float16).astype(np.float32)
    ordered = sorted(places, key=lambda place: -float(halves[place] @ MANY[3]))
    return [digest(f"{place:04d}") for place in ordered[:limit]]


def files_of(store: Store) -> Path:
    return store.directory / FOLDER / Space("joint", "m", "1").file_name(32)


def test_vectors_of_contents_are_looked_up_by_content(sqlite_store: Store) -> None:
    space, few = Space("joint", "m", "1"), [digest("0001"), digest("0002")]
    fill(sqlite_store, 0, 50)
    plans: list[str] = []

    def explain(
        connection: Connection, _cursor: Any, statement: str, values: Any, *_: object
    ) -> None:
        if "FROM vectors" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(str(row[3]) for row in rows)

    with sqlite_store.reading() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", explain)
    assert set(sqlite_store.whole_vectors(few, space)) == set(few)
    assert set(sqlite_store.mean_vectors(few, space, {})) == set(few)
    assert len(sqlite_store.vectors_of(few[0], "joint", "m", "1")) == 1
    assert len(plans) >= 3
    assert not [plan for plan in plans if plan.startswith("S") and "vectors_owner" not in plan]


def test_nearest_is_exact_while_the_library_grows_and_shrinks(store: Store) -> None:
    fill(store, 0, 300)
    assert nearest(store) == exact(list(range(300)))
    fill(store, 300, 600)
    assert nearest(store) == exact(list(range(600)))
    assert nearest(store, Filters(folder="/odd")) == exact(list(range(1, 600, 2)))
    store.forget("/odd")
    assert nearest(store) == exact(list(range(0, 600, 2)))
    assert nearest(store, limit=1000) == exact(list(range(0, 600, 2)), 1000)


def test_a_rare_match_of_the_filter_is_found_however_far(store: Store) -> None:
    fill(store, 0, 600)
    farthest = exact(list(range(600)), 600)[-1]
    store.edit_tags(farthest, add=["rare"])
    assert nearest(store, Filters(tags=("rare",))) == [farthest]


def test_a_content_of_many_parts_comes_once_by_its_best_part(store: Store) -> None:
    store.record_files([ref("/a", "a"), ref("/b", "b")])
    parts = (
        Embedding("joint", unit(0, 1), start_s=1.0),
        Embedding("joint", unit(1), start_s=42.0, text="here"),
    )
    store.commit([Result(digest("a"), "embed", "m", "1", Done({}), embeddings=parts)])
    store.commit([done("b", "embed", vectors=[unit(1, 1)])])
    first, second = store.nearest("joint", "m", "1", unit(1))
    assert (first.digest, first.start_s, first.text) == (digest("a"), 42.0, "here")
    assert first.score == pytest.approx(1.0)
    assert second.score == pytest.approx(0.7071, abs=1e-3)
    assert [v.tolist() for v in store.vectors_of(digest("a"), "joint", "m", "1")][1][0] == 1.0


def test_vectors_of_two_models_never_meet(store: Store) -> None:
    store.record_files([ref("/a", "a"), ref("/b", "b")])
    store.commit([done("a", vectors=[unit(1)]), done("b", revision="2", vectors=[unit(1)])])
    assert [n.digest for n in store.nearest("joint", "m", "1", unit(1))] == [digest("a")]
    assert [n.digest for n in store.nearest("joint", "m", "2", unit(1))] == [digest("b")]
    assert store.nearest("joint", "other", "1", unit(1)) == []
    assert store.nearest("text", "m", "1", unit(1)) == []
    assert store.nearest("joint", "m", "1", unit(1, dimensions=16)) == []


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


DAMAGE = {
    "rows cut short": lambda base: _cut(base.with_suffix(".f32"), 1001),
    "rows gone": lambda base: base.with_suffix(".f32").unlink(),
    "a row flipped": lambda base: flip(base.with_suffix(".f32"), -100),
    "ids cut short": lambda base: _cut(base.with_suffix(".ids"), 9),
    "an id flipped": lambda base: flip(base.with_suffix(".ids"), 40),
    "no description": lambda base: base.with_suffix(".json").unlink(),
    "empty description": lambda base: base.with_suffix(".json").write_text(""),
    "another format": lambda base: base.with_suffix(".json").write_text(
        json.dumps({"format": 99, "dimensions": 32, "count": 0, "appends": []})
    ),
    "all gone": lambda base: [path.unlink() for path in base.parent.iterdir()],
}


def _cut(path: Path, count: int) -> None:
    path.write_bytes(path.read_bytes()[:-count])


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_flat_files_are_seen_and_built_anew(sqlite_store: Store, damage: str) -> None:
    store = sqlite_store
    fill(store, 0, 100)
    assert nearest(store) == exact(list(range(100)))
    base = files_of(store)
    assert base.with_suffix(".f32").stat().st_size == 100 * 32 * 4
    DAMAGE[damage](base)
    with open_store(store.directory, write=False) as reader:
        assert nearest(reader) == exact(list(range(100)))
        loaded = flat.load(base, 32, thorough=True)
        assert loaded is not None
        assert len(loaded.ids) == 100


def test_bytes_of_a_torn_append_are_written_over(sqlite_store: Store) -> None:
    store = sqlite_store
    fill(store, 0, 100)
    nearest(store)
    for suffix in (".f32", ".ids"):
        with files_of(store).with_suffix(suffix).open("ab") as file:
            file.write(b"torn append")
    fill(store, 100, 200)
    with open_store(store.directory, write=False) as reader:
        assert nearest(reader) == exact(list(range(200)))
        assert flat.load(files_of(store), 32, thorough=True) is not None


def test_a_thorough_look_sees_old_damage(sqlite_store: Store) -> None:
    store = sqlite_store
    fill(store, 0, 100)
    nearest(store)
    fill(store, 100, 200)
    nearest(store)
    flip(files_of(store).with_suffix(".f32"), 10)
    assert flat.load(files_of(store), 32) is not None
    assert flat.load(files_of(store), 32, thorough=True) is None


def test_two_processes_may_append_in_turn(sqlite_store: Store) -> None:
    store = sqlite_store
    fill(store, 0, 50)
    with open_store(store.directory, write=False) as reader:
        assert nearest(reader) == exact(list(range(50)))
        fill(store, 50, 100)
        assert nearest(store) == exact(list(range(100)))
        fill(store, 100, 150)
        assert nearest(reader) == exact(list(range(150)))
        assert nearest(store) == exact(list(range(150)))
    assert flat.load(files_of(store), 32, thorough=True) is not None


def test_rows_of_deleted_vectors_are_cleared_at_the_next_opening(sqlite_store: Store) -> None:
    store = sqlite_store
    for start in range(0, 3000, 600):
        store.commit([done(f"{start}-{n}", "x", vectors=[MANY[n]]) for n in range(600)])
    fill(store, 0, 100)
    nearest(store)
    assert len(store.vectors_of(digest("0-0"), "joint", "m", "1")) == 1
    with store._writing("test") as connection:
        connection.exec_driver_sql("DELETE FROM vectors WHERE step = 'x'")
    assert nearest(store) == exact(list(range(100)))
    with open_store(store.directory, write=False) as reader:
        assert nearest(reader) == exact(list(range(100)))
    assert files_of(store).with_suffix(".ids").stat().st_size == 100 * 8


@settings(deadline=None)
@given(st.integers(1, 700), st.integers(1, 80), st.integers(0, 2**32 - 1))
def test_scores_are_those_of_numpy(count: int, dimensions: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scale = random.choice([1e-6, 0.05, 1])
    rows = (random.standard_normal((count, dimensions)) * scale).astype(np.float32)
    query = random.standard_normal(dimensions).astype(np.float32)
    expected = rows.astype(np.float64) @ query.astype(np.float64)
    np.testing.assert_allclose(flat.scores(rows, query), expected, rtol=1e-3, atol=1e-5)


def test_a_file_of_the_former_format_gives_way(sqlite_store: Store) -> None:
    store = sqlite_store
    fill(store, 0, 100)
    nearest(store)
    base = files_of(store)
    base.with_suffix(".f32").rename(base.with_suffix(flat.FORMER))
    described = json.loads(base.with_suffix(".json").read_text())
    base.with_suffix(".json").write_text(json.dumps({**described, "format": 1}))
    with open_store(store.directory, write=False) as reader:
        assert nearest(reader) == exact(list(range(100)))
    assert base.with_suffix(".f32").exists()
    assert not base.with_suffix(flat.FORMER).exists()


def test_many_new_rows_are_appended_in_parts(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_PART", 30)
    fill(sqlite_store, 0, 100)
    assert nearest(sqlite_store) == exact(list(range(100)))
    described = json.loads(files_of(sqlite_store).with_suffix(".json").read_text())
    assert [count for count, _ in described["appends"]] == [30, 30, 30, 10]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.integers(0, 12))
def test_near_pairs_are_all_pairs(hashes: list[int], threshold: int) -> None:
    hashes += [value ^ 0b1011 for value in hashes]
    expected = {
        (i, j): (a ^ b).bit_count()
        for i, a in enumerate(hashes)
        for j, b in enumerate(hashes)
        if i < j and (a ^ b).bit_count() <= threshold
    }
    assert near_pairs(np.array(hashes, np.uint64), threshold) == expected


def test_what_is_arranged_has_looks_of_one_model_alone(store: Store) -> None:
    """Half way through a change of models a library has some of each."""
    store.record_files([ref(f"/x/{name}", name) for name in "abc"])
    store.commit(
        [
            done("a", vectors=[unit(1)]),
            done("b", revision="2", vectors=[unit(1)]),
            done("c", revision="2", vectors=[unit(0, 1)]),
        ]
    )
    old, new = Space("joint", "m", "1"), Space("joint", "m", "2")
    every = [digest(name) for name in "abc"]

    assert set(store.whole_vectors(every, old)) == {digest("a")}
    assert set(store.whole_vectors(every, new)) == {digest("b"), digest("c")}
    assert set(store.mean_vectors(every, new, {})) == {digest("b"), digest("c")}
    assert [near.digest for near in store.nearest("joint", "m", "1", unit(1))] == [digest("a")]
    # What is arranged has looks of one space alone: that of most files.
    looks = {item.path: item.looks is not None for item in items_of(store, "/x")}
    assert looks == {"a": False, "b": True, "c": True}
