"""From a digest to bytes that may be handed out: still there, unchanged, inside what was scanned.

A path in the library was put there by its owner; what lies at it now may be something else. Links
are not followed out of the scanned folders, and a file that changed since is not passed off as the
content it had.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from mammothbox.errors import NotFound
from mammothbox.records import FileRef


def inside(path: str, folders: Iterable[str]) -> bool:
    """Whether `path`, every link followed, lies at or below one of `folders`."""
    real = os.path.realpath(path)
    for folder in folders:
        root = os.path.realpath(folder)
        if real == root or real.startswith(root.rstrip("/") + "/"):
            return True
    return False


def intact(refs: Sequence[FileRef], roots: Sequence[str]) -> FileRef:
    """The first of the paths that still holds what the library knows.

    Raises:
        NotFound: none does.
    """
    for ref in refs:
        try:
            status = os.lstat(ref.path)
        except (OSError, ValueError):
            continue
        same = (status.st_size, status.st_mtime_ns) == (ref.size, ref.mtime_ns)
        if stat.S_ISREG(status.st_mode) and same and inside(ref.path, roots):
            return ref
    if not refs:
        raise NotFound("the library knows no such content")
    raise NotFound(f"{refs[0].name} is gone or has changed since it was taken in; ingest it again")
