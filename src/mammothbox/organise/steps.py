"""From a plan to the journal's steps: sidecars join, parents are made, the impossible is refused.

Reads the disk through the port and changes nothing. A move that cannot be done becomes a step in
state ``refused`` with its reason, so that it is listed with the others.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from mammothbox.organise.conflicts import in_order
from mammothbox.organise.journal import Step
from mammothbox.organise.names import collision_key, path_problems
from mammothbox.organise.plan import Move, Plan
from mammothbox.organise.port import Files
from mammothbox.organise.sidecars import companion_name, companions


def steps_of(plan: Plan, files: Files, mode: str, into: str) -> list[Step]:
    """The steps that carry out `plan`, in order, not yet numbered by a run.

    Args:
        plan: relative paths; sources lie below `plan.root`.
        files: the disk.
        mode: ``move``, ``copy`` or ``link``.
        into: absolute folder below which the targets lie, usually `plan.root`.
    """
    return _Builder(plan, files, mode, into).build()


class _Builder:
    def __init__(self, plan: Plan, files: Files, mode: str, into: str) -> None:
        self.plan, self.files, self.mode, self.into = plan, files, mode, into
        self.same_place = mode == "move" and into == plan.root
        self.refused: dict[str, str] = {}
        self.leads: dict[str, str] = {}
        self.forms: dict[str, str] = {}

    def build(self) -> list[Step]:
        changes = self.plan.changes() if self.into == self.plan.root else self.plan.moves
        moves = {move.source: move for move in changes}
        self._repeated(changes)
        moves |= {move.source: move for move in self._sidecars(moves)}
        self._illegal(moves)
        self._blocked(moves)
        good = {s: m for s, m in moves.items() if s not in self.refused}
        steps = self._folders(good) + self._transfers(good)
        for source, message in self.refused.items():
            target = moves[source].target
            steps.append(self._step(moves[source], source, target).but(
                state="refused", message=message))  # fmt: skip
        return self._numbered(steps)

    def _repeated(self, changes: tuple[Move, ...]) -> None:
        targets: dict[str, str] = {}
        sources: set[str] = set()
        for move in changes:
            other = targets.setdefault(collision_key(move.target), move.source)
            if move.source in sources:
                self.refused[move.source] = "IllegalMove: the plan lists this file more than once"
            elif other != move.source:
                message = f"TargetExists: {other} goes to the same name {move.target}"
                self.refused[move.source] = message
            sources.add(move.source)

    def _sidecars(self, moves: dict[str, Move]) -> list[Move]:
        listed = {move.source for move in self.plan.moves}
        by_folder: dict[str, dict[str, Move]] = {}
        for move in moves.values():
            folder, name = posixpath.split(move.source)
            by_folder.setdefault(folder, {})[name] = move
        found = []
        for folder, leads in by_folder.items():
            names = self.files.names(posixpath.join(self.plan.root, folder))
            for name, lead in companions(names).items():
                source = posixpath.join(folder, name)
                if lead not in leads or (source in listed and source not in moves):
                    continue
                self.leads[source] = leads[lead].source
                if source in listed:
                    continue
                to_folder, new_lead = posixpath.split(leads[lead].target)
                target = posixpath.join(to_folder, companion_name(name, lead, new_lead))
                found.append(Move(source, target))
                if leads[lead].source in self.refused:
                    self.refused[source] = f"it stays with {leads[lead].source}"
        return found

    def _illegal(self, moves: dict[str, Move]) -> None:
        for source, move in moves.items():
            source_bad = [p for p in source.split("/") if p in ("", ".", "..")]
            found = path_problems(move.target, source)
            if source_bad or found:
                why = "; ".join(found) or "its path leaves the folder"
                self.refused.setdefault(source, f"IllegalMove: {move.target!r}: {why}")

    def _blocked(self, moves: dict[str, Move]) -> None:
        """Refuse what goes through a link or a file, or onto a name that stays taken."""
        free = set(moves) - set(self.refused) if self.same_place else set()
        taken: dict[str, set[str]] = {}
        for source, move in moves.items():
            if source in self.refused:
                continue
            old, new = posixpath.dirname(source), move.folder
            message = self._through(self.plan.root, old) or self._through(self.into, new)
            if not message:
                if new not in taken:
                    names = self.files.names(posixpath.join(self.into, new))
                    there = {posixpath.join(new, name) for name in names}
                    taken[new] = {collision_key(path) for path in there - free}
                if collision_key(move.target) in taken[new]:
                    message = f"TargetExists: {move.target} is there already"
            if message:
                self.refused[source] = message

    def _through(self, root: str, folder: str) -> str:
        path = root
        for part in [part for part in folder.split("/") if part]:
            path = posixpath.join(path, part)
            if path not in self.forms:
                found = self.files.stat(path)
                self.forms[path] = found.form if found else ""
            if self.forms[path] not in ("folder", ""):
                form = "a symbolic link" if self.forms[path] == "link" else "not a folder"
                return f"IllegalMove: {path} is {form}"
        return ""

    def _folders(self, moves: dict[str, Move]) -> list[Step]:
        needed: set[str] = set()
        for move in moves.values():
            folder = posixpath.join(self.into, move.folder) if move.folder else self.into
            while folder not in needed and self.files.stat(folder) is None:
                needed.add(folder)
                folder = posixpath.dirname(folder)
        return [Step(0, 0, "mkdir", "", path) for path in sorted(needed)]

    def _transfers(self, moves: dict[str, Move]) -> list[Step]:
        pairs = [(source, move.target) for source, move in moves.items()]
        groups = in_order(pairs) if self.same_place else [[pair] for pair in pairs]
        steps = []
        for group in groups:
            firsts: dict[str, str] = {}  # a name aside -> the file's first name
            for source, target in group:
                firsts[target] = firsts.get(source, source)
                steps.append(self._step(moves[firsts[target]], source, target))
        return steps

    def _step(self, move: Move, source: str, target: str) -> Step:
        found = self.files.stat(posixpath.join(self.plan.root, move.source))
        token = found.token if found else ""
        return Step(
            0, 0, self.mode,
            posixpath.join(self.plan.root, source), posixpath.join(self.into, target),
            move.size, move.mtime_ns, move.digest, token=token, origin=token,
        )  # fmt: skip

    def _numbered(self, steps: list[Step]) -> list[Step]:
        root = self.plan.root
        places = {step.source: seq for seq, step in enumerate(steps) if step.source}
        leads = {posixpath.join(root, a): posixpath.join(root, b) for a, b in self.leads.items()}
        return [
            replace(step, seq=seq, lead=places.get(leads.get(step.source, ""), seq))
            for seq, step in enumerate(steps)
        ]
