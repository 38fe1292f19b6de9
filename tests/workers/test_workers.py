"""Many workers make the library that one process makes, whoever dies meanwhile."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.servers import PostgresServer, RedisServer, create_database
from bench.snapshots import differences, snapshot
from mammothbox.errors import QueueAway, UsageError
from mammothbox.events import Event, FileDone, IngestReport, Note
from mammothbox.ingest import ingest
from mammothbox.models.stub import StubModels
from mammothbox.records import Digest
from mammothbox.settings import Settings, load_settings
from mammothbox.store import Store, open_store
from mammothbox.workers.following import standing

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.timeout(240)


def fill(folder: Path, count: int) -> None:
    """Photos of many colours, notes, one recording, one broken file, two with equal bytes."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(5)
    for number in range(count - 6):
        if number % 3:
            pixels = np.full((40, 50, 3), chance.integers(0, 255, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"photo{number}.png")
        else:
            (folder / f"note{number}.txt").write_text(f"Note {number} about a walk. " * 5)
    shutil.copy2(folder / "photo1.png", folder / "copy of photo1.png")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    for name in ("documents/day3.md", "photos/IMG_2102.jpg", "sound/REC_0007.wav"):
        shutil.copy2(EXAMPLES / name, folder)


class Crew:
    """Workers of one library."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.all: list[subprocess.Popen[str]] = []

    def hire(
        self, stages: str = "look,listen,read,describe", threads: int = 1, *more: str
    ) -> subprocess.Popen[str]:
        set_ = self.settings
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.workers.crew", set_.database_url, set_.redis_url),
                *(str(set_.library), stages, str(threads), *more),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.all.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        self._wait_for(process.pid)
        return process

    def _wait_for(self, pid: int) -> None:
        """Until it has told the others that it is there."""
        set_ = self.settings
        with open_store(set_.library, url=set_.database_url, write=False) as store:
            for _ in range(200):
                if any(one.name.endswith(f":{pid}") for one in standing(store, set_).workers):
                    return
                time.sleep(0.1)
        pytest.fail("a worker never came")

    def dismiss(self) -> list[str]:
        """Ends all; what they said."""
        for process in self.all:
            process.send_signal(signal.SIGTERM)
        return [process.communicate(timeout=60)[0] for process in self.all]


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str, redis: str) -> Settings:
    return load_settings(
        {},
        library=tmp_path / "library",
        database_url=postgres_url,
        redis_url=redis,
        decoders=1,
        batch_files=4,
        describe="groups",
    )


@pytest.fixture
def crew(settings: Settings) -> Iterator[Crew]:
    made = Crew(settings)
    yield made
    for process in made.all:
        process.kill()
        process.communicate()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.library, url=settings.database_url, write=True, shared=True) as opened:
        yield opened


def run(store: Store, settings: Settings, folder: Path, events: list[Event]) -> IngestReport:
    models: Any = StubModels()
    return ingest(store, models, settings, [str(folder)], None, events.append)


def alone(folder: Path, library: Path) -> Any:
    """The library of one process on SQLite."""
    settings = load_settings({}, library=library, decoders=1, batch_files=4, describe="groups")
    with open_store(library, write=True) as store:
        run(store, settings, folder, [])
    return snapshot(library)


def test_two_workers_make_the_library_of_one_process(
    store: Store, settings: Settings, crew: Crew, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 24)
    crew.hire("look,listen", 2)
    crew.hire("read,describe")
    events: list[Event] = []
    report = run(store, settings, tmp_path / "photos", events)
    assert (report.found, report.failed) == (24, 1)
    assert report.done > 15
    assert {event.stage for event in events if isinstance(event, FileDone)} >= {"look", "read"}
    shown = standing(store, settings)
    assert [len(one.stages) for one in shown.workers] == [2, 2]
    assert sum(shown.queued.values()) == 0
    assert [said.splitlines()[-1] for said in crew.dismiss()] == ["ended", "ended"]
    assert standing(store, settings).workers == []
    wanted = alone(tmp_path / "photos", tmp_path / "alone")
    found = snapshot(settings.library, settings.database_url)
    assert differences(found, wanted, words=True) == []
    assert run(store, settings, tmp_path / "photos", []).unchanged >= report.done


def test_a_queue_without_workers_stops_nobody(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 10)
    report = run(store, settings, tmp_path / "photos", [])
    assert (report.found, report.failed) == (10, 1)
    assert report.done >= 5
    assert standing(store, settings).workers == []


def test_what_a_worker_cannot_see_waits_and_fails_nothing(
    store: Store, settings: Settings, crew: Crew, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 8)
    crew.hire("look,listen,read,describe", 1, "0", str(tmp_path / "photos"))
    events: list[Event] = []
    report = run(store, settings, tmp_path / "photos", events)
    said = [event.text for event in events if isinstance(event, Note)]
    assert any("no worker can see them" in text for text in said)
    assert report.failed == 0
    assert store.counts().steps == {}
    (words,) = crew.dismiss()
    assert f"cannot see {tmp_path}/photos/" in words
    # when one comes that can
    crew.all.clear()
    crew.hire()
    deadline = time.monotonic() + 90
    while not store.counts().steps.get("outline") and time.monotonic() < deadline:
        time.sleep(0.5)
    assert store.counts().steps["facts"]["done"] >= 5


def test_workers_need_both_servers(settings: Settings, store: Store, tmp_path: Path) -> None:
    from dataclasses import replace

    from mammothbox.workers.worker import serve

    fill(tmp_path / "photos", 8)
    models: Any = StubModels()
    nothing = threading.Event()
    with pytest.raises(UsageError, match="DATABASE_URL and REDIS_URL"):
        serve(replace(settings, redis_url=""), store, models, ["look"], 1, print, nothing)
    wrong = replace(settings, redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(QueueAway, match="Redis does not answer"):
        serve(wrong, store, models, ["look"], 1, print, nothing)
    with (
        open_store(tmp_path / "local", write=True) as local,
        pytest.raises(UsageError, match="REDIS_URL is for a library on PostgreSQL"),
    ):
        run(local, replace(settings, database_url=""), tmp_path / "photos", [])


def test_a_batch_that_always_ends_its_worker_is_cut_and_its_file_failed(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    from mammothbox.workers.board import ATTEMPTS, Board
    from mammothbox.workers.queue import Queue
    from mammothbox.workers.worker import Workshop

    fill(tmp_path / "photos", 8)
    from mammothbox.scan import Found, scan

    refs = [event.ref for event in scan([str(tmp_path / "photos")], {}) if isinstance(event, Found)]
    store.record_files(refs)
    digests = sorted({ref.digest for ref in refs})[:2]
    queue = Queue(settings.redis_url, store.identity())
    board = Board(queue)
    models: Any = StubModels()
    shop = Workshop(settings, store, models, board, queue, print, threading.Event())
    try:
        # given a batch that has begun often and never ended
        for _ in range(ATTEMPTS):
            board.begin("look", digests)
        shop.do("look", digests)
        # then it comes back one by one
        assert queue.unfinished("look") == 2
        # and a single file that still ends its worker is recorded
        for _ in range(ATTEMPTS):
            board.begin("look", digests[:1])
        shop.do("look", digests[:1])
        (failure, *_) = store.failures()
        assert "ended its worker" in failure.message
        assert board.begin("look", digests[:1]) == 1
    finally:
        shop.close()
        queue.broker.flush_all()
        queue.close()


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_kills_and_restarts_lose_nothing(tmp_path: Path, absent: Any) -> None:
    """Workers end by kill -9 and both servers crash; the library is that of one process.

    `MAMMOTHBOX_CREW_FILES`, `_KILLS` and `_RESTARTS` make it larger.
    """
    files, kills, restarts = (
        int(os.environ.get(f"MAMMOTHBOX_CREW_{name}", default))
        for name, default in (("FILES", "60"), ("KILLS", "4"), ("RESTARTS", "1"))
    )
    fill(tmp_path / "photos", files)
    chance = random.Random(8)
    with ExitStack() as stack:
        postgres, redis = (
            stack.enter_context(PostgresServer()),
            stack.enter_context(RedisServer()),
        )
        url = create_database(postgres.url("postgres"), "library")
        settings = load_settings(
            {},
            library=tmp_path / "library",
            database_url=url,
            redis_url=redis.url(),
            decoders=1,
            batch_files=4,
            describe="groups",
        )
        crew = Crew(settings)
        stack.callback(lambda: [process.kill() for process in crew.all])
        store = stack.enter_context(open_store(settings.library, url=url, write=True, shared=True))
        events: list[Event] = []
        thread = threading.Thread(
            target=run, args=(store, settings, tmp_path / "photos", events), daemon=True
        )
        for _ in range(4):
            crew.hire("look,listen,read,describe", 1, "0.3")
        thread.start()
        time.sleep(2)
        for number in range(kills):
            time.sleep(chance.uniform(0.3, 1.5))
            victim = chance.choice([one for one in crew.all if one.poll() is None])
            victim.kill()
            crew.hire("look,listen,read,describe", 1, "0.3")
            if number % 3 == 1 and number // 3 < restarts:
                redis.halt(signal.SIGKILL)
                redis.start()
            if number % 3 == 2 and number // 3 < restarts:
                postgres.halt(signal.SIGQUIT)
                postgres.start()
        thread.join(150 + 2 * files)
        assert not thread.is_alive(), [e.text for e in events if isinstance(e, Note)]
        found = snapshot(settings.library, url)
        crew.dismiss()
    wanted = alone(tmp_path / "photos", tmp_path / "alone")
    assert differences(found, wanted, words=False) == []
    assert len(found.files) == files


def test_what_somebody_waits_for_goes_before_the_rest(settings: Settings, store: Store) -> None:
    from mammothbox.workers.queue import Queue

    queue = Queue(settings.redis_url, store.identity())
    done: list[str] = []
    try:
        # given a long line, and one batch that somebody waits for
        queue.put("look", ([Digest(f"{number:064x}")] for number in range(300)))
        queue.put("look", [[Digest("f" * 64)]], soon=True)
        assert (queue.unfinished("look"), queue.unfinished("look", soon=True)) == (300, 1)

        def do(stage: str, digests: list[Digest]) -> None:
            while queue.redis.llen(f"{queue.namespace}:look-soon"):  # until it is at hand
                time.sleep(0.2)
            time.sleep(0 if done else 0.5)
            done.extend(digests)

        worker = queue.worker(["look"], 1, do)
        worker.start()
        deadline = time.monotonic() + 60
        while queue.unfinished("look") and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.stop(timeout=10_000)
        # then it was done among the first, and all the others once each
        assert "f" * 64 in done[:3]
        assert len(set(done)) == len(done) == 301
    finally:
        queue.close()


def test_few_files_do_not_wait_for_the_many(
    store: Store, settings: Settings, crew: Crew, tmp_path: Path
) -> None:
    fill(tmp_path / "many", 220)
    fill(tmp_path / "few", 10)
    crew.hire("look,listen,read,describe", 1, "0.5")
    many = threading.Thread(target=run, args=(store, settings, tmp_path / "many", []), daemon=True)
    many.start()
    deadline = time.monotonic() + 60
    while not store.counts().steps.get("caption") and time.monotonic() < deadline:
        time.sleep(0.1)
    report = run(store, settings, tmp_path / "few", [])
    left = sum(standing(store, settings).queued.values())
    assert report.done >= 5
    assert left > 10, "the few waited for the many"
    crew.dismiss()
    crew.all.clear()
    crew.hire()
    crew.hire()
    many.join(120)
    assert not many.is_alive()
