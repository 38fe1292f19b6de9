"""What is left to do: contents and the steps that each of them still owes.

Reads the store, decides nothing else. A content whose decoding failed or was skipped owes nothing
more until `retry` clears the failure or new bytes take its place.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Done, FileRef, Kind
from mammothbox.settings import Settings
from mammothbox.store import MOST_AMONG, Store
from mammothbox.understand import told
from mammothbox.understand.steps import BY_NAME, STAGES, Author, author_of, steps_of


@dataclass(frozen=True, slots=True)
class Task:
    """One content and the steps of a stage that it owes, with who is to speak."""

    ref: FileRef
    due: Mapping[str, Author]


def describe_mode(settings: Settings) -> str:
    """``groups``, ``each`` or ``none``: as set, else the profile's own."""
    return settings.describe or ("each" if settings.profile == "full" else "groups")


def authors(
    stage: str, kind: Kind, cards: Mapping[str, ModelCard], describe: str
) -> dict[str, Author]:
    """Step name → author for the steps that `stage` owes to every content of a `kind`."""
    found = {}
    for step in steps_of(stage, kind):
        if step.name == told.STEP or (step.name == "describe" and describe == "none"):
            continue
        author = author_of(step, kind, cards)
        if step.name == "describe" and kind == Kind.IMAGE:
            author = replace(author, revision=f"{author.revision}-{describe}")
        found[step.name] = author
    return found


def todo(
    store: Store,
    stage: str,
    cards: Mapping[str, ModelCard],
    describe: str,
    among: Container[Digest] | None = None,
) -> list[Task]:
    """Tasks of a stage, newest file first.

    Args:
        store: the library's store.
        stage: one of `STAGES`.
        cards: contract → card.
        describe: ``groups``, ``each`` or ``none``.
        among: only these contents; None for all.
    """
    due: dict[Digest, tuple[FileRef, dict[str, Author]]] = {}
    few = _few(among)
    for kind in Kind:
        for name, author in authors(stage, kind, cards, describe).items():
            for ref in store.pending(name, author.model, author.revision, [kind], among=few):
                if among is None or ref.digest in among:
                    due.setdefault(ref.digest, (ref, {}))[1][name] = author
    if stage == BY_NAME[told.STEP].stage:
        for ref, author in told.due(store, cards, describe, few):
            if among is None or ref.digest in among:
                due.setdefault(ref.digest, (ref, {}))[1][told.STEP] = author
    blocked = _undecodable(store, due) if stage != STAGES[0] or due else set()
    tasks = [Task(ref, steps) for ref, steps in due.values() if _allowed(ref, steps, blocked)]
    return sorted(tasks, key=lambda task: (-task.ref.mtime_ns, task.ref.path))


def ready(
    store: Store,
    stage: str,
    cards: Mapping[str, ModelCard],
    describe: str,
    among: Container[Digest] | None = None,
) -> list[Task]:
    """`todo` without the steps that read what is not there yet, since a model was away.

    They would otherwise be done from half of what they read, and never again.
    """
    missing: dict[tuple[Kind, str], set[Digest]] = {}
    few = _few(among)

    def lacks(task: Task, name: str) -> bool:
        kind = task.ref.kind
        for read in BY_NAME[name].reads[kind]:
            if BY_NAME[read].stage == stage:
                continue
            if (kind, read) not in missing:
                author = authors(BY_NAME[read].stage, kind, cards, describe)[read]
                refs = store.pending(read, author.model, author.revision, [kind], among=few)
                missing[kind, read] = {ref.digest for ref in refs}
            if task.ref.digest in missing[kind, read]:
                return True
        return False

    found = []
    for task in todo(store, stage, cards, describe, among):
        due = {name: author for name, author in task.due.items() if not lacks(task, name)}
        if due:
            found.append(replace(task, due=due))
    return found


def _few(among: Container[Digest] | None) -> list[Digest] | None:
    """The contents themselves, where they are few enough to ask for one by one."""
    return sorted(among) if isinstance(among, set) and len(among) <= MOST_AMONG else None


def _undecodable(store: Store, digests: Iterable[Digest]) -> set[Digest]:
    found = store.results(list(digests), steps=["facts"])
    return {
        digest
        for digest, results in found.items()
        if "facts" in results and not isinstance(results["facts"].outcome, Done)
    }


def _allowed(ref: FileRef, steps: Mapping[str, Author], blocked: set[Digest]) -> bool:
    return ref.digest not in blocked or "facts" in steps


def count(
    store: Store, cards: Mapping[str, ModelCard], describe: str, among: Container[Digest] | None
) -> dict[str, int]:
    """Files waiting for each stage, as far as is known before the earlier stages have run."""
    return {stage: len(todo(store, stage, cards, describe, among)) for stage in STAGES}
