"""The plan: which file goes where, and why. Frozen, equal by value, made without touching a disk.

A plan lists every file of the folder with the place proposed for it; those whose place is where
they already are stay. `planfile` writes it for a person to edit, `apply` carries it out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from mammothbox.records import Digest, Json

NO_DIGEST = Digest("")
"""In place of a digest that is not known; it is not compared."""

UNSORTED = "Unsorted"
"""Folder of the files that the planner is unsure of."""


@dataclass(frozen=True, slots=True)
class Move:
    """One file's place now and the proposed one, both below the root, parts joined by "/".

    Attributes:
        source: where it lies when the plan is made.
        target: where it goes; equal to `source` for a file that stays.
        size, mtime_ns, digest: what the file was when the plan was made; a file that differs when
            the plan is applied is refused. An empty digest and -1 are not compared.
        proposed: folder that the planner chose; differs from `folder` where a person moved the
            line, which is learned from.
    """

    source: str
    target: str
    size: int = -1
    mtime_ns: int = -1
    digest: Digest = NO_DIGEST
    proposed: str = ""

    @property
    def folder(self) -> str:
        """Folder of the target; empty for the root."""
        return posixpath.dirname(self.target)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the plan.

    Attributes:
        path: below the root, parts joined by "/".
        reason: one line: what the files in it have in common.
        confidence: 0 to 1, how sure the planner is that they belong together.
    """

    path: str
    reason: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A proposed arrangement of one folder.

    Attributes:
        root: absolute path of the folder that is arranged.
        folders: those with files of their own, in the order they are shown.
        moves: one for each file, in the order of `folders`.
        options: how it was made (`by`, `hint`, ...), for the reader.
        cost: what making it took (calls, tokens, seconds), for the reader.
    """

    root: str
    folders: tuple[Folder, ...]
    moves: tuple[Move, ...]
    options: Json = field(default_factory=dict)
    cost: Json = field(default_factory=dict)

    def members(self) -> Mapping[str, tuple[Move, ...]]:
        """The moves of each folder, by the folder's path."""
        found: dict[str, list[Move]] = {folder.path: [] for folder in self.folders}
        for move in self.moves:
            found.setdefault(move.folder, []).append(move)
        return {path: tuple(moves) for path, moves in found.items()}

    def changes(self) -> tuple[Move, ...]:
        """The moves of files that do not stay where they are."""
        return tuple(move for move in self.moves if move.source != move.target)
