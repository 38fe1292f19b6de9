"""After a run moved files: the library learns where they lie now, without reading them again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mammothbox import settled
from mammothbox.records import FileRef
from mammothbox.store import Store


def follow(store: Store, moves: Sequence[tuple[str, str]]) -> None:
    """Write down the new place of each moved file that the library knew.

    Args:
        store: open for writing.
        moves: (from, to), absolute.
    """
    if not moves:
        return
    known = {ref.path: ref for ref in store.files(folder=_above(moves))}
    fresh: list[FileRef] = []
    gone: set[str] = set()
    for source, target in moves:
        ref = known.get(source)
        if ref is None or os.path.lexists(source) or not Path(target).is_file():
            continue
        fresh.append(replace(ref, path=target, mtime_ns=Path(target).stat().st_mtime_ns))
        gone.add(source)
    settled.remove(store)
    store.record_files(fresh)
    folder = Path(_above(moves))
    while not (folder.is_dir() and any(folder.iterdir())):
        folder = folder.parent  # an empty folder would look like a missing volume
    store.sweep(str(folder), {ref.path for ref in fresh}, sorted(gone))


def _above(moves: Sequence[tuple[str, str]]) -> str:
    return os.path.commonpath([source for source, _ in moves])
