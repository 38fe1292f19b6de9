"""Walk, and open only what is new or changed: its kind and its digest.

Example:
    for event in scan(["/home/ann/Pictures"], store.known(["/home/ann/Pictures"])):
        ...  # Found, Excluded or ScanFailure
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mammothbox.errors import Unreadable
from mammothbox.records import FileRef
from mammothbox.scan.events import Entry, Excluded, Found, Known, ScanEvent, ScanFailure
from mammothbox.scan.fingerprint import examine
from mammothbox.scan.walk import NOT_DOWNLOADED, walk


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
    count = 0
    for item in walk(roots):
        if limit is not None and count >= limit:
            return
        if type(item) is Entry:
            path, size, mtime_ns = item
            old = known.get(path)
            if old is not None and old[0] == size and old[1] == mtime_ns:
                count += 1
                yield Found(FileRef(path, size, mtime_ns, old[2], old[3], old[4]), "unchanged")
                continue
            event = _examined(path, old)
            count += type(event) is Found
            yield event
        elif type(item) is Excluded and item.reason == NOT_DOWNLOADED and item.path in known:
            old = known[item.path]  # it was read while it was here; being away changes nothing
            yield Found(FileRef(item.path, *old), "unchanged")
            count += 1
        elif not isinstance(item, Entry):
            yield item


def _examined(path: str, old: Known | None) -> Found | ScanFailure:
    try:
        (_, size, mtime_ns), kind, mime, digest = examine(path)
    except Unreadable as error:
        return ScanFailure(path, error.reason, str(error))
    ref = FileRef(path, size, mtime_ns, kind, mime, digest)
    return Found(ref, "new" if old is None else "changed")
