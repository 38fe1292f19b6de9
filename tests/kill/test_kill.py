"""SIGKILL at any moment costs at most the batch in flight: the next run ends in the same library.

At every call of the store's port, before and after, with stub models; at random moments with
the real ones, of the command itself and of its model hosts. `MAMMOTHBOX_KILL_MOMENTS` sets how many
random moments are tried (one here; `bench.accept` tries 20).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from bench.processes import MARK, environment, marked, start, still_running
from bench.snapshots import Snapshot, differences, snapshot
from tests.kill import victim

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FILES = (
    *("photos/IMG_2102.jpg", "photos/IMG_2103.jpg", "photos/IMG_2103 (copy).jpg"),
    *("documents/day3.md", "documents/scan_0002.pdf"),
    *("sound/REC_0007.wav", "video/MOV_0031.mp4"),
)
MOMENTS = int(os.environ.get("MAMMOTHBOX_KILL_MOMENTS", "1"))
LEFT_OUT = ("documents/scan_0002.pdf", "sound/REC_0007.wav")
"""Left out where one moment is tried with real models: words are said in the video, too."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.kill.victim"])

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few files of every kind: two with equal bytes, one broken, one of no known format."""
    return _collection(tmp_path_factory.mktemp("collection"), FILES)


@pytest.fixture(scope="module")
def real_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, for models that take their time."""
    chosen = [name for name in FILES if MOMENTS > 1 or name not in LEFT_OUT]
    return _collection(tmp_path_factory.mktemp("collection"), chosen)


def _collection(made: Path, names: Sequence[str]) -> Path:
    for name in names:
        shutil.copy2(EXAMPLES / name, made / Path(name).name)
    (made / "noise.bin").write_bytes(bytes(range(256)))
    (made / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    return made


def _run_victim(
    folder: Path, library: Path, moment: int | None = None
) -> tuple[int, list[list[list[str]]], int, tuple[str, ...]]:
    """Exit code, batches worked on, calls of the store, processes left behind."""
    log = library.with_suffix(".log")
    log.unlink(missing_ok=True)
    mark = {MARK: uuid.uuid4().hex}
    # A fork of a process that has imported everything once; the command itself is killed below.
    process = FORKS.Process(
        target=victim.run, args=(str(folder), str(library), str(log), moment, mark)
    )
    process.start()
    process.join(120)
    code = process.exitcode
    if code is None:
        process.kill()
        pytest.fail("it hangs")
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    calls = lines[-1] if lines and isinstance(lines[-1], int) else -1
    if moment is None:
        assert code == 0, "its traceback stands above"
    batches = [line for line in lines if isinstance(line, list)]
    return code, batches, calls, still_running(mark[MARK], 5)


def test_killed_at_every_call_of_the_store(folder: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    _, _, calls, _ = _run_victim(folder, whole)
    wanted = snapshot(whole)
    assert calls >= 10, "the run must go through the store's port"
    assert len(wanted.files) == len(FILES) + 2
    assert {"Done", "Failed", "Skipped"} <= {kind for kind, _ in wanted.outcomes.values()}
    for moment in range(calls):
        library = tmp_path / f"killed{moment}"
        code, _, _, left = _run_victim(folder, library, moment)
        assert code == -signal.SIGKILL, f"call {moment} was never made"
        assert left == ()
        finished = snapshot(library)
        _, again, _, _ = _run_victim(folder, library)
        final = snapshot(library)
        assert differences(final, wanted, words=True) == [], f"killed at call {moment}"
        _nothing_lost(finished, final)
        worked = {(digest, step) for batch in again for digest, step in batch}
        twice = worked & {key[:2] for key in finished.outcomes}
        assert twice == set(), f"killed at call {moment}: finished steps ran again"


def _nothing_lost(finished: Snapshot, final: Snapshot) -> None:
    """What was finished before the kill is there afterwards, to the byte."""
    for key, value in finished.outcomes.items():
        assert final.outcomes[key] == value
    for digest, passages in finished.passages.items():
        assert set(json.loads(passages)) <= set(json.loads(final.passages[digest]))


def _ingest(folder: Path, library: Path) -> tuple[subprocess.Popen[str], str]:
    env = environment()
    return start(["ingest", str(folder), "--library", str(library), "--json"], env), env[MARK]


@pytest.fixture(scope="module")
def undisturbed(
    real_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, float]:
    """The library of a run with real models that nobody disturbed, and the run's seconds."""
    library = tmp_path_factory.mktemp("undisturbed") / "library"
    begin = time.monotonic()
    process, _ = _ingest(real_folder, library)
    _, err = process.communicate(timeout=300)
    assert process.returncode in (0, 3), err
    return snapshot(library), time.monotonic() - begin


@pytest.mark.real
def test_killed_at_random_moments(
    real_folder: Path, undisturbed: tuple[Snapshot, float], tmp_path: Path
) -> None:
    wanted, seconds = undisturbed
    chance = random.Random(20261123)
    for number in range(MOMENTS):
        library = tmp_path / f"random{number}"
        process, mark = _ingest(real_folder, library)
        moment = chance.uniform(0.2, 0.95) * seconds
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=30)
        assert still_running(mark, 10) == (), f"after a kill at {moment:.2f} s"
        finished = snapshot(library)
        again, _ = _ingest(real_folder, library)
        _, err = again.communicate(timeout=300)
        assert again.returncode in (0, 3), err
        final = snapshot(library)
        assert differences(final, wanted, words=False) == [], f"killed at {moment:.2f} s"
        _nothing_lost(finished, final)


@pytest.mark.real
def test_a_killed_model_host_costs_no_file(
    real_folder: Path, undisturbed: tuple[Snapshot, float], tmp_path: Path
) -> None:
    wanted, _ = undisturbed
    killed = 0
    for number in range(max(1, MOMENTS // 2)):
        library = tmp_path / f"host{number}"
        process, mark = _ingest(real_folder, library)
        killed += _kill_host(process, mark, number)
        _, err = process.communicate(timeout=300)
        assert process.returncode in (0, 3), err
        assert still_running(mark, 10) == ()
        assert differences(snapshot(library), wanted, words=False) == []
    assert killed, "no model host was ever met"


def _kill_host(process: subprocess.Popen[str], mark: str, number: int) -> bool:
    """Kills the first or a later model host as soon as it lives; whether one was met."""
    deadline = time.monotonic() + 60
    seen: set[int] = set()
    while process.poll() is None and time.monotonic() < deadline:
        for one in marked(mark):
            try:
                is_host = any("models.host" in word for word in one.cmdline())
            except psutil.Error:
                continue
            seen |= {one.pid} if is_host else set()
            if is_host and len(seen) > number % 3:
                time.sleep(0.3)
                one.kill()
                return True
        time.sleep(0.05)
    return False
