"""One file from one name to another, so that it can be killed at any moment and go on.

Three ways, tried in this order: an atomic rename that never overwrites; a second name and then
taking the first away (file systems without such a rename); across volumes a verified copy, put in
place under its name, then taking the original away. Forward and back are the same code: at undo
the two names change places. The journal is written before whatever could not be told apart later.
"""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from mammothbox.errors import IllegalMove, MoveError, StaleMove, TargetExists
from mammothbox.organise.journal import Journal, Step
from mammothbox.organise.port import Files, Stat
from mammothbox.organise.rename import NoSafeRenameError

_NO_LINK = {
    "move": "{}: this file system cannot rename without the risk of overwriting",
    "link": "{}: no second name can be made there (another volume, or a file system without links)",
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """The means to carry out steps.

    Attributes:
        files: the disk, or a rehearsal of it.
        journal: where it is written down.
        verify: compare digests with the plan's before a file moves.
        linked: for the origin of a file, a place where it was already copied to in this run.
    """

    files: Files
    journal: Journal
    verify: bool
    linked: Callable[[Step], str]

    def carry(self, step: Step) -> Step:
        """Bring the file of a step in ``doing`` or ``undoing`` to the step's other name.

        Gives the step with its new token, phase empty; its state is the caller's to set. A step
        that was interrupted is taken up where the disk shows it to be.

        Raises:
            MoveError: it cannot be done; nothing was changed, or what was begun was taken back.
            OSError: the disk is full, read-only, or refuses.
        """
        source, target = self.ends(step)
        here, there = self.files.stat(source), self.files.stat(target)
        if step.phase in ("copy", "place", "remove"):
            return self._resume_copy(step, here, there)
        if there is not None and there.token == step.token:
            if here is None or here.token != step.token:
                return step.but(phase="")  # it arrived before the interruption
            if step.phase == "link":
                return self._take_away(step, source, target)
        self.check(step, here, there)
        step = self._know(step, here)
        if step.kind == "move":
            return self._move(step, source, target)
        if step.kind == "link":
            return self._link(step, source, target)
        return self._copy(step, source, target)

    def _know(self, step: Step, here: Stat | None) -> Step:
        """The journal has the identity of the file that is about to move, or is told it now."""
        if here is None or here.token == step.token:
            return step
        step = step.but(token=here.token)
        self.journal.mark([step])
        return step

    def ends(self, step: Step) -> tuple[str, str]:
        """(from, to) in the direction the step is going."""
        back = step.state in ("undoing", "undone")
        return (step.target, step.source) if back else (step.source, step.target)

    def check(self, step: Step, here: Stat | None, there: Stat | None) -> None:
        """Refuse a file that is gone, changed or not a file, and a name that is taken.

        Raises:
            MoveError: with what is wrong, and what was left alone.
        """
        source, target = self.ends(step)
        if here is None:
            raise StaleMove(f"{source} is not there any more; make the plan again")
        if here.form != "file":
            raise IllegalMove(f"{source} is not a plain file; it stays where it is")
        if step.state == "doing":
            self._check_unchanged(step, source, here)
        if here.token != step.token and self.files.digest(source) != step.digest:
            raise StaleMove(f"{source} is another file now; it stays where it is")
        if there is not None:
            raise TargetExists(f"{target} is taken; {source} stays where it is")

    def _check_unchanged(self, step: Step, source: str, here: Stat) -> None:
        wrong = [
            what
            for what, planned, now in (
                ("size", step.size, here.size),
                ("time", step.mtime_ns, here.mtime_ns),
            )
            if planned not in (-1, now)
        ]
        if not wrong and self.verify and step.digest and self.files.digest(source) != step.digest:
            wrong = ["content"]
        if wrong:
            raise StaleMove(f"{source} changed since the plan ({wrong[0]}); make the plan again")

    def _move(self, step: Step, source: str, target: str) -> Step:
        try:
            self.files.rename(source, target)
        except NoSafeRenameError:
            return self._link(step, source, target)
        except FileExistsError as error:
            raise TargetExists(f"{target} is taken; {source} stays where it is") from error
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return self._copy(step, source, target)
        return step.but(phase="")

    def _link(self, step: Step, source: str, target: str) -> Step:
        step = step.but(phase="link")
        self.journal.mark([step])
        try:
            self.files.link(source, target)
        except FileExistsError as error:
            raise TargetExists(f"{target} is taken; {source} stays where it is") from error
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV):
                raise
            raise MoveError(_NO_LINK[step.kind].format(source)) from error
        return self._take_away(step, source, target)

    def _take_away(self, step: Step, source: str, target: str) -> Step:
        if step.kind == "move":
            self.files.sync_folder(posixpath.dirname(target))
            self._remove_or_retract(source, step.token, target)
        return step.but(phase="")

    def _remove_or_retract(self, source: str, token: str, target: str) -> None:
        """Take the original away; where that is refused, the new name goes instead."""
        try:
            self.files.remove_file(source, token)
        except OSError:
            new = self.files.stat(target)
            if new is not None and self.files.stat(source) is not None:
                self.files.remove_file(target, new.token)
            raise

    def _part(self, step: Step) -> str:
        folder = posixpath.dirname(self.ends(step)[1])
        return posixpath.join(folder, f".mammothbox-{step.run}-{step.seq}.part")

    def _copy(self, step: Step, source: str, target: str) -> Step:
        """Copy, verify, put in place; for a move also take the original away."""
        part = self._part(step)
        step = step.but(phase="copy")
        self.journal.mark([step])
        try:
            self._fill(step, source, part)
        except (OSError, MoveError):
            self.drop_part(step)
            raise
        placed = self.files.stat(part)
        step = step.but(phase="place", placed=placed.token if placed else "")
        self.journal.mark([step])
        return self._place(step, source, target)

    def _fill(self, step: Step, source: str, part: str) -> None:
        twin = self.linked(step)
        if twin and self.files.digest(twin) == self.files.digest(source):
            self.files.link(twin, part)
            return
        read = self.files.copy(source, part)
        if step.state == "doing" and step.digest and read != step.digest:
            raise StaleMove(f"{source} changed since the plan (content); make the plan again")
        if self.files.digest(part) != read:
            raise MoveError(f"the copy of {source} differs from it; the original stays")

    def drop_part(self, step: Step) -> None:
        """Remove what there is of a copy that is not in its place yet."""
        part = self._part(step)
        left = self.files.stat(part)
        if left is not None:
            self.files.remove_file(part, left.token)

    def _place(self, step: Step, source: str, target: str) -> Step:
        part = self._part(step)
        try:
            self.files.rename(part, target)
        except NoSafeRenameError as error:
            self.drop_part(step)
            raise MoveError(_NO_LINK["move"].format(target)) from error
        except FileExistsError as error:
            self.drop_part(step)
            raise TargetExists(f"{target} is taken; {source} stays where it is") from error
        except OSError:
            self.drop_part(step)
            raise
        self.files.sync_folder(posixpath.dirname(target))
        return self._finish_copy(step, source, target)

    def _finish_copy(self, step: Step, source: str, target: str) -> Step:
        if step.kind == "copy":
            return step.but(phase="")
        step = step.but(phase="remove")
        self.journal.mark([step])
        self._check_same(source, target)
        self._remove_or_retract(source, step.token, target)
        return step.but(phase="", token=step.placed, placed="")

    def _resume_copy(self, step: Step, here: Stat | None, there: Stat | None) -> Step:
        source, target = self.ends(step)
        if step.phase == "copy" or not step.placed:
            self.drop_part(step)
            return self.carry(step.but(phase="", placed=""))
        if there is not None and there.token == step.placed:
            self.drop_part(step)
            if step.kind == "copy":
                return step.but(phase="")
            if here is None:
                return step.but(phase="", token=step.placed, placed="")
            return self._finish_copy(step, source, target)
        if step.phase == "place" and self.files.stat(self._part(step)) is not None:
            return self._place(step, source, target)
        return self.carry(step.but(phase="", placed=""))

    def _check_same(self, source: str, target: str) -> None:
        old, new = self.files.stat(source), self.files.stat(target)
        if old and new and (old.size, old.mtime_ns) == (new.size, new.mtime_ns):
            return
        if self.files.digest(source) != self.files.digest(target):
            raise StaleMove(f"{source} changed while it was copied to {target}; both stay")
