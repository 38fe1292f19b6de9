"""Steps of the journal carried forward or back, a batch at a time.

A batch is durable as begun before its first file moves, and as done after its folders are safe on
disk. What cannot be done is marked with its reason; a full or read-only disk ends the work. Knows
nothing of plans.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence

from mammothbox.errors import MoveError, StaleMove
from mammothbox.organise.journal import Journal, Step
from mammothbox.organise.port import Files
from mammothbox.organise.transfer import Transfer

BATCH = 64
"""Steps that share one durable write before and one after; an interruption re-examines them."""

_STOPPING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)

Progress = Callable[[int, int], None]
"""Told (steps finished, steps in all)."""


class Worker:
    """Carries steps forward or back, in batches that are durable before and after."""

    def __init__(self, journal: Journal, files: Files, verify: bool, steps: Iterable[Step]) -> None:
        self.journal, self.files = journal, files
        self.transfer = Transfer(files, journal, verify, self._twin)
        self.twins: dict[tuple[str, str], Step] = {}
        self.states: dict[int, str] = {}
        for step in steps:
            self._remember(step)

    def work(self, steps: Sequence[Step], state: str, progress: Progress | None) -> str:
        """Bring steps to an end; gives why it stopped, or an empty text."""
        finished = 0
        for some in _batches(steps):
            batch = [self._begun(step, state) for step in some]
            self.journal.mark(batch, self._folder_times(batch))
            ended, stopped = self._carry_batch(batch)
            for folder in sorted({folder for step in ended for folder in _folders(step)}):
                self.files.sync_folder(folder)
            self.journal.mark(ended)
            finished += len(batch)
            if progress:
                progress(finished, len(steps))
            if stopped:
                return stopped
        return ""

    def _begun(self, step: Step, state: str) -> Step:
        if step.state == state:
            return step
        if state == "doing" and step.kind != "mkdir":
            here = self.files.stat(step.source)
            step = step.but(token=here.token if here else step.token)
        return step.but(state=state, message="")

    def _carry_batch(self, batch: Sequence[Step]) -> tuple[list[Step], str]:
        ended: list[Step] = []
        for step in batch:
            was = "planned" if step.state == "doing" else "done"
            try:
                ended.append(self._carry(step))
            except OSError as error:
                if error.errno in _STOPPING:  # the others stay begun; the disk tells later
                    return [*ended, step.but(state=was, phase="")], _words(error)
                ended.append(self._refused(step, _words(error)))
            except MoveError as error:
                ended.append(self._refused(step, f"{error.reason}: {error}"))
            self._remember(ended[-1])
        return ended, ""

    def _carry(self, step: Step) -> Step:
        if step.state == "undoing":
            return self._carry_back(step)
        if step.kind == "mkdir":
            return self._make_folder(step)
        if self.states.get(step.lead) == "refused":
            raise MoveError(f"{step.source} stays with the file it belongs to")
        return self.transfer.carry(step).but(state="done")

    def _make_folder(self, step: Step) -> Step:
        there = self.files.stat(step.target)
        if there is None:
            self.files.make_folder(step.target)
            there = self.files.stat(step.target)
        elif there.form != "folder":
            raise MoveError(f"{step.target} is not a folder")
        return step.but(state="done", token=there.token if there else "")

    def _carry_back(self, step: Step) -> Step:
        if step.kind == "mkdir":
            return self._unmake_folder(step)
        if step.kind == "move":
            self._parents_back(step)
            return self.transfer.carry(step).but(state="undone")
        return self._retract(step)

    def _parents_back(self, step: Step) -> None:
        """Folders that someone removed since are made again, so that the file has its place."""
        missing = []
        folder = posixpath.dirname(step.source)
        while self.files.stat(folder) is None:
            missing.append(folder)
            folder = posixpath.dirname(folder)
        for folder in reversed(missing):
            self.files.make_folder(folder)

    def _unmake_folder(self, step: Step) -> Step:
        there = self.files.stat(step.target)
        if there is not None and there.token == step.token:
            try:
                self.files.remove_folder(step.target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                raise MoveError(f"{step.target} is not empty; it stays") from error
        return step.but(state="undone")

    def _retract(self, step: Step) -> Step:
        """Take a copy or a second name away, if the original is there and says the same."""
        copy = self.files.stat(step.target)
        if copy is None:
            return step.but(state="undone")
        original = self.files.stat(step.source)
        if original is None or original.form != "file" or copy.form != "file":
            raise MoveError(f"{step.source} is gone; its copy {step.target} stays")
        same = copy.token == original.token if step.kind == "link" else (
            copy.size == original.size
            and self.files.digest(step.target) == self.files.digest(step.source)
        )  # fmt: skip
        if not same:
            raise StaleMove(f"{step.target} differs from {step.source} now; both stay")
        self.files.remove_file(step.target, copy.token)
        return step.but(state="undone")

    def _refused(self, step: Step, message: str) -> Step:
        state = "refused" if step.state == "doing" else "done"
        return step.but(state=state, phase="", message=message)

    def _remember(self, step: Step) -> None:
        self.states[step.seq] = step.state
        if step.state in ("done", "undone") and step.origin:
            self.twins.setdefault((step.state, step.origin), step)

    def _twin(self, step: Step) -> str:
        """Where a hard link of this file was already copied to in the same direction."""
        state = "done" if step.state == "doing" else "undone"
        twin = self.twins.get((state, step.origin))
        if twin is None or twin.kind != step.kind or not step.origin:
            return ""
        place, aim = self.transfer.ends(twin)[1], self.transfer.ends(step)[1]
        there, folder = self.files.stat(place), self.files.stat(posixpath.dirname(aim))
        same_volume = there and folder and there.device == folder.device
        return place if same_volume and there and there.form == "file" else ""

    def _folder_times(self, batch: Sequence[Step]) -> list[tuple[str, int, int]]:
        times = []
        for folder in sorted({folder for step in batch for folder in _folders(step)}):
            found = self.files.stat(folder)
            if found is not None:
                times.append((folder, found.atime_ns, found.mtime_ns))
        return times


def _batches(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """At most `BATCH` steps of which none uses a name of another.

    So after an interruption each can be judged by its own two names.
    """
    batch: list[Step] = []
    names: set[str] = set()
    for step in steps:
        own = {path for path in (step.source, step.target) if path}
        if len(batch) == BATCH or names & own:
            yield batch
            batch, names = [], set()
        batch.append(step)
        names |= own
    if batch:
        yield batch


def _folders(step: Step) -> list[str]:
    """Folders whose list of names the step changes."""
    return [posixpath.dirname(path) for path in (step.source, step.target) if path]


def _words(error: OSError) -> str:
    where = next((os.fsdecode(p) for p in (error.filename2, error.filename) if p), "")
    known = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission denied",
        errno.EPERM: "not permitted",
        errno.ENOENT: "its folder or the file is not there",
    }
    return f"{known.get(error.errno or 0, error.strerror or str(error))}: {where}".rstrip(": ")
