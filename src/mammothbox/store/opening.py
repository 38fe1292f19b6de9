"""Opening a library: is the place fit, is anybody writing, is the schema of today?"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mammothbox.errors import LibraryUnfit, NotFound
from mammothbox.store import migrations
from mammothbox.store.database import DATABASE_NAME, connect
from mammothbox.store.place import WriterLock, check_fit
from mammothbox.store.session import OnCall
from mammothbox.store.store import Store


def open_store(directory: Path, *, write: bool, on_call: OnCall | None = None) -> Store:
    """Open the library in `directory`; a writer makes it when it is not there.

    Raises:
        NotFound: there is no library here to read.
        LibraryLocked: another process is writing (for `write`, or to upgrade an old library).
        LibraryUnfit: a network file system, or not writable.
        LibraryTooNew: a newer version wrote it.
    """
    exists = (directory / DATABASE_NAME).is_file()
    if not write and not exists:
        raise NotFound(f"no library at {directory} yet; make one with: mammothbox ingest FOLDER")
    if write:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryUnfit(f"{directory} cannot be made: {error.strerror}") from error
    check_fit(directory)
    lock = WriterLock(directory) if write else None
    try:
        _upgrade(directory, locked=write)
        return Store(directory, connect(directory, write=write), lock, on_call)
    except BaseException:
        if lock:
            lock.release()
        raise


def _upgrade(directory: Path, *, locked: bool) -> None:
    """Apply missing migrations, under the writer's lock."""
    if locked or (directory / DATABASE_NAME).stat().st_size == 0:
        engine = connect(directory, write=True)
    else:
        engine = connect(directory, write=False)
    try:
        with engine.connect() as connection:
            if not migrations.missing(connection):
                return
        engine.dispose()
        engine = connect(directory, write=True)
        with contextlib.ExitStack() as stack:
            if not locked:
                stack.callback(WriterLock(directory).release)
            migrations.migrate(stack.enter_context(engine.begin()))
    finally:
        engine.dispose()
