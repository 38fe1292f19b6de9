"""Give back the tree as it was before a run: all of it, or some files of it.

Works on a run that ended, stopped or was killed half-way. A file goes back under its old name
unless something else has taken it; then it stays where it is and the report says so. Folders the
run made go when they are empty, and folders get back the times they had.
"""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Sequence

from mammothbox.errors import MoveError, NotFound
from mammothbox.organise.apply import Report
from mammothbox.organise.journal import Journal, Step
from mammothbox.organise.port import Files
from mammothbox.organise.worker import Progress, Worker


def undo(
    journal: Journal,
    files: Files,
    *,
    run: int | None = None,
    paths: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Undo a run or some of its files; may be called again after an interruption.

    Args:
        journal: of the library.
        files: the disk.
        run: its number; default is the newest that is not undone.
        paths: absolute, old or new, of single files; default is all. Sidecars go with their file.
        progress: told how far it is.

    Raises:
        NotFound: no such run, or no such file in it.
        LibraryError: the journal cannot be written.
    """
    with journal.held():
        number = journal.run(run).id
        journal.set_run(number, "undoing")
        _settle(number, journal, files)
        steps = journal.steps(number)
        chosen = _chosen(steps, paths, number)
        worker = Worker(journal, files, False, steps)
        stopped = worker.work(list(reversed(chosen)), "undoing", progress)
        steps = journal.steps(number)
        if not stopped:
            _restore_times(number, steps, journal, files)
        left = [step for step in steps if step.state == "done" and step.kind != "mkdir"]
        state = "undoing" if stopped else "partly undone" if left else "undone"
        journal.set_run(number, state, stopped)
        return _report(number, chosen, steps, stopped)


def _settle(run: int, journal: Journal, files: Files) -> None:
    """Find out what became of steps that an interruption left begun; planned ones are dropped."""
    worker = Worker(journal, files, False, journal.steps(run))
    settled = [step.but(state="dropped") for step in journal.steps(run, "planned")]
    for step in journal.steps(run, "doing"):
        there = files.stat(step.target)
        if step.kind == "mkdir":
            made = there is not None and there.form == "folder"
            token = there.token if there else ""
            settled.append(step.but(state="done" if made else "dropped", token=token))
        elif step.phase or (there is not None and there.token == step.token):
            settled.append(_finish(step, worker))
        else:
            settled.append(step.but(state="dropped"))
    journal.mark(settled)


def _finish(step: Step, worker: Worker) -> Step:
    if step.phase == "copy":
        worker.transfer.drop_part(step)
        return step.but(state="dropped", phase="")
    try:
        return worker.transfer.carry(step).but(state="done")
    except (MoveError, OSError) as error:
        return step.but(state="refused", phase="", message=str(error))


def _chosen(steps: Sequence[Step], paths: Sequence[str], run: int) -> list[Step]:
    open_steps = [step for step in steps if step.state in ("done", "undoing")]
    if not paths:
        return open_steps
    wanted = set(paths)
    known = {path for step in steps for path in (step.source, step.target)}
    if wanted - known:
        missing = ", ".join(sorted(wanted - known))
        raise NotFound(f"run {run} did not move {missing}")
    files = [step for step in open_steps if step.kind != "mkdir"]
    leads = {step.lead for step in files if wanted & {step.source, step.target}}
    ours = {step.seq: step for step in files if step.lead in leads}
    joints = {path for step in ours.values() for path in (step.source, step.target)}
    for step in files:  # a file that went aside and on has two steps; both go back
        if {step.source, step.target} & joints and any(
            step.origin == other.origin for other in list(ours.values())
        ):
            ours[step.seq] = step
    used = [posixpath.dirname(step.target) + "/" for step in files if step.seq not in ours]
    for step in open_steps:
        if step.kind == "mkdir" and not any(path.startswith(step.target + "/") for path in used):
            ours[step.seq] = step
    return [ours[seq] for seq in sorted(ours)]


def _restore_times(run: int, steps: Sequence[Step], journal: Journal, files: Files) -> None:
    """Give folders their times back where no step of the run holds any more."""
    held = {
        posixpath.dirname(path)
        for step in steps
        if step.state in ("done", "doing", "undoing")
        for path in (step.source, step.target)
        if path
    }
    for folder, atime_ns, mtime_ns in journal.folder_times(run):
        found = files.stat(folder)
        if folder in held or found is None or found.form != "folder":
            continue
        try:
            files.set_times(folder, atime_ns, mtime_ns)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES, errno.EROFS):
                raise


def _report(run: int, chosen: Sequence[Step], steps: Sequence[Step], stopped: str) -> Report:
    now = {step.seq: step for step in steps}
    ended = sorted((now[step.seq] for step in chosen), key=lambda step: step.kind == "mkdir")
    back = [step for step in ended if step.state == "undone"]
    moves = tuple((step.target, step.source) for step in back if step.kind != "mkdir")
    left = tuple(
        (step.target, step.message) for step in ended if step.state != "undone" and step.message
    )
    return Report(run, len(moves), moves, left, len(back) - len(moves), stopped)
