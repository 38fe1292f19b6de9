"""Many workers make the library that one process makes, whoever dies meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bench.servers import PostgresServer, RedisServer, create_database
from bench.snapshots import differences, snapshot
from mammothbox.errors import QueueAway, UsageError
from mammothbox.events import Event, FileDone, Note
from mammothbox.ingest import ingest
from mammothbox.models.stub import StubModels
from mammothbox.records import Done
from mammothbox.settings import Settings, load_settings
from mammothbox.store import Store, open_store
from mammothbox.workers.following import standing
from tests.workers.hiring import Crew, fill, run

pytestmark = pytest.mark.timeout(240)


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


def test_workers_set_sentences_into_what_their_owner_says(
    store: Store, settings: Settings, crew: Crew, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 8)
    crew.hire()
    models: Any = StubModels()
    photos = [str(tmp_path / "photos")]
    ingest(store, models, settings, photos, None, lambda event: None, "our trip to Norway")
    (photo,) = store.files(path=f"{photos[0]}/photo1.png")
    told = store.results([photo.digest], ["context"])[photo.digest]["context"].outcome
    assert isinstance(told, Done)
    assert told.value["summary"].startswith("Our trip to Norway: probably: ")
    assert {"photo1.png", "day3.md"} <= {
        Path(ref.path).name
        for match in store.match_words("norway")
        for ref in store.files(digest=match.digest)
    }
    # taken back, nothing says it any more
    ingest(store, models, settings, photos, None, lambda event: None, "")
    assert store.match_words("norway") == []


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
