"""What a run with a queue does: conduct, and tell how the workers get on.

Where no worker is there it works itself, so that a queue alone stops nobody.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mammothbox.errors import DatabaseAway, QueueAway, UsageError
from mammothbox.events import Event, Note, OnEvent, StageFinished, StageStarted
from mammothbox.models import Models
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest
from mammothbox.settings import Settings
from mammothbox.store import Store
from mammothbox.understand.steps import STAGES
from mammothbox.understand.work import count, describe_mode, todo
from mammothbox.workers.board import Board, WorkerState
from mammothbox.workers.conductor import Conductor, Score
from mammothbox.workers.queue import Queue
from mammothbox.workers.worker import serve

LOOK_S = 1.0
"""Seconds between two looks at what is due."""
NOBODY_S = 20.0
"""Seconds after which it is said that no worker is there."""
FEW = 100
"""Contents at most that go before all others, since somebody waits for so few."""


@dataclass
class Followed:
    """What the workers did while they were followed; see `pipeline.Ran`."""

    worked: set[Digest] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    pictures: Counter[str] = field(default_factory=Counter)
    postponed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the work stands, for `status`: workers, messages by stage, files no worker sees."""

    workers: list[WorkerState]
    queued: dict[str, int]
    unseen: int


def standing(store: Store, settings: Settings) -> Standing:
    """How it stands now.

    Raises:
        QueueAway: Redis does not answer.
    """
    library = store.identity()
    if not library:  # no worker was ever there
        return Standing([], {}, 0)
    queue = Queue(settings.redis_url, library)
    try:
        board = Board(queue)
        queued = {
            stage: sum(queue.unfinished(stage, soon=soon) for soon in (False, True))
            for stage in STAGES
        }
        return Standing(board.workers(), queued, len(board.unseen_lately()))
    finally:
        queue.close()


def follow(
    store: Store,
    models: Models,
    settings: Settings,
    among: set[Digest],
    on_event: OnEvent,
) -> Followed:
    """Wait until nothing more of `among` can be done; a listener that raises ends the waiting.

    Where little of it is due, that goes before everything else; else all that is due is waited for.

    The work goes on without a follower: workers conduct too.

    Raises:
        UsageError: the library is on SQLite, which has one writer.
    """
    if not settings.database_url:
        raise UsageError(
            "REDIS_URL is for a library on PostgreSQL: set DATABASE_URL too, or unset REDIS_URL"
        )
    mode, cards = describe_mode(settings), models.cards()
    before = {
        task.ref.digest for stage in STAGES for task in todo(store, stage, cards, mode, among)
    }
    queue = Queue(settings.redis_url, store.identity())
    try:
        with _helping(store, queue, models, settings, on_event):
            ran = _watch(store, queue, cards, settings, among, before, on_event)
    finally:
        queue.close()
    still = {task.ref.digest for stage in STAGES for task in todo(store, stage, cards, mode, among)}
    ran.worked = before - still
    return ran


@contextmanager
def _helping(
    store: Store, queue: Queue, models: Models, settings: Settings, on_event: OnEvent
) -> Iterator[None]:
    """Be a worker in this process meanwhile, unless there are others."""
    if Board(queue).workers():
        yield
        return
    stopping = threading.Event()

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            on_event(event)

    work = (settings, store, models, STAGES, 1, tell, stopping)
    thread = threading.Thread(target=serve, args=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _watch(
    store: Store,
    queue: Queue,
    cards: Mapping[str, ModelCard],
    settings: Settings,
    among: set[Digest],
    due: set[Digest],
    on_event: OnEvent,
) -> Followed:
    board = Board(queue)
    conductor = Conductor(store, queue, board, cards, settings)
    few = due if len(due) <= FEW else None
    teller = _Teller(on_event, count(store, cards, describe_mode(settings), among))
    listening = board.listen()
    lonely = time.monotonic()
    while True:
        try:
            for event in board.heard(listening, LOOK_S):
                teller.file(event.stage, event.path, event.outcome, event.message)
            board.hurry(few or ())
            score = conductor.step()
            if few is not None:
                score = conductor.left(few)
            if board.workers():
                lonely = time.monotonic()
        except (DatabaseAway, QueueAway) as error:
            on_event(Note(str(error)))
            time.sleep(LOOK_S)
            listening = _again(board, listening)
            continue
        if time.monotonic() - lonely > NOBODY_S:
            lonely = time.monotonic()
            on_event(Note("no worker is there; start one on any machine: mammothbox worker"))
        if score.mine and not score.busy:
            board.calm(few or ())
            _tell_rest(score, on_event)
            ran = teller.end()
            ran.postponed = dict(score.away or {})
            return ran


def _again(board: Board, listening: object) -> object:
    """Listen anew after Redis was away; what was said meanwhile is not heard."""
    try:
        return board.listen()
    except QueueAway:
        return listening


def _tell_rest(score: Score, on_event: OnEvent) -> None:
    for stage, why in (score.away or {}).items():
        on_event(Note(f"{stage} postponed: {why}"))
    if score.unseen:
        on_event(
            Note(
                f"{score.unseen} files wait: no worker can see them; mount their folders there"
                " under the same path"
            )
        )


class _Teller:
    """Makes events of a run out of what workers say."""

    def __init__(self, on_event: OnEvent, todo: Mapping[str, int]) -> None:
        self._on_event, self._todo = on_event, todo
        self._done: Counter[str] = Counter()
        self._begun: dict[str, float] = {}

    def file(self, stage: str, path: str, outcome: str, message: str) -> None:
        """A file went through a stage somewhere."""
        from mammothbox.events import FileDone

        if stage not in self._begun:
            self._begun[stage] = time.perf_counter()
            self._on_event(StageStarted(stage, self._todo.get(stage, 0)))
        self._done[stage] += 1
        total = max(self._todo.get(stage, 0), self._done[stage])
        self._on_event(FileDone(stage, path, outcome, message, self._done[stage], total))

    def end(self) -> Followed:
        """All is over."""
        ran = Followed()
        for stage, begun in self._begun.items():
            ran.seconds[stage] = time.perf_counter() - begun
            self._on_event(StageFinished(stage, self._done[stage], ran.seconds[stage]))
        return ran
