"""What goes first, how much is offered at a time, and how a worker ends."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mammothbox.models.stub import StubModels
from mammothbox.records import Digest
from mammothbox.scan import Found, scan
from mammothbox.settings import Settings
from mammothbox.store import Store
from mammothbox.workers import conductor
from mammothbox.workers.board import Board
from mammothbox.workers.conductor import Conductor
from mammothbox.workers.following import standing
from mammothbox.workers.queue import Queue
from mammothbox.workers.worker import Workshop
from tests.workers.hiring import Crew, fill, run

pytestmark = pytest.mark.timeout(240)


def test_what_somebody_waits_for_goes_before_the_rest(settings: Settings, store: Store) -> None:
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
    fill(tmp_path / "many", 120)
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
    assert left > 5, "the few waited for the many"
    crew.dismiss()
    crew.all.clear()
    crew.hire()
    crew.hire()
    many.join(120)
    assert not many.is_alive()


def test_only_so_much_is_offered_at_a_time(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "MOST_MESSAGES", 3)
    fill(tmp_path / "photos", 40)
    found = scan([str(tmp_path / "photos")], {})
    store.record_files([event.ref for event in found if isinstance(event, Found)])
    queue = Queue(settings.redis_url, store.identity())
    models: Any = StubModels()
    try:
        conducting = Conductor(store, queue, Board(queue), models.cards(), settings)
        for _ in range(3):  # more come only when these are done
            assert conducting.step().busy
            assert queue.unfinished("look") == 3
    finally:
        queue.broker.flush_all()
        queue.close()


def test_a_worker_that_ends_gives_its_messages_back(store: Store, settings: Settings) -> None:
    queue = Queue(settings.redis_url, store.identity())
    models: Any = StubModels()
    stopping = threading.Event()
    shop = Workshop(settings, store, models, Board(queue), queue, print, stopping)
    try:
        stopping.set()
        shop.do("look", [Digest("a" * 64)])
        assert queue.unfinished("look") == 1
        assert shop.told.done == 0
    finally:
        shop.close()
        queue.broker.flush_all()
        queue.close()
