"""The façade: everything a person or a program can ask of a library, one method each.

It joins the packages and decides nothing itself. Reading needs no lock and loads no model until a
query does; writing holds the library's lock.

Example:
    with Library.open(load_settings(), write=True) as library:
        report = library.ingest(["/home/ann/Pictures"])
    with Library.open(load_settings()) as library:
        for hit in library.search("a dog in the snow").hits:
            print(hit.path)
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mammothbox.arrays import Pixels
from mammothbox.browse import Browsing
from mammothbox.errors import NotFound
from mammothbox.events import IngestReport, OnEvent, ignore
from mammothbox.models import Models, open_models
from mammothbox.models.contracts import ModelCard
from mammothbox.organise.arranging import JOURNAL, Arranging
from mammothbox.records import FileRef
from mammothbox.search import SearchAnswer
from mammothbox.search.searching import Searching
from mammothbox.settings import Settings
from mammothbox.store import Copied, Counts, Failure, Store, open_store, owned_files
from mammothbox.store.contexts import said

if TYPE_CHECKING:
    from mammothbox.understand.question import Answer
    from mammothbox.workers.following import Standing

__all__ = ["Duplicates", "Library", "SearchAnswer", "Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """What a library holds and where.

    Attributes:
        directory: of the library.
        place: where its rows lie: a file, or a server.
        row_bytes: size of all rows and indexes on a server; 0 where they are files of `owned`.
        counts: files, results, words and vectors.
        profile: ``lite`` or ``full``.
        cards: contract → the model that would answer now.
        todo: stage → contents waiting for it.
        owned: every file the library wrote; what `purge` removes.
        labels_only: pictures whose caption is only their labels.
        contexts: path → what its owner says of the files there.
    """

    directory: Path
    place: str
    row_bytes: int
    counts: Counts
    profile: str
    cards: dict[str, ModelCard]
    todo: dict[str, int]
    owned: list[Path]
    labels_only: int
    contexts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Equal and nearly equal files.

    Attributes:
        exact: groups of paths with equal bytes.
        near: two paths of pictures that look alike and the bits of 64 that differ, nearest first;
            one path stands for all with its bytes.
    """

    exact: list[list[str]]
    near: list[tuple[str, str, int]]


