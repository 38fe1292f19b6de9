"""Carry out a plan, go on after an interruption, and list what happened.

    plan → steps → journal (durable) → transfer, a batch at a time → journal

A batch is written down as begun before its first file moves, and as done after its folders are
safe on disk. A step that cannot be done is refused with its reason and the others go on; a full
or read-only disk stops the run, which can be resumed or undone. Dry run: the same functions over
`rehearsal.Rehearsal` and a journal in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammothbox.errors import UsageError
from mammothbox.organise.journal import Journal, Step
from mammothbox.organise.plan import Plan
from mammothbox.organise.port import Files
from mammothbox.organise.steps import steps_of
from mammothbox.organise.worker import Progress, Worker

MODES = ("move", "copy", "link")
"""What can happen to a file: renamed, copied, or given a second name (hard link)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    Attributes:
        run: number of the run; 0 for a dry run.
        done: files moved, copied, linked or brought back.
        moves: (from, to) of those, absolute.
        refused: (file, why) of those that were left where they are.
        folders: folders made, or taken away again.
        stopped: why the run ended before its end; empty if it did not.
    """

    run: int
    done: int
    moves: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...]
    folders: int
    stopped: str = ""


def apply(
    plan: Plan,
    journal: Journal,
    files: Files,
    *,
    mode: str = "move",
    into: str = "",
    verify: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Carry out a plan.

    Args:
        plan: what goes where.
        journal: of the library.
        files: the disk, or a rehearsal of it.
        mode: one of `MODES`.
        into: absolute folder to arrange into; default is the plan's own root.
        verify: compare each file's digest with the plan's, besides its size and time.
        progress: told how far it is.

    Raises:
        UsageError: unknown mode, or the plan's folder is not there.
        LibraryError: the journal cannot be written; nothing was moved since.
    """
    if mode not in MODES:
        raise UsageError(f"mode {mode!r} is unknown; one of {', '.join(MODES)}")
    root = files.stat(plan.root)
    if root is None or root.form != "folder":
        raise UsageError(f"{plan.root} is not a folder; the plan was made for it")
    with journal.held():
        for earlier in journal.runs():
            if earlier.root == plan.root and earlier.state in ("applying", "undoing"):
                raise UsageError(
                    f"run {earlier.id} in this folder did not end; finish it first with"
                    f" `mammothbox apply --resume` or `mammothbox undo {earlier.id}`"
                )
        steps = steps_of(plan, files, mode, into or plan.root)
        run = journal.begin(plan.root, mode, steps)
        return resume(run, journal, files, verify=verify, progress=progress)


def resume(
    run: int,
    journal: Journal,
    files: Files,
    *,
    verify: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Go on with a run where it was interrupted or stopped; the same arguments as `apply`."""
    with journal.held():
        steps = journal.steps(run)
        worker = Worker(journal, files, verify, steps)
        waiting = [step for step in steps if step.state in ("planned", "doing")]
        stopped = worker.work(waiting, "doing", progress)
        journal.set_run(run, "applying" if stopped else "applied", stopped)
        return report(run, journal.steps(run), stopped)


def report(run: int, steps: Sequence[Step], stopped: str) -> Report:
    """The report of an apply from its steps."""
    done = [step for step in steps if step.state == "done"]
    moves = tuple((step.source, step.target) for step in done if step.kind != "mkdir")
    refused = tuple((step.source, step.message) for step in steps if step.state == "refused")
    return Report(run, len(moves), moves, refused, len(done) - len(moves), stopped)
