"""The four stages, one file each: tasks in, batches of results out.

A stage leases its models for as long as it runs and yields one list of `Result`s a batch; the
pipeline stores each list in one transaction. A stage never writes to the store itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mammothbox.decode import Decoder
from mammothbox.models import Models
from mammothbox.records import Digest, Embedding, Outcome, Passage, Result
from mammothbox.settings import Settings
from mammothbox.store import Store
from mammothbox.understand.work import Task


@dataclass(frozen=True, slots=True)
class Tools:
    """What the stages work with.

    Attributes:
        store: for reading what earlier stages found.
        decoder: decodes in child processes.
        models: leases.
        settings: batch sizes and limits.
        describe: ``groups``, ``each`` or ``none``.
        postponed: step → why it waits for another run; filled while the stages work.
    """

    store: Store
    decoder: Decoder
    models: Models
    settings: Settings
    describe: str
    postponed: dict[str, str] = field(default_factory=dict)


def result(
    task: Task,
    step: str,
    outcome: Outcome,
    passages: Sequence[Passage] = (),
    embeddings: Sequence[Embedding] = (),
) -> Result:
    """The outcome of a task's `step`, signed by the step's author."""
    author = task.due[step]
    digest: Digest = task.ref.digest
    return Result(
        digest,
        step,
        author.model,
        author.revision,
        outcome,
        tuple(passages),
        tuple(embeddings),
        model_revision=author.model_revision,
    )


def timed(results: Sequence[Result], seconds: float) -> list[Result]:
    """The results of one batch with its wall time shared out evenly among them."""
    share = seconds / len(results) if results else 0.0
    return [replace(item, seconds=share) for item in results]
