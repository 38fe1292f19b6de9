"""The pool of children: order, deaths, clocks, memory, and what is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from mammothbox.decode import Decoder
from mammothbox.decode.limits import Limits
from mammothbox.decode.worker import ChildDiedError, Worker
from mammothbox.errors import DecodeCrash, DecodeTimeout, InputError, Unreadable
from mammothbox.records import DocumentContent, ImageContent, Kind
from mammothbox.settings import Settings

TEXT = "text/plain"


def _big_png(path: Path, side: int) -> Path:
    from PIL import Image

    Image.effect_noise((side, side), 60).save(path, compress_level=0)
    return path


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _gone(pid: int, within_s: float = 20.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_map_keeps_order_and_yields_errors_in_place(decoder: Decoder, tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text(f"text {number}")
    files = [(str(tmp_path / f"{number}.txt"), Kind.DOCUMENT, TEXT) for number in range(12)]
    files.insert(5, (str(tmp_path / "absent.txt"), Kind.DOCUMENT, TEXT))
    results = list(decoder.map(files))
    assert isinstance(results.pop(5), Unreadable)
    texts = [r.pages[0].text for r in results if isinstance(r, DocumentContent)]
    assert texts == [f"text {number}" for number in range(12)]


def test_map_takes_files_only_as_far_as_needed(decoder: Decoder, photo: Path) -> None:
    taken = []

    def files():  # type: ignore[no-untyped-def]
        for number in range(100):
            taken.append(number)
            yield str(photo), Kind.IMAGE, "image/jpeg"

    results = decoder.map(files())
    next(results)
    assert 1 <= len(taken) <= 5
    results.close()  # type: ignore[attr-defined]


def test_pixels_arrive_unchanged(decoder: Decoder, limits: Limits, photo: Path) -> None:
    from mammothbox.decode.dispatch import decode_path

    here = decode_path(str(photo), Kind.IMAGE, "image/jpeg", limits)
    there = decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
    assert isinstance(here, ImageContent)
    assert isinstance(there, ImageContent)
    assert here.facts == there.facts
    assert (here.pixels == there.pixels).all()
    with pytest.raises(ValueError, match="read-only"):
        there.pixels[0, 0, 0] = 1


def test_relative_paths_are_the_callers(
    decoder: Decoder, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    assert isinstance(decoder.decode(photo.name, Kind.IMAGE, "image/jpeg"), ImageContent)


def test_bytes_in_no_file(decoder: Decoder, photo: Path) -> None:
    content = decoder.decode_bytes(photo.read_bytes(), Kind.IMAGE, "image/jpeg", "a/../b.jpg")
    assert content.facts.width == 64


def _kill_when_busy(decoder: Decoder) -> threading.Thread:
    """Kill every child of `decoder` again and again for half a second."""

    def kill() -> None:
        end = time.monotonic() + 6
        while time.monotonic() < end and not stop.is_set():
            for worker in list(decoder._workers):
                if worker._started:
                    with contextlib.suppress(ProcessLookupError):  # the last kill was enough
                        os.kill(worker.pid, signal.SIGKILL)
            time.sleep(0.005)

    stop = threading.Event()
    thread = threading.Thread(target=kill)
    thread.stop = stop.set  # type: ignore[attr-defined]
    thread.start()
    return thread


def test_a_child_killed_at_a_file_blames_that_file_and_the_next_one_works(
    tmp_path: Path, photo: Path
) -> None:
    slow = _big_png(tmp_path / "slow.png", 6000)
    with Decoder(Settings(decoders=1)) as decoder:
        decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        killer = _kill_when_busy(decoder)
        with pytest.raises(DecodeCrash, match=r"slow\.png.*SIGKILL"):
            decoder.decode(str(slow), Kind.IMAGE, "image/png")
        killer.stop()  # type: ignore[attr-defined]
        killer.join()
        content = decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        assert isinstance(content, ImageContent)


def test_a_child_killed_while_idle_blames_nobody(photo: Path) -> None:
    with Decoder(Settings(decoders=1)) as decoder:
        decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        (worker,) = decoder._workers
        os.kill(worker.pid, signal.SIGKILL)
        content = decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        assert isinstance(content, ImageContent)


def test_the_clock_ends_a_file_that_takes_too_long(tmp_path: Path, photo: Path) -> None:
    slow = _big_png(tmp_path / "slow.png", 9000)
    with Decoder(Settings(decoders=1, decode_timeout_s=0.2)) as decoder:
        with pytest.raises(DecodeTimeout, match=r"slow\.png"):
            decoder.decode(str(slow), Kind.IMAGE, "image/png")
        note = tmp_path / "a.txt"
        note.write_text("after")
        for _ in range(3):
            content = decoder.decode(str(note), Kind.DOCUMENT, TEXT)
        assert isinstance(content, DocumentContent)


def test_memory_beyond_the_limit_is_refused(tmp_path: Path, photo: Path) -> None:
    big = _big_png(tmp_path / "big.png", 8000)
    with Decoder(Settings(decoders=1, decode_memory_bytes=40_000_000)) as decoder:
        with pytest.raises(DecodeCrash, match=r"big\.png.*memory"):
            decoder.decode(str(big), Kind.IMAGE, "image/png")
        assert isinstance(decoder.decode(str(photo), Kind.IMAGE, "image/jpeg"), ImageContent)


def test_the_parent_watches_memory_where_the_system_does_not(tmp_path: Path) -> None:
    big = _big_png(tmp_path / "big.png", 9000)
    limits = Limits.of(Settings(decode_memory_bytes=2_000_000_000))
    worker = Worker(limits, watch_memory=True)
    try:
        worker._limits = Limits.of(Settings(decode_memory_bytes=10_000_000))
        with pytest.raises(ChildDiedError, match="memory"):
            worker.decode(str(big), Kind.IMAGE, "image/png")
    finally:
        worker.close()


def test_closing_leaves_no_child_and_refuses_more(photo: Path) -> None:
    before = _children()
    decoder = Decoder(Settings(decoders=2))
    list(decoder.map([(str(photo), Kind.IMAGE, "image/jpeg")] * 8))
    assert _children() - before
    decoder.close()
    assert _children() - before == set()
    with pytest.raises((InputError, RuntimeError)):
        decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")


PARENT = """
import sys, time
from mammothbox.decode import Decoder
from mammothbox.records import Kind
from mammothbox.settings import Settings
decoder = Decoder(Settings(decoders=1))
decoder.decode(sys.argv[1], Kind.IMAGE, "image/jpeg")
print(*[worker.pid for worker in decoder._workers], flush=True)
if sys.argv[2] == "busy":
    decoder._submit(sys.argv[3], Kind.IMAGE, "image/png")
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_children_die_with_a_killed_parent(state: str, tmp_path: Path, photo: Path) -> None:
    slow = _big_png(tmp_path / "slow.png", 6000)
    source = str(Path(__file__).parents[2] / "src")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(photo), state, str(slow)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    try:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
    finally:
        parent.kill()
        parent.wait()
    assert all(_gone(pid) for pid in pids)


def test_the_child_takes_no_interrupt_and_has_no_terminal(photo: Path) -> None:
    with Decoder(Settings(decoders=1)) as decoder:
        decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        (worker,) = decoder._workers
        os.kill(worker.pid, signal.SIGINT)
        decoder.decode(str(photo), Kind.IMAGE, "image/jpeg")
        assert list(decoder._workers) == [worker]
        assert os.getsid(worker.pid) == worker.pid
