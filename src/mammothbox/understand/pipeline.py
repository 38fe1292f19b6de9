"""Runs the stages over what is left to do, stores each batch, and says how it goes.

Stage by stage over the whole batch: a model is loaded once, not once a file. Each batch is one
transaction, so that a stop at any moment costs at most the batch in flight. A stage whose model is
away is postponed and named; the others go on.

Example:
    pipeline = Pipeline(tools, on_event=print)
    pipeline.run(among=None)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from mammothbox.errors import ServiceAway
from mammothbox.events import FileDone, Note, OnEvent, StageFinished, StageStarted, ignore
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Done, Failed, Kind, Result, Skipped
from mammothbox.understand.stages import Tools, describe, listen, look, read
from mammothbox.understand.steps import STAGES, STEPS, Author
from mammothbox.understand.steps.ocr import NOTHING_TO_READ
from mammothbox.understand.work import Task, ready

Run = Callable[[Tools, Sequence[Task]], Iterator[list[Result]]]
_RUNS: Mapping[str, Run] = {
    "look": look.run,
    "listen": listen.run,
    "read": read.run,
    "describe": describe.run,
}


class Ran(Protocol):
    """What a run tells afterwards, wherever its stages ran; see `Pipeline`."""

    worked: set[Digest]
    seconds: dict[str, float]
    pictures: Counter[str]

    @property
    def postponed(self) -> Mapping[str, str]:
        """Step or stage → why it waits for another run."""


class Pipeline:
    """One run of the stages.

    Attributes:
        worked: contents for which at least one step was done in this run.
        seconds: stage → wall time.
        pictures: ``seen`` and ``read``: photos and videos, and those of them that were sent to OCR.
    """

    def __init__(
        self,
        tools: Tools,
        cards: Mapping[str, ModelCard],
        on_event: OnEvent = ignore,
        memory: Callable[[], int] = lambda: 0,
    ) -> None:
        self._tools = tools
        self._cards = cards
        self._on_event = on_event
        self._memory = memory
        self.worked: set[Digest] = set()
        self.seconds: dict[str, float] = {}
        self.pictures: Counter[str] = Counter()
        self._told: set[str] = set()

    def run(self, among: Collection[Digest] | None = None) -> None:
        """All stages over `among` (None: everything that is due).

        A listener that raises stops the run between two batches; what was stored stays.
        """
        for stage in STAGES:
            try:
                self.once(stage, among)
            finally:
                # The next stage works with other models; theirs need not be held beside these.
                self._tools.models.end_idle()
        self._tell_postponed()

    def once(self, stage: str, among: Collection[Digest] | None = None) -> None:
        """One stage over `among`; the models stay loaded."""
        tasks = self._due(stage, among)
        if not tasks:
            return
        self._on_event(StageStarted(stage, len(tasks)))
        begin = perf_counter()
        try:
            self._stage(stage, tasks)
        except ServiceAway as error:
            self._tools.postponed[stage] = str(error)
        self.seconds[stage] = perf_counter() - begin
        self._tell_postponed()
        self._on_event(StageFinished(stage, len(tasks), self.seconds[stage]))

    @property
    def postponed(self) -> Mapping[str, str]:
        """Step or stage → why it waits for another run."""
        return self._tools.postponed

    def _due(self, stage: str, among: Collection[Digest] | None) -> list[Task]:
        """What the stage owes and can do now: neither its own model nor what it reads is away."""
        tools = self._tools
        tasks = ready(tools.store, stage, self._cards, tools.describe, among)
        away = tools.models.away() if tasks else {}
        if not away:
            return tasks
        late = {
            step.name: away[step.contract]
            for step in STEPS
            if step.stage == stage and step.contract in away
        }
        tools.postponed.update(
            (name, why) for name, why in late.items() if any(name in task.due for task in tasks)
        )
        kept = [replace(task, due=_without(task.due, late)) for task in tasks]
        return [task for task in kept if task.due]

    def _tell_postponed(self) -> None:
        for name, why in self.postponed.items():
            if name not in self._told:
                self._told.add(name)
                self._on_event(Note(f"{name} postponed: {why}"))

    def _stage(self, stage: str, tasks: Sequence[Task]) -> None:
        refs = {task.ref.digest: task.ref for task in tasks}
        done = set[Digest]()
        for batch in _RUNS[stage](self._tools, tasks):
            self._tools.store.commit(batch)
            by_digest: dict[Digest, list[Result]] = {}
            for result in batch:
                by_digest.setdefault(result.digest, []).append(result)
            # All of the batch is stored, or its first file would make the pace look slow.
            done |= by_digest.keys()
            for digest, results in by_digest.items():
                self._count(refs[digest].kind, digest, results)
                outcome, message = worst(results)
                path = refs[digest].path
                self._on_event(
                    FileDone(stage, path, outcome, message, len(done), len(tasks), self._memory())
                )

    def _count(self, kind: Kind, digest: Digest, results: Sequence[Result]) -> None:
        if any(isinstance(result.outcome, Done) for result in results):
            self.worked.add(digest)
        for result in results:
            if result.step == "ocr" and kind != Kind.DOCUMENT:
                self.pictures["seen"] += 1
                read_it = result.outcome != NOTHING_TO_READ
                self.pictures["read"] += read_it


def _without(due: Mapping[str, Author], names: Container[str]) -> dict[str, Author]:
    return {name: author for name, author in due.items() if name not in names}


def worst(results: Sequence[Result]) -> tuple[str, str]:
    """(outcome, message) of one content: failed before skipped before done.

    A step that is skipped beside one that is done is the normal case (a photo without text), so
    a content is skipped only when all its steps are.
    """
    for result in results:
        if isinstance(result.outcome, Failed):
            return "failed", f"{result.step}: {result.outcome.message}"
    if any(isinstance(result.outcome, Done) for result in results):
        return "done", ""
    reasons = [r.outcome.reason for r in results if isinstance(r.outcome, Skipped)]
    return "skipped", reasons[0] if reasons else ""
