"""Identity is content: what a path, a move, a copy and new bytes mean for what is known."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mammothbox.records import Failed, Kind, Result, Skipped
from mammothbox.store import Filters, Store
from tests.store.making import Place, digest, done, ref, unit


def test_known_gives_back_what_was_recorded_below_the_roots_only(store: Store) -> None:
    store.record_files([ref("/a/x.jpg"), ref("/a.b/y.jpg"), ref("/ab/z.jpg"), ref("/a")])
    known = store.known(["/a"])
    assert set(known) == {"/a/x.jpg", "/a"}
    assert known["/a/x.jpg"].digest == digest("/a/x.jpg")
    assert known["/a/x.jpg"].kind is Kind.IMAGE
    assert set(store.known(["/"])) == {"/a/x.jpg", "/a.b/y.jpg", "/ab/z.jpg", "/a"}
    assert store.known([]) == {}


def test_a_shell_may_name_thousands_of_roots(store: Store) -> None:
    paths = [f"/trip/{number:04}.jpg" for number in range(2500)]
    store.record_files([ref(paths[0]), ref(paths[-1]), ref("/trip/other.jpg")])
    assert set(store.known(paths)) == {paths[0], paths[-1]}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.binary(min_size=1, max_size=60).filter(lambda b: b"\0" not in b and b"/" not in b))
def test_any_path_comes_back_byte_for_byte(store: Store, name: bytes) -> None:
    path = os.fsdecode(b"/odd/" + name)
    store.record_files([ref(path, "odd")])
    assert path in store.known(["/odd"])
    assert [found.path for found in store.files(path=path)] == [path]


def test_equal_bytes_at_two_paths_are_both_found(store: Store) -> None:
    store.record_files([ref("/one.jpg", "same"), ref("/two.jpg", "same")])
    store.commit([done("same", text="a red kite", vectors=[unit(1)])])
    (match,) = store.match_words("kite")
    assert [f.path for f in store.paths([match.digest])[match.digest]] == ["/one.jpg", "/two.jpg"]
    assert store.duplicates() == {digest("same"): ["/one.jpg", "/two.jpg"]}
    assert len(store.pending("ocr", "m", "1", [Kind.IMAGE])) == 1


def test_new_bytes_at_an_old_path_take_the_old_results_from_it(store: Store) -> None:
    store.record_files([ref("/p.jpg", "old")])
    store.commit([done("old", text="a red kite", vectors=[unit(1)])])
    store.record_files([ref("/p.jpg", "new")])
    assert store.match_words("kite") == []
    assert store.nearest("joint", "m", "1", unit(1)) == []
    assert [f.digest for f in store.pending("caption", "m", "1", [Kind.IMAGE])] == [digest("new")]


def test_a_moved_file_keeps_everything(store: Store, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "still.jpg").write_text("x")
    root = str(tmp_path / "photos")
    store.record_files([ref(f"{root}/a.jpg", "x"), ref(f"{root}/still.jpg")], [root])
    store.commit([done("x", text="a red kite")])
    store.edit_tags(digest("x"), add=["Holiday"])

    store.record_files([ref(f"{root}/sub/b.jpg", "x")], [root])
    assert store.sweep(root, {f"{root}/sub/b.jpg", f"{root}/still.jpg"}) == 1

    assert store.pending("caption", "m", "1", [Kind.IMAGE]) == [ref(f"{root}/still.jpg")]
    (match,) = store.match_words("kite", Filters(tags=("holiday",)))
    assert [f.path for f in store.paths([match.digest])[match.digest]] == [f"{root}/sub/b.jpg"]


def test_vanished_files_are_marked_not_deleted_and_come_back(store: Store, tmp_path: Path) -> None:
    root = str(tmp_path)
    (tmp_path / "other").write_text("x")
    store.record_files([ref(f"{root}/a.jpg", "x")], [root])
    store.commit([done("x", text="a red kite", vectors=[unit(1)])])
    assert store.sweep(root, set()) == 1
    assert store.match_words("kite") == []
    assert store.nearest("joint", "m", "1", unit(1)) == []
    assert store.files() == []
    assert len(store.files(include_vanished=True)) == 1
    assert store.counts().vanished == 1

    store.record_files([ref(f"{root}/a.jpg", "x")], [root])
    assert len(store.match_words("kite")) == 1
    assert store.pending("caption", "m", "1", [Kind.IMAGE]) == []


def test_a_missing_volume_marks_nothing(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    store.record_files([ref(f"{root}/a.jpg")], [str(root)])
    assert store.sweep(str(root), set()) == 0, "an empty mount point"
    root.rmdir()
    assert store.sweep(str(root), set()) == 0, "no mount point"
    assert len(store.files()) == 1


def test_another_device_at_the_same_place_marks_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("x")
    store.record_files([ref(f"{tmp_path}/a.jpg")], [str(tmp_path)])
    with store._writing("test") as connection:
        connection.exec_driver_sql("UPDATE roots SET device = device + 1")
    assert store.sweep(str(tmp_path), set()) == 0


def test_sweep_with_remembered_paths_marks_the_same(store: Store, tmp_path: Path) -> None:
    root = str(tmp_path)
    (tmp_path / "b").write_text("x")
    store.record_files([ref(f"{root}/a"), ref(f"{root}/b"), ref(f"{root}-sibling/a")], [root])
    assert store.sweep(root, {f"{root}/b"}, store.known(["/"])) == 1
    assert {found.path for found in store.files()} == {f"{root}/b", f"{root}-sibling/a"}


def test_pending_is_newest_first_and_one_a_content(store: Store) -> None:
    store.record_files(
        [
            ref("/old.jpg", mtime_s=1),
            ref("/new.jpg", mtime_s=9),
            ref("/copy-a.jpg", "twin", mtime_s=5),
            ref("/copy-b.jpg", "twin", mtime_s=4),
            ref("/talk.mp3", kind=Kind.AUDIO, mtime_s=10),
        ]
    )
    pending = store.pending("caption", "m", "1", [Kind.IMAGE])
    assert [found.path for found in pending] == ["/new.jpg", "/copy-a.jpg", "/old.jpg"]


def test_failed_counts_as_answered_until_retry(store: Store) -> None:
    store.record_files([ref("/bad.jpg"), ref("/dull.jpg")])
    failed = Result(digest("/bad.jpg"), "caption", "m", "1", Failed("Corrupt", "torn"))
    skipped = Result(digest("/dull.jpg"), "caption", "m", "1", Skipped("nothing to see"))
    store.commit([failed, skipped])
    assert store.pending("caption", "m", "1", [Kind.IMAGE]) == []
    retry = store.pending("caption", "m", "1", [Kind.IMAGE], retry_failed=True)
    assert [found.path for found in retry] == ["/bad.jpg"]
    (failure,) = store.failures()
    assert (failure.path, failure.step, failure.reason) == ("/bad.jpg", "caption", "Corrupt")
    assert store.forget_failures() == 1
    assert len(store.pending("caption", "m", "1", [Kind.IMAGE])) == 1
    assert store.failures() == []


def test_forgetting_a_folder_forgets_what_no_other_path_holds(store: Store) -> None:
    store.record_files([ref("/a/x.jpg", "x"), ref("/b/x.jpg", "x"), ref("/a/y.jpg", "y")])
    store.commit([done("x", text="kite"), done("y", text="boat", vectors=[unit(1)])])
    store.edit_tags(digest("y"), add=["mine"])
    assert store.forget("/a") == 2
    assert [found.path for found in store.files(include_vanished=True)] == ["/b/x.jpg"]
    assert len(store.match_words("kite")) == 1
    assert store.match_words("boat") == []
    assert store.match_names("y") == []
    assert store.results([digest("y")]) == {digest("y"): {}}
    assert store.tags([digest("y")]) == {digest("y"): []}
    assert store.counts().vectors == 0


def test_a_reader_sees_what_was_recorded(store: Store, place: Place) -> None:
    store.record_files([ref("/a.jpg")])
    with place.open(write=False) as reader:
        assert len(reader.files()) == 1
