"""Disks, permissions and other programs that get in the way: said clearly, nothing lost."""

import os
from contextlib import contextmanager

import pytest

from mammothbox.errors import UsageError
from mammothbox.organise.apply import apply, resume
from mammothbox.organise.journal import Journal
from mammothbox.organise.port import LocalFiles
from mammothbox.organise.rename import NoSafeRenameError
from mammothbox.organise.undo import undo

from .trees import MESS, contents, names, picture, plant


class AppearsMeanwhile(LocalFiles):
    """Somebody makes the target just before it is renamed to."""

    def rename(self, source, target):
        with open(target, "xb") as file:
            file.write(b"stranger")
        super().rename(source, target)


def test_target_that_appears_meanwhile(tmp_path, journal, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    report = apply(plan_of(root, {"a.jpg": "Dogs/a.jpg"}), journal, AppearsMeanwhile())
    assert report.refused[0][1].startswith("TargetExists: ")
    assert contents(root) == [b"dog", b"stranger"]
    assert journal.steps(1)[-1].state == "refused"
    assert [run.state for run in journal.runs()] == ["applied"]
    assert undo(journal, LocalFiles()).refused[0][1].endswith("is not empty; it stays")


class NoSafeRename(LocalFiles):
    """A file system that knows no rename without overwriting."""

    def rename(self, source, target):
        raise NoSafeRenameError(22, "Invalid argument", target)


class NoLinksEither(NoSafeRename):
    def link(self, source, target):
        raise PermissionError(1, "Operation not permitted", source, None, target)


def test_without_safe_rename_a_second_name_is_made(tmp_path, journal, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS)
    before = picture(root)
    report = apply(plan_of(root, {"a.jpg": "Dogs/a.jpg"}), journal, NoSafeRename())
    assert report.done == 1
    assert names(root) == ["Dogs/a.jpg", "b.jpg", "deep/c.pdf", "deep/d.txt"]
    undo(journal, NoSafeRename())
    assert picture(root) == before


def test_without_safe_rename_and_links_it_is_refused(tmp_path, journal, plan_of):
    root = tmp_path / "mess"
    plant(root, {"a.jpg": b"dog"})
    report = apply(plan_of(root, {"a.jpg": "Dogs/a.jpg"}), journal, NoLinksEither())
    assert "risk of overwriting" in report.refused[0][1]
    assert names(root) == ["a.jpg"]


class FullDisk(LocalFiles):
    """Has room for `room` more changes."""

    def __init__(self, room, error=28):
        self.room, self.error = room, error

    def _spend(self, path):
        self.room -= 1
        if self.room < 0:
            raise OSError(self.error, os.strerror(self.error), path)

    def make_folder(self, path):
        self._spend(path)
        super().make_folder(path)

    def rename(self, source, target):
        self._spend(target)
        super().rename(source, target)

    def copy(self, source, target):
        if self.room <= 0:
            with open(target, "xb") as part:
                part.write(b"half")
        self._spend(target)
        return super().copy(source, target)


@pytest.mark.parametrize("room", range(5))
@pytest.mark.parametrize(("error", "words"), [(28, "the disk is full"), (30, "read-only")])
def test_full_or_read_only_disk_stops_and_can_go_on_or_back(
    tmp_path, files, plan_of, room, error, words
):
    for end in (resume, None):
        root = tmp_path / f"mess-{end}"
        plant(root, MESS)
        before = picture(root)
        journal = Journal(tmp_path / f"lib-{end}" / "organise.db")
        moves = {"a.jpg": "D/a.jpg", "b.jpg": "D/b.jpg", "deep/c.pdf": "E/F/c.pdf"}
        report = apply(plan_of(root, moves), journal, FullDisk(room, error))
        assert words in report.stopped
        assert contents(root) == sorted(MESS.values())
        assert journal.runs()[0].state == "applying"
        assert words in journal.runs()[0].message
        if end:
            assert end(1, journal, files).done == 3
        undo(journal, files)
        assert picture(root) == before


@pytest.mark.parametrize("room", range(5))
def test_full_disk_across_volumes_leaves_no_half_file(
    tmp_path, other_volume, journal, files, plan_of, room
):
    root = tmp_path / "mess"
    plant(root, MESS)
    before = picture(root)
    plan = plan_of(root, {"a.jpg": "D/a.jpg", "b.jpg": "D/b.jpg"})
    report = apply(plan, journal, FullDisk(room), into=str(other_volume / "new"))
    assert report.stopped.startswith("the disk is full")
    assert b"half" not in contents(root) + contents(other_volume)
    undo(journal, files)
    assert picture(root) == before


def test_really_full_disk(tmp_path, journal, files, plan_of):
    """A tmpfs of 64 KiB, where the tests may mount one."""
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=64k none {small} 2>/dev/null"):
        pytest.skip("mounting a small tmpfs needs root")
    try:
        root = tmp_path / "mess"
        plant(root, {"a": b"1" * 40_000, "b": b"2" * 40_000})
        before = picture(root)
        plan = plan_of(root, {"a": "D/a", "b": "D/b"})
        report = apply(plan, journal, files, into=str(small / "new"))
        assert "the disk is full" in report.stopped
        assert report.done == 1
        assert os.listdir(small / "new/D") == ["a"]
        undo(journal, files)
        assert picture(root) == before
    finally:
        os.system(f"umount {small}")


def test_really_read_only_target(tmp_path, journal, files, plan_of):
    """A tmpfs mounted read-only, then writable: the same run goes on."""
    other = tmp_path / "other"
    other.mkdir()
    if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o ro none {other} 2>/dev/null"):
        pytest.skip("mounting a tmpfs needs root")
    try:
        root = tmp_path / "mess"
        plant(root, MESS)
        before = picture(root)
        report = apply(plan_of(root, {"a.jpg": "D/a"}), journal, files, into=str(other / "new"))
        assert "the file system is read-only" in report.stopped
        assert picture(root) == before
        assert [run.state for run in journal.runs()] == ["applying"]
        os.system(f"mount -o remount,rw {other}")
        assert resume(1, journal, files).done == 1
        undo(journal, files)
        assert picture(root) == before
    finally:
        os.system(f"umount {other}")


@contextmanager
def permissions_bind(folder):
    """Root is bound by no permission: as root, go on as nobody, who owns the folder."""
    if os.geteuid() != 0:
        yield
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 65534, 65534)
    for path in [*folder.parents][:-2]:
        path.chmod(path.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_permission_denied_is_said_and_others_go_on(tmp_path, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS | {"locked/e": b"e"})
    plan = plan_of(root, {"a.jpg": "locked/a.jpg", "b.jpg": "open/b.jpg", "locked/e": "open/e"})
    (root / "locked").chmod(0o555)
    with permissions_bind(root):
        report = apply(plan, Journal(None), files)
    (root / "locked").chmod(0o755)
    assert report.done == 1
    assert [message.split(":")[0] for _, message in report.refused] == ["permission denied"] * 2
    assert contents(root) == sorted([*MESS.values(), b"e"])


def test_a_run_that_did_not_end_comes_first(tmp_path, journal, files, plan_of):
    root = tmp_path / "mess"
    plant(root, MESS)
    plan = plan_of(root, {"a.jpg": "D/a.jpg"})
    assert apply(plan, journal, FullDisk(1)).stopped.startswith("the disk is full")
    with pytest.raises(UsageError, match="run 1 in this folder did not end"):
        apply(plan, journal, files)
    assert resume(1, journal, files).done == 1
