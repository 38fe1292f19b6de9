"""Second looks: what is opened again, what is not, and files that will not hold still."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from blake3 import blake3

from mammothbox.errors import Unreadable
from mammothbox.records import Kind
from mammothbox.scan import Found, Known, digest_of, scan, watch
from mammothbox.scan.fingerprint import examine


def look(root: Path, known: dict[str, Known]) -> dict[str, Found]:
    return {
        Path(event.path).name: event
        for event in scan([str(root)], known)
        if isinstance(event, Found)
    }


def remember(events: dict[str, Found]) -> dict[str, Known]:
    return {event.path: event.known for event in events.values()}


def test_a_second_look_opens_only_what_changed(tmp_path: Path) -> None:
    for name in ("same.txt", "grown.txt", "touched.txt"):
        (tmp_path / name).write_text(name)
    first = look(tmp_path, {})
    assert {event.change for event in first.values()} == {"new"}

    (tmp_path / "grown.txt").write_text("longer than before")
    os.utime(tmp_path / "touched.txt", ns=(1, 1))
    (tmp_path / "same.txt").chmod(0)  # would fail if it were opened (unless root reads it)
    second = look(tmp_path, remember(first))
    assert {name: event.change for name, event in second.items()} == {
        "same.txt": "unchanged",
        "grown.txt": "changed",
        "touched.txt": "changed",
    }
    assert second["touched.txt"].ref.digest == first["touched.txt"].ref.digest
    assert second["grown.txt"].ref.digest != first["grown.txt"].ref.digest
    assert second["same.txt"].ref == first["same.txt"].ref


def test_what_is_remembered_is_believed_while_size_and_time_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    status = (tmp_path / "a").stat()
    old = Known(status.st_size, status.st_mtime_ns, Kind.VIDEO, "video/mp4", "f" * 64)
    assert look(tmp_path, {str(tmp_path / "a"): old})["a"].ref.digest == "f" * 64


def test_limit_counts_files_not_exclusions(tmp_path: Path) -> None:
    for name in (".x", "a", "b", "c"):
        (tmp_path / name).write_text(name)
    events = list(scan([str(tmp_path)], {}, limit=2))
    assert [Path(event.path).name for event in events if isinstance(event, Found)] == ["a", "b"]


@pytest.mark.parametrize("size", [0, 1, 4095, 65_536, (4 << 20) - 1, (9 << 20) + 7])
def test_digests_are_blake3_at_every_size(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "a").write_bytes(data[:size])
    assert digest_of(str(tmp_path / "a")) == blake3(data[:size]).hexdigest()


def test_a_file_that_keeps_changing_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 50_000_000)
    stop = threading.Event()

    def grow() -> None:
        with path.open("ab") as file:
            while not stop.is_set():
                file.write(b"x")
                file.flush()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        with pytest.raises(Unreadable, match="keeps changing"):
            examine(str(path))
    finally:
        stop.set()
        thread.join()


def test_links_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(Unreadable):
        examine(str(tmp_path / "b"))


def test_watch_tells_a_file_once_it_has_come_to_rest(tmp_path: Path) -> None:
    stop, told = threading.Event(), []
    limit = time.monotonic() + 60

    def write() -> None:
        time.sleep(0.5)
        (tmp_path / ".hidden").write_text("x")
        with (tmp_path / "film.mp4").open("wb") as file:
            for _ in range(10):
                file.write(b"x" * 1000)
                file.flush()
                time.sleep(0.1)

    thread = threading.Thread(target=write)
    thread.start()
    for paths in watch([str(tmp_path)], settle_s=1.0, stop=stop):
        told.append((paths, (tmp_path / "film.mp4").stat().st_size))
        stop.set()
        assert time.monotonic() < limit
    thread.join()
    assert told == [({str(tmp_path / "film.mp4")}, 10_000)]
