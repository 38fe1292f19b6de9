"""What is left to do: contents and the steps that each of them still owes.

Reads the store, decides nothing else. A content whose decoding failed or was skipped owes nothing
more until `retry` clears the failure or new bytes take its place.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Done, FileRef, Kind
from mammothbox.store import Store
from mammothbox.understand.steps import STAGES, Author, author_of, steps_of


@dataclass(frozen=True, slots=True)
class Task:
    """One content and the steps of a stage that it owes, with who is to speak."""

    ref: FileRef
    due: Mapping[str, Author]


def authors(
    stage: str, kind: Kind, cards: Mapping[str, ModelCard], describe: str
) -> dict[str, Author]:
    """Step name → author for the steps that `stage` owes to a `kind`."""
    found = {}
    for step in steps_of(stage, kind):
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
    if stage == "describe" and describe == "none":
        return []
    due: dict[Digest, tuple[FileRef, dict[str, Author]]] = {}
    for kind in Kind:
        for name, author in authors(stage, kind, cards, describe).items():
            for ref in store.pending(name, author.model, author.revision, [kind]):
                if among is None or ref.digest in among:
                    due.setdefault(ref.digest, (ref, {}))[1][name] = author
    blocked = _undecodable(store, due) if stage != STAGES[0] or due else set()
    tasks = [Task(ref, steps) for ref, steps in due.values() if _allowed(ref, steps, blocked)]
    return sorted(tasks, key=lambda task: (-task.ref.mtime_ns, task.ref.path))


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