class Library(Arranging, Browsing, Searching):
    """An open library, see `Library.open`. A context manager."""

    def __init__(self, settings: Settings, store: Store, models: Models | None = None) -> None:
        self.settings = settings
        self.store = store
        self._given = models

    @classmethod
    def open(cls, settings: Settings, *, write: bool = False, models: Models | None = None) -> Self:
        """Open the library of `settings`; a writer makes it when it is not there.

        Args:
            settings: where it lies, and which profile speaks.
            write: hold the lock and make changes; with Redis, share it with the workers.
            models: already open, see `model_admin.start_early`; closed with the library.

        Raises:
            NotFound: nothing to read there.
            LibraryLocked, LibraryUnfit, LibraryTooNew, DatabaseAway: see `errors`.
        """
        store = open_store(
            settings.library,
            write=write,
            url=settings.database_url,
            shared=bool(settings.redis_url),
        )
        return cls(settings, store, models)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the model hosts of this library and close its files."""
        self._close_browsing()
        if self._given or "models" in self.__dict__:
            self.models.close()
        self.store.close()

    @cached_property
    def models(self) -> Models:
        """The models, opened when first asked for; nothing is loaded by opening."""
        return self._given or open_models(self.settings)

    # --- taking in -------------------------------------------------------------------------

    def ingest(
        self,
        paths: Sequence[str],
        *,
        limit: int | None = None,
        context: str | None = None,
        on_event: OnEvent = ignore,
    ) -> IngestReport:
        """Scan `paths`, then understand what is new or changed there.

        Args:
            paths: files or folders.
            limit: at most so many files, in the order of their folders and names; None for all.
            context: what the owner says of the files there, remembered for `paths`; an empty one
                takes it back, None leaves what was said.
            on_event: hears about the run; may raise to stop it between two batches.

        Raises:
            UsageError: `context` is too long.
            NotFound: one of the paths does not exist.
            WeightsMissing: weights are not on disk; nothing was started.
        """
        from mammothbox.ingest import ingest

        return ingest(self.store, self.models, self.settings, paths, limit, on_event, context)

    def retry(self, *, on_event: OnEvent = ignore) -> IngestReport:
        """Do the failed steps again, and what waits for them."""
        from mammothbox.ingest import retry

        return retry(self.store, self.models, self.settings, on_event)

    def work(
        self,
        stages: Sequence[str],
        threads: int,
        stopping: threading.Event,
        *,
        on_event: OnEvent = ignore,
    ) -> None:
        """Be one of the workers of this library until `stopping` is set.

        Args:
            stages: which ones to take.
            threads: batches at a time.
            stopping: once set, batches in flight are stored and the work ends.
            on_event: hears about the files done here.

        Raises:
            UsageError: DATABASE_URL or REDIS_URL is missing.
            QueueAway: Redis does not answer.
            WeightsMissing: weights are not on disk.
        """
        from mammothbox.workers.worker import serve

        self.models.require()
        serve(self.settings, self.store, self.models, stages, threads, on_event, stopping)

    def standing(self) -> Standing | None:
        """What the workers do and what waits for them; None without a queue."""
        if not (self.settings.redis_url and self.settings.database_url):
            return None
        from mammothbox.workers.following import standing

        return standing(self.store, self.settings)

    def watch(self, paths: Sequence[str], *, on_event: OnEvent = ignore) -> Iterator[IngestReport]:
        """Ingest `paths`, then again whenever something changes there, until interrupted.

        The whole of `paths` is looked at each time: that costs little, keeps every rule about what
        is left alone, and notices what is gone.
        """
        from mammothbox.scan import watch

        yield self.ingest(paths, on_event=on_event)
        for _ in watch(paths):
            yield self.ingest(paths, on_event=on_event)

    # --- asking ----------------------------------------------------------------------------

    def ref(self, path: str) -> FileRef:
        """The file at `path` as the library knows it.

        Raises:
            NotFound: it knows none.
        """
        found = self.store.files(path=str(Path(path).absolute()))
        if not found:
            raise NotFound(f"{path} is not in the library; add it with: mammothbox ingest {path}")
        return found[0]

    def show(self, path: str) -> dict[str, Any]:
        """Everything known about one file, see `mammothbox.understand.item`."""
        return next(self._items([self.ref(path)]))

    def ask(self, path: str, question: str) -> Answer:
        """Answer a question about a photo; a guess.

        A captioner that answers questions (BLIP-2) looks at it again; else the answer is made from
        what is known of the photo.

        Raises:
            NotFound: the library knows no such file.
            UsageError: it is no photo, or nothing is asked.
            InputError: it is to be looked at and cannot be read.
            ModelError: the model that the answer needs cannot be used.
        """
        from mammothbox.understand.question import answer

        item = self.show(path)
        return answer(item, question, self.models, lambda: self._picture(item["path"]))

    def _picture(self, path: str) -> Pixels:
        return self.previews.pixels(path)

    def export(self) -> Iterator[dict[str, Any]]:
        """Everything known about every file, by path."""
        yield from self._items(self.store.files())

    def export_xmp(self, folder: Path | None = None) -> int:
        """Write XMP sidecars beside the files, or below `folder`; returns how many."""
        from mammothbox.xmp import write_sidecars

        return write_sidecars(self.export(), folder)

    def _items(self, refs: Sequence[FileRef]) -> Iterator[dict[str, Any]]:
        from mammothbox.understand.item import item

        for start in range(0, len(refs), 200):
            some = refs[start : start + 200]
            digests = [ref.digest for ref in some]
            results, tags = self.store.results(digests), self.store.tags(digests)
            paths = self.store.paths(digests)
            for ref in some:
                same = [other.path for other in paths.get(ref.digest, ())]
                yield item(ref, results.get(ref.digest, {}), tags.get(ref.digest, ()), same)

    def failed(self) -> list[Failure]:
        """Every step that could not do a file, and files that could not be read, by path."""
        unread = [
            Failure(found.path, "scan", found.error, found.message)
            for found in self.store.problems("failed")
        ]
        return sorted([*self.store.failures(), *unread], key=lambda failure: failure.path)

    def duplicates(self, threshold: int = 4) -> Duplicates:
        """Equal bytes at several paths, and pictures whose hashes differ in few bits."""
        exact = [sorted(paths) for paths in self.store.duplicates().values()]
        pairs = self.store.near_duplicates(threshold)
        paths = self.store.paths([digest for pair in pairs for digest in (pair.first, pair.second)])
        near = [
            (paths[pair.first][0].path, paths[pair.second][0].path, pair.distance) for pair in pairs
        ]
        return Duplicates(sorted(exact), near)

    def status(self) -> Status:
        """What there is, what is still to do, and where it lies."""
        from mammothbox.understand.work import count, describe_mode

        cards = dict(self.models.cards())
        return Status(
            directory=self.settings.library,
            place=self.store.place,
            row_bytes=self.store.server_bytes(),
            counts=self.store.counts(),
            profile=self.settings.profile,
            cards=cards,
            todo=count(self.store, cards, describe_mode(self.settings), None),
            owned=owned_files(self.settings.library),
            labels_only=self.store.labels_only(),
            contexts=said(self.store),
        )

    # --- a person's word -------------------------------------------------------------------

    def tag(self, path: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[str]:
        """Add and remove tags of a file; returns those in force. They survive every re-run."""
        digest = self.ref(path).digest
        self.store.edit_tags(digest, add, remove)
        return [tag.name for tag in self.store.tags([digest])[digest]]

    def not_duplicates(self, paths: Sequence[str]) -> None:
        """Remember that these files are not duplicates of one another."""
        self.store.not_duplicates([self.ref(path).digest for path in paths])

    def forget(self, path: str) -> int:
        """Forget a file, or everything below a folder; returns how many files."""
        return self.store.forget(str(Path(path).absolute()))

    def copy_to(self, target: str, on_rows: Callable[[str, int], None]) -> Copied:
        """Copy the library to a directory (SQLite) or a PostgreSQL address, and compare all rows.

        Goes on where an earlier copy was stopped. The library itself stays as it is; the journal of
        moves goes along into another directory. What can be derived, such as thumbnails, is not
        copied.

        Args:
            target: a directory, or an address with ``://``.
            on_rows: hears a table's name and how many of its rows were walked.

        Raises:
            UsageError: another library is there already.
            LibraryError: see `store.copying`.
        """
        from mammothbox.store.copying import copy_library

        url = target if "://" in target else ""
        directory = self.settings.library if url else Path(target).expanduser().absolute()
        with open_store(directory, write=True, url=url) as other:
            copied = copy_library(self.store, other, on_rows)
        journal = self.settings.library / JOURNAL
        if journal.exists() and directory != self.settings.library:
            shutil.copy2(journal, directory / JOURNAL)
        return copied

    def purge(self) -> list[Path]:
        """Remove every file and row the library wrote (what `status` lists), and close it."""
        owned = owned_files(self.settings.library)
        self.store.destroy()
        self.close()
        for path in owned:
            path.unlink(missing_ok=True)
        folders = {path.parent for path in owned} | {path.parent.parent for path in owned}
        for folder in sorted(folders - set(self.settings.library.parents), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return owned
