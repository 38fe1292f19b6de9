"""A worker: takes batches of its stages from the queue and does them with this machine's models.

Before a batch it claims its contents, so that no two workers do one at a time; what is done already
is left. Results are stored as in a run without a queue. A batch that cannot be done is cut into
single files, and a single file that cannot is recorded as failed, so that `mammothbox failed` names
it and `retry` tries it again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mammothbox.decode import Decoder
from mammothbox.errors import (
    DatabaseAway,
    Interrupted,
    MammothboxError,
    ModelError,
    QueueAway,
    UsageError,
)
from mammothbox.events import Event, FileDone, Note, OnEvent
from mammothbox.models import Models
from mammothbox.records import Digest, Failed, Result
from mammothbox.settings import Settings
from mammothbox.store import Store
from mammothbox.understand.calls import BLAMES_INPUT
from mammothbox.understand.pipeline import Pipeline
from mammothbox.understand.stages import Tools
from mammothbox.understand.work import Task, describe_mode, ready
from mammothbox.workers.board import ATTEMPTS, Board, WorkerState, my_name
from mammothbox.workers.conductor import Conductor
from mammothbox.workers.queue import DEAD_AFTER_S, Queue

BEAT_S = 2.0
"""Seconds between two words of a worker about itself, and two looks at what is due."""
STOP_S = 600.0
"""Seconds a batch in flight may take to come to an end of a transaction when it is to stop."""

_LOG = logging.getLogger(__name__)


@dataclass
class _Own(threading.local):
    """What one thread keeps between messages."""

    decoder: Decoder | None = None


@dataclass
class _Told:
    """What this worker tells about itself."""

    done: int = 0
    unseen: set[Digest] = field(default_factory=set)
    doing: Counter[str] = field(default_factory=Counter)


class Workshop:
    """Does messages; shared by the threads of one process.

    Args:
        settings: of this machine.
        store: opened for writing, shared with others.
        models: of this machine.
        board: where it tells what it does.
        queue: where cut batches go.
        on_event: hears about every file and every note.
        stopping: set when it is to end.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        models: Models,
        board: Board,
        queue: Queue,
        on_event: OnEvent,
        stopping: threading.Event,
    ) -> None:
        self._settings, self._store, self._models = settings, store, models
        self._board, self._queue = board, queue
        self._on_event, self._stopping = on_event, stopping
        self._mode = describe_mode(settings)
        self._own, self._decoders = _Own(), ExitStack()
        self._guard = threading.Lock()
        self._last = ""
        self.told = _Told()

    def close(self) -> None:
        """End the decoding children of all threads."""
        self._decoders.close()

    def do(self, stage: str, digests: list[Digest]) -> None:
        """One message. Raises only what is to be tried again later as it is."""
        if self._stopping.is_set():
            self._queue.put(stage, [digests])
            return
        begun = self._board.begin(stage, digests)
        with self._guard:
            self.told.doing[stage] += 1
        try:
            if begun > ATTEMPTS:
                raise RuntimeError(f"it ended its worker {begun - 1} times")
            self._do(stage, digests)
        except (DatabaseAway, QueueAway):
            raise
        except Interrupted:
            self._queue.put(stage, [digests])
        except ModelError as error:
            if isinstance(error, BLAMES_INPUT):
                self._blame(stage, digests, error)
            else:
                self._board.away(stage, f"{my_name()}: {error}")
                self._on_event(Note(f"{stage} postponed: {error}"))
        except Exception as error:  # the border of a stage: whatever it is, it is recorded
            self._blame(stage, digests, error)
        finally:
            with self._guard:
                self.told.doing[stage] -= 1
        self._board.end(stage, digests)

    def _do(self, stage: str, digests: list[Digest]) -> None:
        with self._guard:
            change, self._last = self._last != stage, stage
        if change:  # the models of another stage need not be held beside these
            self._models.end_idle()
        with self._store.claim(stage, digests) as mine:
            cards = self._models.cards()
            tasks = ready(self._store, stage, cards, self._mode, {Digest(one) for one in mine})
            among = self._visible(stage, tasks)
            if not among:
                return
            decoder = self._decoder()
            tools = Tools(self._store, decoder, self._models, self._settings, self._mode)
            pipeline = Pipeline(tools, cards, self._hear)
            pipeline.once(stage, among)
            for why in pipeline.postponed.values():
                self._board.away(stage, why)

    def _decoder(self) -> Decoder:
        if self._own.decoder is None:
            with self._guard:
                self._own.decoder = self._decoders.enter_context(Decoder(self._settings))
        return self._own.decoder

    def _hear(self, event: Event) -> None:
        """Between two batches: pass it on, and stop if that is wanted."""
        self._on_event(event)
        if isinstance(event, FileDone):
            with self._guard:
                self.told.done += 1
            self._board.publish(event)
        if self._stopping.is_set():
            raise Interrupted("stopped between two batches")

    def _visible(self, stage: str, tasks: Sequence[Task]) -> set[Digest]:
        """The contents whose files this machine can see, where the stage reads files."""
        if stage not in ("look", "listen"):
            return {task.ref.digest for task in tasks}
        hidden = [task for task in tasks if not can_see(task.ref.path)]
        if hidden:
            digests = [task.ref.digest for task in hidden]
            self._board.unseen(digests)
            self.told.unseen |= set(digests)
            more = f" and {len(hidden) - 1} more files" if len(hidden) > 1 else ""
            self._on_event(
                Note(f"{my_name()} cannot see {hidden[0].ref.path}{more}; is it mounted here?")
            )
        seen = {task.ref.digest for task in tasks} - {task.ref.digest for task in hidden}
        self._board.seen(list(seen & self.told.unseen))
        self.told.unseen -= seen
        return seen

    def _blame(self, stage: str, digests: list[Digest], error: BaseException) -> None:
        """Find the file that cannot be done: one by one, then record it."""
        if len(digests) > 1:
            self._queue.put(stage, [[digest] for digest in digests])
            return
        reason = error.reason if isinstance(error, MammothboxError) else type(error).__name__
        _LOG.warning("%s of %s: %s", stage, digests[0], error, exc_info=error)
        outcome = Failed(reason, " ".join(str(error).split()) or reason)
        tasks = ready(self._store, stage, self._models.cards(), self._mode, set(digests))
        self._store.commit(
            [
                Result(task.ref.digest, step, author.model, author.revision, outcome)
                for task in tasks
                for step, author in task.due.items()
            ]
        )


