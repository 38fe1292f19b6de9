"""A plan changed piece by piece: files put elsewhere, folders renamed, files left alone.

Pure: each function gives a new plan. What the planner proposed stays in every move, so that a run
learns from what a person changed. Whether names are legal is judged when the plan is checked.

Example:
    relocate(plan, ["IMG_7.jpg"], "Holidays/Sea")
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection
from dataclasses import replace

from mammothbox.errors import IllegalMove, NotFound
from mammothbox.organise.plan import UNSORTED, Folder, Move, Plan


def relocate(plan: Plan, sources: Collection[str], folder: str) -> Plan:
    """Put files into a folder of the plan, which is made if it is not there.

    Args:
        plan: before.
        sources: files by their place now.
        folder: below the root, parts joined by "/"; empty for the root.

    Raises:
        NotFound: the plan has no such file.
        IllegalMove: the folder would be outside the root.
    """
    path = _clean(folder)
    return _moved(plan, sources, lambda move: posixpath.join(path, posixpath.basename(move.target)))


def retitle(plan: Plan, source: str, name: str) -> Plan:
    """Give one file a new name in its folder.

    Raises:
        NotFound: the plan has no such file.
        IllegalMove: the name is a path.
    """
    if not name.strip() or "/" in name or name in (".", ".."):
        raise IllegalMove(f"{name!r} is no name for a file")
    return _moved(plan, [source], lambda move: posixpath.join(move.folder, name))


def leave(plan: Plan, sources: Collection[str]) -> Plan:
    """Leave files where they are.

    Raises:
        NotFound: the plan has no such file.
    """
    return _moved(plan, sources, lambda move: move.source)


def rename_folder(plan: Plan, old: str, new: str) -> Plan:
    """Give a folder, with all below it, another path.

    Raises:
        NotFound: the plan has no such folder.
        IllegalMove: the new path would be outside the root, or inside the old one.
    """
    before, after = _clean(old), _clean(new)
    if not before or not after:
        raise IllegalMove("the root itself cannot be renamed here")
    if after.startswith(before + "/"):
        raise IllegalMove(f"{after} lies inside {before}")
    if not any(_below(path, before) for path in plan.members()):
        raise NotFound(f"the plan has no folder {old!r}")

    def turned(path: str) -> str:
        return after + path[len(before) :] if _below(path, before) else path

    moves = tuple(
        replace(move, target=posixpath.join(turned(move.folder), posixpath.basename(move.target)))
        for move in plan.moves
    )
    folders = tuple(replace(folder, path=turned(folder.path)) for folder in plan.folders)
    return _tidied(replace(plan, folders=folders, moves=moves))


def reject(plan: Plan, folder: str) -> Plan:
    """Put the files that would come into a folder among the unsorted ones.

    Raises:
        NotFound: the plan has no such folder.
    """
    path = _clean(folder)
    mine = [move.source for move in plan.moves if _below(move.folder, path)]
    if not mine or not path:
        raise NotFound(f"the plan has no folder {folder!r}")
    return relocate(plan, mine, UNSORTED)


def _clean(folder: str) -> str:
    parts = [part.strip() for part in folder.split("/")]
    kept = [part for part in parts if part]
    if folder.startswith("/") or ".." in kept or "." in kept or "\0" in folder:
        raise IllegalMove(f"{folder!r} is not a folder below the root")
    return "/".join(kept)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _moved(plan: Plan, sources: Collection[str], place: Callable[[Move], str]) -> Plan:
    wanted = set(sources)
    unknown = wanted - {move.source for move in plan.moves}
    if unknown:
        raise NotFound(f"the plan has no file {sorted(unknown)[0]!r}")
    moves = tuple(
        replace(move, target=place(move)) if move.source in wanted else move for move in plan.moves
    )
    return _tidied(replace(plan, moves=moves))


def _tidied(plan: Plan) -> Plan:
    """Folders without files are dropped, new ones added, and moves stand in their order."""
    used = {move.folder for move in plan.moves}
    folders: dict[str, Folder] = {}
    for folder in plan.folders:
        if folder.path in used:
            folders.setdefault(folder.path, folder)
    for path in sorted(used - folders.keys()):
        folders[path] = Folder(path, "chosen by hand")
    order = {path: place for place, path in enumerate(folders)}
    moves = tuple(sorted(plan.moves, key=lambda move: order[move.folder]))
    return replace(plan, folders=tuple(folders.values()), moves=moves)
