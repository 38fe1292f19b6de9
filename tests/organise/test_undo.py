"""Undo where the world has changed since: it says so and loses nothing."""

from mammothbox.organise.apply import apply
from mammothbox.organise.undo import undo

from .trees import MESS, contents, names, plant


def test_undo_when_something_took_the_old_name(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS)
    apply(plan_of(root, {"a.jpg": "Dogs/a.jpg", "b.jpg": "Cats/b.jpg"}), journal, files)
    (root / "a.jpg").write_bytes(b"new here")
    report = undo(journal, files)
    assert report.done == 1
    assert "is taken" in report.refused[0][1]
    assert (root / "a.jpg").read_bytes() == b"new here"
    assert (root / "Dogs/a.jpg").read_bytes() == b"dog"
    assert journal.runs()[0].state == "partly undone"
    (root / "a.jpg").unlink()
    assert undo(journal, files).refused == ()
    assert names(root) == sorted(MESS)


def test_undo_after_the_old_folder_was_removed_and_the_file_edited(
    tmp_path, journal, files, plan_of
):
    root = tmp_path / "mess"
    plant(root, {"old/a.jpg": b"dog", "b": b"1"})
    apply(plan_of(root, {"old/a.jpg": "Dogs/a.jpg"}), journal, files)
    (root / "old").rmdir()
    (root / "Dogs/a.jpg").write_bytes(b"better dog")
    undo(journal, files)
    assert (root / "old/a.jpg").read_bytes() == b"better dog"


def test_undo_leaves_a_stranger_at_the_new_name(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    apply(plan_of(root, {"a.jpg": "Dogs/a.jpg"}), journal, files)
    (root / "Dogs/a.jpg").rename(root / "elsewhere.jpg")
    (root / "Dogs/a.jpg").write_bytes(b"stranger")
    assert "is another file now" in undo(journal, files).refused[0][1]
    assert contents(root) == [b"dog", b"stranger"]
