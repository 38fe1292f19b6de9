"""Tree before, plan, tree after; then undo gives the first picture back."""

import os

import pytest

from mammothbox.errors import LibraryLocked, NotFound
from mammothbox.organise.apply import apply
from mammothbox.organise.journal import Journal
from mammothbox.organise.plan import Move, Plan
from mammothbox.organise.rehearsal import Rehearsal
from mammothbox.organise.undo import undo

from .trees import MESS, contents, names, picture, plant


def test_moves_and_comes_back(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS)
    before = picture(root)
    report = apply(plan_of(root, {"a.jpg": "Dogs/a.jpg", "deep/c.pdf": "Paper/2024/bill.pdf"}),
                   journal, files)  # fmt: skip
    assert names(root) == ["Dogs/a.jpg", "Paper/2024/bill.pdf", "b.jpg", "deep/d.txt"]
    assert (report.done, report.folders, report.refused) == (2, 3, ())
    assert dict(journal.runs()[0].counts) == {"done": 2}
    undone = undo(journal, files)
    assert (undone.done, undone.folders, undone.refused) == (2, 3, ())
    assert picture(root) == before
    assert journal.runs()[0].state == "undone"


def test_swap_ring_and_change_of_case(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a": b"1", "b": b"2", "c": b"3", "d": b"4", "e": b"5", "x.JPG": b"6"})
    before = picture(root)
    moves = {"a": "b", "b": "a", "c": "d", "d": "e", "e": "c", "x.JPG": "x.jpg"}
    report = apply(plan_of(root, moves), journal, files)
    assert report.refused == ()
    assert {p: look[3] for p, look in picture(root).items() if look[0] == "file"} == {
        "b": b"1", "a": b"2", "d": b"3", "e": b"4", "c": b"5", "x.jpg": b"6"}  # fmt: skip
    undo(journal, files)
    assert picture(root) == before


def test_one_file_comes_back_and_the_others_stay(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS | {"a.xmp": b"edit"})
    before = picture(root)
    apply(plan_of(root, {"a.jpg": "Pets/a.jpg", "b.jpg": "Pets/b.jpg"}), journal, files)
    assert names(root) == ["Pets/a.jpg", "Pets/a.xmp", "Pets/b.jpg", "deep/c.pdf", "deep/d.txt"]
    undo(journal, files, paths=[str(root / "a.jpg")])
    assert names(root) == ["Pets/b.jpg", "a.jpg", "a.xmp", "deep/c.pdf", "deep/d.txt"]
    assert journal.runs()[0].state == "partly undone"
    undo(journal, files, paths=[str(root / "Pets/b.jpg")])
    assert picture(root) == before
    with pytest.raises(NotFound, match="did not move"):
        undo(journal, files, run=1, paths=[str(root / "zebra.jpg")])


def test_sidecars_follow_under_the_new_name(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, {"I.heic": b"1", "I.mov": b"2", "I.aae": b"3", "I.heic.xmp": b"4",
                 "film.mkv": b"5", "film.en.srt": b"6", "J.jpg": b"7", "J.xmp": b"8"})  # fmt: skip
    before = picture(root)
    apply(plan_of(root, {"I.heic": "P/Dog.heic", "film.mkv": "V/film.mkv"}), journal, files)
    assert names(root) == sorted(["P/Dog.heic", "P/Dog.mov", "P/Dog.aae", "P/Dog.heic.xmp",
                                  "V/film.mkv", "V/film.en.srt", "J.jpg", "J.xmp"])  # fmt: skip
    undo(journal, files)
    assert picture(root) == before


def test_sidecar_stays_when_its_file_is_refused(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"1", "a.xmp": b"2"})
    plan = plan_of(root, {"a.jpg": "P/a.jpg"})
    (root / "a.jpg").write_bytes(b"changed")
    report = apply(plan, journal, files)
    assert names(root) == ["a.jpg", "a.xmp"]
    assert [message.split(":")[0] for _, message in report.refused] == ["StaleMove", "MoveError"]


def change_size(path):
    path.write_bytes(b"longer than it was")


def change_time(path):
    os.utime(path, ns=(1, 1))


def change_content(path):
    stat = path.stat()
    path.write_bytes(b"D0g")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("change", [change_size, change_time, change_content, os.unlink])
def test_changed_file_is_refused(tmp_path, journal, files, plan_of, change):
    root = tmp_path / "mess"
    plant(root, MESS)
    plan = plan_of(root, {"a.jpg": "Dogs/a.jpg", "b.jpg": "Cats/b.jpg"})
    change(root / "a.jpg")
    report = apply(plan, journal, files)
    assert report.done == 1
    assert report.refused[0][1].startswith("StaleMove: ")
    assert not (root / "Dogs/a.jpg").exists()
    assert (root / "Cats/b.jpg").read_bytes() == b"cat"


def test_taken_name_is_never_overwritten(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS | {"Dogs/A.jpg": b"mine", "Dogs/c.pdf": b"there"})
    moves = {"a.jpg": "Dogs/a.jpg", "deep/c.pdf": "Dogs/c.pdf",
             "b.jpg": "x/b.jpg", "deep/d.txt": "x/B.JPG"}  # fmt: skip
    report = apply(plan_of(root, moves), journal, files)
    assert report.done == 1
    assert {m.split(":")[0] for _, m in report.refused} == {"TargetExists"}
    assert contents(root) == sorted([*MESS.values(), b"mine", b"there"])


