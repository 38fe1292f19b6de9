"""A run while it lasts: stopped and continued, one writer, readers meanwhile, changes watched."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import IO, Any

import pytest

pytestmark = pytest.mark.real
FILES = 60
PATIENCE_S = 200


def _json(text: str) -> Any:
    return json.loads(text)


class Ear:
    """Reads a stream in a thread, so that waiting for a line can time out."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.heard: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)

    def wait_for(self, words: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                line = self._lines.get(timeout=max(0.1, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never heard {words!r} in {self.heard}") from None
            self.heard.append(line)
            if words in line:
                return line

    def wait_for_the_end(self) -> str:
        """All that was said until the stream was closed."""
        self._reader.join(timeout=PATIENCE_S)
        while not self._lines.empty():
            self.heard.append(self._lines.get())
        return "".join(self.heard)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait(timeout=30)


@pytest.fixture
def running(weights: None, bare: Any) -> Iterator[tuple[Any, subprocess.Popen[str], Ear]]:
    """An ingest of many small files, one a batch, that has just done its first file."""
    box = bare(MAMMOTHBOX_BATCH_FILES="1", MAMMOTHBOX_DESCRIBE="none")
    for number in range(FILES):
        text = f"Page {number} of the log of the ferry, wind {number % 9} from the west."
        (box.cwd / f"page{number:02}.txt").write_text(text)
    process = box.start("ingest", ".", "-v")
    ear = Ear(process.stderr)
    ear.wait_for("look: done")
    try:
        yield box, process, ear
    finally:
        _end(process)


def test_one_writes_others_read_and_a_stopped_run_goes_on(running) -> None:
    box, process, ear = running

    told = box("ingest", ".", code=5).stderr
    assert f"process {process.pid}" in told
    error = _json(box("tag", "page00.txt", "+log", "--json", code=5).stderr)
    assert error["error"] == "LibraryLocked"
    assert _json(box("status", "--json").stdout)["files"] == FILES
    box("failed")

    if process.poll() is None:  # a fast machine may be through by now
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE_S)
        assert process.returncode in (0, 130)
        said = ear.wait_for_the_end()
        assert "Traceback" not in said
        # The press may have come after the last file, while the library was being closed.
        assert process.returncode == 0 or "kept" in said.splitlines()[-1]

    report = _json(box("ingest", ".", "--json").stdout)
    assert report["found"] == FILES == report["done"] + report["unchanged"]
    steps = _json(box("status", "--json").stdout)["steps"]
    assert steps["facts"] == {"done": FILES}
    assert steps["chunks"] == {"done": FILES}


def test_an_interrupted_run_exits_130_and_keeps_what_it_did(running) -> None:
    box, process, ear = running
    process.send_signal(signal.SIGINT)
    process.wait(timeout=PATIENCE_S)
    ear.wait_for("finishing the batch in flight")
    assert process.returncode == 130
    ear.wait_for("error: stopped")
    assert not [line for line in ear.heard if "Traceback" in line]
    kept = _json(box("status", "--json").stdout)["steps"]["facts"]["done"]
    assert kept >= 1
    report = _json(box("ingest", ".", "--json").stdout)
    assert report["done"] + report["unchanged"] == FILES


def test_watch_takes_in_what_appears_and_ends_with_ctrl_c(weights, bare) -> None:
    box = bare(MAMMOTHBOX_DESCRIBE="none")
    (box.cwd / "first.txt").write_text("The first page.")
    process = box.start("watch", ".", "--json")
    try:
        out = Ear(process.stdout)
        assert _json(out.wait_for("found"))["done"] == 1
        time.sleep(1.0)  # until the watch itself stands
        (box.cwd / "second.txt").write_text("A walnut cake appears.")
        assert _json(out.wait_for("found"))["done"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        _end(process)
    assert "second.txt" in box("search", "walnut").stdout
