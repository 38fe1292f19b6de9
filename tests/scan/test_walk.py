"""What a walk finds, leaves alone and survives: trees before, events after."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from mammothbox.scan import Entry, Excluded, ScanFailure, Seen, scan, walk


def plant(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def found(root: Path) -> list[str]:
    return [os.path.relpath(item.path, root) for item in walk([str(root)]) if type(item) is Entry]


def excluded(root: Path) -> dict[str, str]:
    items = walk([str(root)])
    return {
        os.path.relpath(item.path, root): item.reason for item in items if type(item) is Excluded
    }


def test_hidden_and_system_files_are_left_alone_and_named(tmp_path: Path) -> None:
    plant(tmp_path, "a.jpg", ".hidden/b.jpg", "._a.jpg", ".DS_Store", "Thumbs.db", "@eaDir/c.jpg")
    plant(tmp_path, "lost+found/d", "$RECYCLE.BIN/e", "sub/desktop.ini", "sub/f.txt")
    assert found(tmp_path) == ["a.jpg", "sub/f.txt"]
    assert excluded(tmp_path) == {
        "._a.jpg": "hidden",
        ".DS_Store": "hidden",
        ".hidden": "hidden",
        "Thumbs.db": "system file",
        "@eaDir": "system file",
        "lost+found": "system file",
        "$RECYCLE.BIN": "system file",
        "sub/desktop.ini": "system file",
    }


def test_sidecars_are_no_files_of_their_own(tmp_path: Path) -> None:
    plant(tmp_path, "a.jpg", "a.jpg.xmp", "b.heic", "b.AAE", "notes on xmp.txt")
    assert found(tmp_path) == ["a.jpg", "b.heic", "notes on xmp.txt"]
    assert excluded(tmp_path) == {"a.jpg.xmp": "sidecar", "b.AAE": "sidecar"}


@pytest.mark.parametrize(
    "marker",
    [".git/HEAD", "package.json", "App.xcodeproj/x", "Level.unity", "pyproject.toml", "Cargo.toml"],
)
def test_a_project_folder_counts_once_and_is_not_entered(tmp_path: Path, marker: str) -> None:
    plant(tmp_path, f"work/{marker}", "work/photo.jpg", "work/deep/photo.jpg", "mine.jpg")
    assert found(tmp_path) == ["mine.jpg"]
    assert list(excluded(tmp_path)) == ["work"]
    assert excluded(tmp_path)["work"].startswith("project folder (")


def test_a_library_does_not_describe_itself(tmp_path: Path) -> None:
    (tmp_path / "build" / "library" / "previews").mkdir(parents=True)
    (tmp_path / "build" / "library" / "library.sqlite3").write_bytes(b"")
    (tmp_path / "build" / "library" / "previews" / "a.jpg").write_bytes(b"x")

    assert excluded(tmp_path) == {"build/library": "a MammothBox library"}


def test_a_project_asked_for_by_name_is_entered(tmp_path: Path) -> None:
    plant(tmp_path, "package.json", "photo.jpg")
    assert found(tmp_path) == ["package.json", "photo.jpg"]


def test_packages_are_left_whole(tmp_path: Path) -> None:
    plant(tmp_path, "Mine.photoslibrary/originals/a.heic", "b.jpg")
    assert excluded(tmp_path) == {"Mine.photoslibrary": "package (.photoslibrary)"}


def test_ignore_files_speak_as_gitignore_does_and_the_nearer_one_wins(tmp_path: Path) -> None:
    plant(tmp_path, "keep.jpg", "raw/a.nef", "raw/b.nef", "tmp/x.txt", "deep/raw/c.nef")
    (tmp_path / ".mammothignore").write_text("*.nef\n/tmp/\n# a comment\n")
    (tmp_path / "raw" / ".mammothignore").write_text("!b.nef\n")
    assert found(tmp_path) == ["keep.jpg", "raw/b.nef"]
    assert excluded(tmp_path)["tmp"] == ".mammothignore"


def test_links_are_named_and_loops_do_no_harm(tmp_path: Path) -> None:
    plant(tmp_path, "real/a.txt")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "real" / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert found(tmp_path) == ["real/a.txt"]
    assert set(excluded(tmp_path).values()) == {"symbolic link"}
    assert len(excluded(tmp_path)) == 3


def test_pipes_and_sockets_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # a socket's path must be short
    try:
        server.bind("socket")
    finally:
        os.chdir(here)
    events = list(scan([str(tmp_path)], {}))
    server.close()
    assert {(Path(event.path).name, event.reason) for event in events} == {
        ("pipe", "pipe"),
        ("socket", "socket"),
    }


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS allows UTF-8 names only")
def test_any_name_a_file_system_allows(tmp_path: Path) -> None:
    names = [
        b"new\nline",
        b"\xff\xfe not utf-8",
        b"n" * 255,
        "ünï 名".encode(),
        b" ",
        b"a;b'\"$(x)",
    ]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write("text")
    events = list(scan([str(tmp_path)], {}))
    assert {os.fsencode(event.path).rpartition(b"/")[2] for event in events} == set(names)
    assert {event.change for event in events} == {"new"}


def test_overlapping_roots_give_every_file_once(tmp_path: Path) -> None:
    plant(tmp_path, "a/b/c.txt", "a/d.txt")
    roots = [str(tmp_path / "a" / "b"), str(tmp_path), str(tmp_path / "a" / "d.txt")]
    paths = [item.path for item in walk(roots)]
    assert sorted(paths) == [str(tmp_path / "a" / "b" / "c.txt"), str(tmp_path / "a" / "d.txt")]
    again = [item.path for item in walk([str(tmp_path / "a" / "d.txt"), str(tmp_path)])]
    assert sorted(again) == sorted(paths)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named_as_such(tmp_path: Path) -> None:
    plant(tmp_path, "shut/a.txt", "secret.txt")
    (tmp_path / "shut").chmod(0)
    (tmp_path / "secret.txt").chmod(0)
    events = list(scan([str(tmp_path)], {}))
    (tmp_path / "shut").chmod(0o700)
    assert {Path(event.path).name: event.error for event in events} == {
        "shut": "Unreadable",
        "secret.txt": "Unreadable",
    }


def test_a_missing_root_is_a_failure_not_silence(tmp_path: Path) -> None:
    (event,) = walk([str(tmp_path / "gone")])
    assert isinstance(event, ScanFailure)
    assert event.error == "Unreadable"


def test_files_below_an_unreadable_folder_count_as_seen(tmp_path: Path) -> None:
    plant(tmp_path, "shut/a.txt")
    seen = Seen()
    seen.add(ScanFailure(str(tmp_path / "shut"), "Unreadable", ""))
    seen.add(ScanFailure(str(tmp_path / "gone"), "Unreadable", ""))
    assert str(tmp_path / "shut" / "deep" / "a.txt") in seen
    assert str(tmp_path / "gone") not in seen
    assert str(tmp_path / "other.txt") not in seen