def can_see(path: str) -> bool:
    """Whether a file is there, or is known to be gone: its folder is there and holds others."""
    if os.path.lexists(path):
        return True
    try:
        with os.scandir(Path(path).parent) as entries:
            return any(True for _ in entries)
    except OSError:
        return False


def serve(
    settings: Settings,
    store: Store,
    models: Models,
    stages: Sequence[str],
    threads: int,
    on_event: OnEvent,
    stopping: threading.Event,
    *,
    dead_after_s: float = DEAD_AFTER_S,
) -> None:
    """Work until `stopping` is set; then end after the batches in flight are stored.

    Raises:
        UsageError: no queue is set, or the library has only one writer.
        QueueAway: Redis does not answer at the start.
    """
    if not settings.redis_url or not settings.database_url:
        raise UsageError(
            "workers share a library on PostgreSQL through Redis: set DATABASE_URL and REDIS_URL"
            " (without them `mammothbox ingest` does everything in its own process)"
        )
    queue = Queue(settings.redis_url, store.identity(), dead_after_s=dead_after_s)
    board = Board(queue)
    shop = Workshop(settings, store, models, board, queue, on_event, stopping)
    conductor = Conductor(store, queue, board, models.cards(), settings)
    worker = queue.worker(stages, threads, shop.do)
    board.tell(_state(shop, stages))
    worker.start()
    try:
        while not stopping.wait(BEAT_S):
            _try(lambda: board.tell(_state(shop, stages)), on_event)
            _try(lambda: conductor.step(), on_event)
    finally:
        stopping.set()
        worker.stop(timeout=int(STOP_S * 1000))
        shop.close()
        _try(lambda: board.gone(my_name()), on_event)
        queue.close()


def _state(shop: Workshop, stages: Sequence[str]) -> WorkerState:
    doing = [stage for stage, number in shop.told.doing.items() if number]
    told = shop.told
    return WorkerState(my_name(), list(stages), doing, told.done, len(told.unseen), time.time())


def _try(call: Callable[[], object], on_event: OnEvent) -> None:
    """A server that is away for a moment ends no worker."""
    try:
        call()
    except (DatabaseAway, QueueAway) as error:
        on_event(Note(str(error)))
