"""A fingerprint of a folder: names, kinds, modes, times and bytes of everything in it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def fingerprint(folder: Path) -> dict[str, str]:
    """Relative path → what is there. Links are not followed, pipes are not opened."""
    found = {}
    for here, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            path = Path(here) / name
            found[str(path.relative_to(folder))] = _state(path)
    return found


def _state(path: Path) -> str:
    info = path.lstat()
    state = f"{info.st_mode:o} {info.st_mtime_ns}"
    if stat.S_ISLNK(info.st_mode):
        return f"{state} -> {path.readlink()}"
    if not stat.S_ISREG(info.st_mode):
        return state
    try:
        with path.open("rb") as file:
            return f"{state} {hashlib.file_digest(file, 'blake2b').hexdigest()[:32]}"
    except PermissionError:
        return f"{state} {info.st_size}"
