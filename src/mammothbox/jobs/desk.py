"""One library kept open for many who ask, and one worker for what takes long.

Reading goes on all the time. Writing holds the library's lock only while something is written, so
that the command line can work beside a running server; who writes at the same time in this process
shares one opening. All share the models, so that memory is counted once.

Example:
    with Desk(load_settings()) as desk:
        job = desk.submit("ingest", {"paths": ["/p"]}, work)
        desk.library.search("a dog")
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from mammothbox.errors import MammothboxError, NotFound
from mammothbox.jobs.job import Job
from mammothbox.library import Library
from mammothbox.models import Models
from mammothbox.organise.shelf import Shelf
from mammothbox.settings import Settings
from mammothbox.store import Store

_LOG = logging.getLogger(__name__)
_KEPT = 100
"""Jobs that are remembered."""

Work = Callable[[Library, Job], Any]
"""Works with a library open for writing; returns JSON."""


class Desk:
    """An open library with its queue of jobs. A context manager, for several threads.

    Args:
        settings: which library.
        models: stand-ins for the models; None opens those of the settings.

    Attributes:
        library: open for reading.
        leaving: set when whoever follows events should stop, since the end is near.

    Raises:
        LibraryError: it cannot be used.
    """

    def __init__(self, settings: Settings, models: Models | None = None) -> None:
        self.settings = settings
        try:
            Library.open(settings).close()
        except NotFound:
            Library.open(settings, write=True).close()
        self.library = Library.open(settings, models=models)
        self.leaving = threading.Event()
        self._store: Store | None = None
        self._writers = 0
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._queue: queue.Queue[tuple[Job, Work] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what runs, wait for its batch to end, and close the library."""
        self.leaving.set()
        for job in self.jobs():
            job.cancel()
        self._queue.put(None)
        self._thread.join()
        self.library.close()

    @cached_property
    def plans(self) -> Shelf:
        """Plans kept beside the library."""
        return Shelf(self.settings.library / "plans")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Library]:
        """The library open for writing, shared by all who write in this process at the same time.

        Raises:
            LibraryLocked: another process is writing.
        """
        with self._lock:
            if self._store is None:
                self._store = Library.open(self.settings, write=True).store
            self._writers += 1
            store = self._store
        try:
            yield Library(self.settings, store, self.library.models)
        finally:
            with self._lock:
                self._writers -= 1
                if not self._writers and self._store is not None:
                    self._store.close()
                    self._store = None

    def memory(self) -> dict[str, Any]:
        """Bytes that all processes use, the ceiling, and the models' hosts as they run."""
        from mammothbox.memory import used_bytes
        from mammothbox.models.memory import ceiling, process_bytes

        hosts = [
            {"engine": name, "pid": pid, "bytes": process_bytes(pid)}
            for name, pid in self.library.models.pids().items()
        ]
        limit = ceiling(self.settings.memory_bytes)
        return {"used_bytes": used_bytes(), "limit_bytes": limit, "hosts": hosts}

    def submit(self, kind: str, about: Mapping[str, Any], work: Work) -> Job:
        """Queue a piece of work."""
        job = Job(kind, about)
        with self._lock:
            self._jobs[job.id] = job
            over = [name for name, old in self._jobs.items() if old.state.over]
            for name in over[: max(0, len(self._jobs) - _KEPT)]:
                del self._jobs[name]
        self._queue.put((job, work))
        return job

    def job(self, name: str) -> Job:
        """The job with this id.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._jobs[name]
        except KeyError:
            raise NotFound(f"there is no job {name[:40]!r}; jobs end with the server") from None

    def jobs(self) -> list[Job]:
        """All jobs that are remembered, newest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            job, work = entry
            if not job.start():
                continue
            try:
                with self.writing() as library:
                    result = work(library, job)
                job.finish(result)
            except MammothboxError as error:
                job.fail(error.reason, str(error))
            except Exception as error:  # the border: a fault in one job leaves the server running
                _LOG.exception("job %s failed", job.kind)
                job.fail("Bug", f"{type(error).__name__}: {error}")
