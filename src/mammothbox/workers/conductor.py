"""Offers what is due to the workers, a round at a time, by what the store says.

A stage is offered when nothing of its last round is left in the queue, and when the stages before
it owe nothing. Whatever was lost, by a worker's death or Redis's, is still due, and comes in the
next round. Any number of processes may conduct; one at a time does. Contents that somebody waits
for have rounds of their own, in the lines that go first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Kind
from mammothbox.settings import Settings
from mammothbox.store import MOST_AMONG, Store
from mammothbox.understand.steps import STAGES
from mammothbox.understand.work import Task, describe_mode, ready
from mammothbox.workers.board import Board
from mammothbox.workers.queue import Queue

ROUNDS: Sequence[Sequence[str]] = (("look", "listen"), ("read",), ("describe",))
"""Stages that may run side by side, in the order in which they need one another."""
MOST_MESSAGES = 1_000
"""Of one round, so that the queue stays small however large the library is."""
FEW = 4
"""Recordings, texts for the writer, or files somebody waits for, in a message."""


@dataclass(frozen=True, slots=True)
class Score:
    """How it stands.

    Attributes:
        busy: something is in the queue.
        unseen: contents that are due and that no worker could see of late.
        away: stage → why it waits.
        mine: whether this process conducted; else nothing is known.
    """

    busy: bool = False
    unseen: int = 0
    away: Mapping[str, str] | None = None
    mine: bool = True


class Conductor:
    """Conducts one library."""

    def __init__(
        self,
        store: Store,
        queue: Queue,
        board: Board,
        cards: Mapping[str, ModelCard],
        settings: Settings,
    ) -> None:
        self._store, self._queue, self._board = store, queue, board
        self._cards, self._settings = cards, settings
        self._mode = describe_mode(settings)

    def step(self) -> Score:
        """Offer the next round if it is time for one."""
        with self._store.claim("conduct", ["conduct"]) as mine:
            return self._step() if mine else Score(busy=True, mine=False)

    def _step(self) -> Score:
        hurried = self._board.hurried()
        if hurried:
            self._rounds(hurried)
        return self._rounds()

    def left(self, among: set[Digest]) -> Score:
        """How it stands with these contents alone; offers nothing."""
        unseen, away = self._board.unseen_lately(), dict[str, str]()
        waiting, busy = set[Digest](), False
        for stage in STAGES:
            tasks = ready(self._store, stage, self._cards, self._mode, among)
            why = self._board.why_away(stage) if tasks else ""
            if why:
                away[stage] = why
                continue
            due = {task.ref.digest for task in tasks}
            waiting |= due & unseen
            busy = busy or bool(due - unseen)
        return Score(busy, len(waiting), away)

    def _rounds(self, hurried: set[Digest] | None = None) -> Score:
        """Offer what is due of all contents, or of those that somebody waits for."""
        soon = hurried is not None
        unseen = self._board.unseen_lately()
        waiting: set[Digest] = set()
        away: dict[str, str] = {}
        for stages in ROUNDS:
            busy = False
            for stage in stages:
                if self._queue.unfinished(stage, soon=soon):
                    busy = True
                    continue
                tasks = ready(self._store, stage, self._cards, self._mode, hurried)
                why = self._board.why_away(stage) if tasks else ""
                if why:
                    away[stage] = why
                    continue
                seen = [task for task in tasks if task.ref.digest not in unseen]
                waiting |= {task.ref.digest for task in tasks} & unseen
                busy = self._offer(stage, seen, soon=soon) or busy
            if busy:
                return Score(True, len(waiting), away)
        return Score(False, len(waiting), away)

    def _offer(self, stage: str, tasks: Sequence[Task], *, soon: bool) -> bool:
        few = soon or stage in ("listen", "describe")
        batches = self._batches(stage, tasks, FEW if few else self._settings.batch_files)
        self._queue.put(stage, itertools.islice(batches, MOST_MESSAGES), soon=soon)
        return bool(tasks)

    def _batches(self, stage: str, tasks: Sequence[Task], size: int) -> Iterator[list[Digest]]:
        grouped = [task for task in tasks if task.ref.kind == Kind.IMAGE and self._mode == "groups"]
        if stage == "describe" and grouped:
            yield from _cut(grouped, MOST_AMONG)
            tasks = [task for task in tasks if task.ref.kind != Kind.IMAGE]
        yield from _cut(tasks, size)


def _cut(tasks: Sequence[Task], size: int) -> Iterator[list[Digest]]:
    for start in range(0, len(tasks), size):
        yield [task.ref.digest for task in tasks[start : start + size]]
