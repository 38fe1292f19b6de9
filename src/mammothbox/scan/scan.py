"""Walk, and open only what is new or changed: its kind and its digest.

Example:
    for event in scan(["/home/ann/Pictures"], store.known(["/home/ann/Pictures"])):
        ...  # Found, Excluded or ScanFailure
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from mammothbox.errors import Unreadable
from mammothbox.scan.events import Change, Entry, Found, Known, ScanEvent, ScanFailure
from mammothbox.scan.fingerprint import examine
from mammothbox.scan.walk import walk_folders


def scan(
    roots: Sequence[str], known: Mapping[str, Known], limit: int | None = None
) -> Iterator[ScanEvent]:
    """Every file below `roots`, each exactly once.

    Args:
        roots: folders or files.
        known: what the library remembers of each path. A path whose size and modification time
            are the same is not opened.
        limit: stop after this many `Found`; None for all.
    """
    left = sys.maxsize if limit is None else limit
    for events in walk_folders(roots, known):
        for event in events:
            if not left:
                return
            if type(event) is Entry:
                event = _examined(event.path, known)
            if type(event) is Found:
                left -= 1
            yield event  # type: ignore[misc]  # an Entry was examined


def _examined(path: str, known: Mapping[str, Known]) -> Found | ScanFailure:
    try:
        (_, size, mtime_ns), kind, mime, digest = examine(path)
    except Unreadable as error:
        return ScanFailure(path, error.reason, str(error))
    change: Change = "changed" if path in known else "new"
    return Found(path, Known(size, mtime_ns, kind, mime, digest), change)
