"""Opening a library with the engine that its address names."""

from __future__ import annotations

from pathlib import Path

from mammothbox.store.session import OnCall
from mammothbox.store.sqlite.opening import open_sqlite
from mammothbox.store.store import Store


def open_store(directory: Path, *, write: bool, on_call: OnCall | None = None) -> Store:
    """Open the library in `directory`; a writer makes it when it is not there.

    Raises:
        NotFound: there is no library here to read.
        LibraryLocked: another process is writing (for `write`, or to upgrade an old library).
        LibraryUnfit: a network file system, or not writable.
        LibraryTooNew: a newer version wrote it.
    """
    return Store(open_sqlite(directory, write=write), on_call)