def test_dry_run_says_the_same_and_changes_nothing(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS | {"a.xmp": b"e", "Cats/b.jpg": b"taken"})
    moves = {"a.jpg": "Dogs/a.jpg", "b.jpg": "Cats/b.jpg", "deep/c.pdf": "../c.pdf",
             "deep/d.txt": "Dogs/d.txt"}  # fmt: skip
    plan = plan_of(root, moves)
    before = picture(root)
    dry = apply(plan, Journal(None), Rehearsal(files))
    assert picture(root) == before
    wet = apply(plan, journal, files)
    assert (dry.moves, dry.refused, dry.folders) == (wet.moves, wet.refused, wet.folders)
    assert (wet.done, len(wet.refused)) == (3, 2)


@pytest.mark.parametrize(
    "target",
    ["../out.jpg", "/etc/out.jpg", "a/../../out.jpg", "CON/a.jpg", "x\n/a.jpg", "\u202egpj.exe",
     "y" * 300, "", "a//b.jpg", "C:/x.jpg", "trail. /a.jpg", "nul.jpg"],
)  # fmt: skip
def test_hostile_targets_change_nothing(tmp_path, files, plan_of, target):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    before = picture(tmp_path)
    report = apply(plan_of(root, {"a.jpg": target}), Journal(None), files)
    assert report.refused[0][1].startswith("IllegalMove: ")
    assert picture(tmp_path) == before


def test_hostile_sources_change_nothing(tmp_path, journal, files):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    (tmp_path / "secret").write_bytes(b"s")
    plan = Plan(str(root), (), (Move("../secret", "secret"),))
    assert apply(plan, journal, files).refused[0][1].startswith("IllegalMove: ")
    assert (tmp_path / "secret").exists()


def test_links_are_not_followed_out_of_the_folder(tmp_path, journal, files):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    plant(tmp_path / "other", {"b.jpg": b"cat"})
    (root / "way").symlink_to(tmp_path / "other")
    (root / "l.jpg").symlink_to("a.jpg")
    moves = (Move("a.jpg", "way/a.jpg"), Move("way/b.jpg", "b.jpg"), Move("l.jpg", "x/l.jpg"))
    report = apply(Plan(str(root), (), moves), journal, files)
    assert (report.done, len(report.refused)) == (0, 3)
    assert contents(tmp_path / "other") == [b"cat"]
    assert (root / "l.jpg").is_symlink()


def test_hard_links_stay_linked(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog", "other": b"x"})
    os.link(root / "a.jpg", root / "b.jpg")
    apply(plan_of(root, {"a.jpg": "D/a.jpg", "b.jpg": "E/b.jpg"}), journal, files)
    assert (root / "D/a.jpg").samefile(root / "E/b.jpg")


def test_names_that_are_not_utf8(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    odd = os.fsdecode(b"caf\xe9\n.jpg")
    plant(root, {odd: b"dog"})
    before = picture(root)
    assert apply(plan_of(root, {odd: f"Dogs/{odd}"}), journal, files).done == 1
    assert (root / "Dogs" / odd).read_bytes() == b"dog"
    undo(journal, files)
    assert picture(root) == before


@pytest.mark.parametrize("mode", ["copy", "link"])
def test_copy_and_link_keep_the_originals(tmp_path, journal, files, plan_of, mode):
    root = tmp_path / "mess"
    plant(root, MESS)
    before = picture(root)
    plan = plan_of(root, {"a.jpg": "Dogs/a.jpg", "deep/c.pdf": "Paper/c.pdf"})
    assert apply(plan, journal, files, mode=mode).done == 2
    after = picture(root)
    assert after["Dogs/a.jpg"][:4] == after["a.jpg"][:4] == before["a.jpg"][:4]
    assert (root / "a.jpg").samefile(root / "Dogs/a.jpg") == (mode == "link")
    (root / "Paper/c.pdf").write_bytes(b"edited copy")
    (root / "deep/c.pdf").unlink()
    (root / "deep/c.pdf").write_bytes(b"bill")
    report = undo(journal, files)
    assert report.done == 1
    assert (root / "Paper/c.pdf").read_bytes() == b"edited copy"
    assert not (root / "Dogs").exists()


def test_across_volumes_and_back(tmp_path, other_volume, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS | {"a.xmp": b"edit"})
    os.link(root / "b.jpg", root / "b2.jpg")
    os.chmod(root / "a.jpg", 0o640)
    os.setxattr(root / "a.jpg", "user.tag", b"blue") if hasattr(os, "setxattr") else None
    os.utime(root, ns=(1, 1))
    before = picture(root)
    moves = {"a.jpg": "D/a.jpg", "b.jpg": "D/b.jpg", "b2.jpg": "E/b2.jpg",
             "deep/c.pdf": "c.pdf", "deep/d.txt": "d.txt"}  # fmt: skip
    report = apply(plan_of(root, moves), journal, files, into=str(other_volume / "new"))
    assert report.refused == ()
    after = picture(other_volume / "new")
    assert names(root) == []
    assert after["D/a.jpg"] == before["a.jpg"]
    assert after["D/a.xmp"] == before["a.xmp"]
    assert (other_volume / "new/D/b.jpg").samefile(other_volume / "new/E/b2.jpg")
    if hasattr(os, "getxattr"):
        assert os.getxattr(other_volume / "new/D/a.jpg", "user.tag") == b"blue"
    assert undo(journal, files).refused == ()
    assert picture(root) == before
    assert (root / "b.jpg").samefile(root / "b2.jpg")
    assert not (other_volume / "new").exists()


def test_two_at_once_are_refused(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS)
    with journal.held(), pytest.raises(LibraryLocked):
        apply(plan_of(root, {"a.jpg": "D/a.jpg"}), Journal(journal.path), files)
