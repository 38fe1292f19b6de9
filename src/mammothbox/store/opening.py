"""Opening a library with the engine that its address names."""

from __future__ import annotations

from pathlib import Path

from mammothbox.store.backend import Backend
from mammothbox.store.session import OnCall
from mammothbox.store.store import Store


def open_store(
    directory: Path,
    *,
    write: bool,
    url: str = "",
    shared: bool = False,
    on_call: OnCall | None = None,
) -> Store:
    """Open a library; a writer makes it when it is not there.

    Args:
        directory: of the library; with an address, of what is no row (thumbnails, journals).
        write: make changes.
        url: of a PostgreSQL database; empty for SQLite in `directory`.
        shared: with PostgreSQL, let others who say the same write at the same time.
        on_call: hears about writes.

    Raises:
        NotFound: there is no library here to read.
        LibraryLocked: another process is writing (for `write`, or to upgrade an old library).
        LibraryUnfit: a network file system, or not writable; a server without pgvector.
        LibraryTooNew: a newer version wrote it.
        DatabaseAway: the server does not answer.
        UsageError: `url` is no address of PostgreSQL, or its driver is not installed.
    """
    return Store(_backend(directory, url, write=write, shared=shared), on_call)


def _backend(directory: Path, url: str, *, write: bool, shared: bool) -> Backend:
    if url:
        from mammothbox.store.postgres.opening import open_postgres

        return open_postgres(directory, url, write=write, shared=shared)
    from mammothbox.store.sqlite.opening import open_sqlite

    return open_sqlite(directory, write=write)
