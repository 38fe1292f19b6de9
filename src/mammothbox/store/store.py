"""The library on disk: files, results, words, vectors, a person's edits. All SQL is behind it.

One process may write, any number may read at the same time. Every method is one transaction. It
knows nothing of models, decoding or interfaces.

Example:
    with open_store(Path("~/lib").expanduser(), write=True) as store:
        store.record_files([ref], roots=["/home/ann/Pictures"])
        store.commit([Result(ref.digest, "facts", "decoder", "1", Done({"width": 640}))])
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import Connection, Engine

from mammothbox.records import Digest, FileRef, Kind, Passage, Result, Vector
from mammothbox.scan.events import Known
from mammothbox.store import (
    answers,
    contents,
    duplicates,
    files,
    people,
    problems,
    results,
    tallies,
    vectors,
    words,
)
from mammothbox.store.counts import Counts, counts, owned_files
from mammothbox.store.duplicates import NearPair
from mammothbox.store.filters import Filters
from mammothbox.store.forget import forget
from mammothbox.store.people import Tag
from mammothbox.store.place import WriterLock
from mammothbox.store.problems import Problem
from mammothbox.store.results import Failure
from mammothbox.store.vectors import Near, Space, VectorFiles
from mammothbox.store.words import WordMatch

OnCall = Callable[[str, Literal["before", "after"]], None]
"""Called around every write with the method's name; ``before`` comes just before the database's
COMMIT, ``after`` once it is durable. For tests that end the process there."""

_EVERYTHING = Filters()


class Store:
    """An open library, see `open_store`. A context manager; threads may share it.

    Attributes:
        directory: where it lies.
    """

    def __init__(
        self, directory: Path, engine: Engine, lock: WriterLock | None, on_call: OnCall | None
    ) -> None:
        self.directory = directory
        self._engine = engine
        self._lock = lock
        self._on_call = on_call
        self._vectors = VectorFiles(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and let others write."""
        self._engine.dispose()
        if self._lock:
            self._lock.release()

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection
            if self._on_call:
                self._on_call(name, "before")
        if self._on_call:
            self._on_call(name, "after")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    # --- files -----------------------------------------------------------------------------

    def known(self, roots: Sequence[str]) -> dict[str, Known]:
        """Path → what is remembered, for all files under `roots` that have not vanished."""
        with self._reading() as connection:
            return files.known(connection, roots)

    def record_files(self, refs: Sequence[FileRef], roots: Sequence[str] = ()) -> None:
        """Write down what lies at each path now, and that `roots` were scanned."""
        with self._writing("record_files") as connection:
            files.record(connection, refs)
            files.record_roots(connection, roots)

    def sweep(self, root: str, seen: Container[str], known: Iterable[str] | None = None) -> int:
        """Mark files under `root` that are not in `seen` as vanished; returns how many.

        Deletes nothing, and marks nothing when the volume is missing: `root` gone, or empty where
        it had files, or on another device than when it was last scanned.

        Args:
            root: the folder that was scanned.
            seen: paths that are there, see `scan.Seen`.
            known: paths that `known` gave before the scan; None reads them again.
        """
        with self._writing("sweep") as connection:
            return files.sweep(connection, root, seen, known)

    def files(
        self,
        *,
        digest: str | None = None,
        path: str | None = None,
        kind: Kind | None = None,
        folder: str | None = None,
        include_vanished: bool = False,
    ) -> list[FileRef]:
        """Files that fit all given conditions, by path. `folder` includes all below it."""
        with self._reading() as connection:
            return files.find(
                connection,
                digest=digest,
                path=path,
                kind=kind,
                folder=folder,
                include_vanished=include_vanished,
            )

    def paths(
        self, digests: Sequence[Digest], filters: Filters = _EVERYTHING
    ) -> dict[Digest, list[FileRef]]:
        """Digest → every file with that content that passes the filters, by path."""
        with self._reading() as connection:
            return files.of_digests(connection, digests, filters)

    # --- work ------------------------------------------------------------------------------

    def pending(
        self,
        step: str,
        model: str,
        revision: str,
        kinds: Sequence[Kind],
        *,
        retry_failed: bool = False,
    ) -> list[FileRef]:
        """One file a digest without a result of exactly (step, model, revision); newest first.

        Failed results count as results unless `retry_failed`.
        """
        with self._reading() as connection:
            return results.pending(
                connection, step, model, revision, kinds, retry_failed=retry_failed
            )

    def commit(self, batch: Sequence[Result]) -> None:
        """Write results with passages and vectors: all or none of the batch, durable on return."""
        with self._writing("commit") as connection:
            for result in batch:
                results.add(connection, result)

    def results(
        self, digests: Sequence[Digest], steps: Sequence[str] | None = None
    ) -> dict[Digest, dict[str, Result]]:
        """Digest → step → newest result (a success before a later failure), without passages."""
        with self._reading() as connection:
            return results.newest(connection, digests, steps)

    def failures(self) -> list[Failure]:
        """Every failed step of every file that is there, by path."""
        with self._reading() as connection:
            return results.failures(connection)

    def forget_failures(self, digests: Sequence[Digest] | None = None) -> int:
        """Make failed steps pending again (of these contents, or all); returns how many."""
        with self._writing("forget_failures") as connection:
            return results.forget_failures(connection, digests)

    def passages(self, digests: Sequence[Digest]) -> dict[Digest, list[Passage]]:
        """Digest → its passages of all steps, in the order in which they were written."""
        with self._reading() as connection:
            return contents.passages(connection, digests)

    def whole_vectors(self, digests: Sequence[Digest], space: str) -> dict[Digest, Vector]:
        """Digest → the vector in `space` that stands for the whole content, float32."""
        with self._reading() as connection:
            return contents.whole_vectors(connection, digests, space)

    def replace_problems(self, roots: Sequence[str], found: Sequence[Problem]) -> None:
        """Remember which paths under `roots` the last scan left alone or could not read."""
        with self._writing("replace_problems") as connection:
            problems.replace_problems(connection, roots, found)

    def problems(self, outcome: str) -> list[Problem]:
        """Paths without content whose outcome is ``skipped`` or ``failed``."""
        with self._reading() as connection:
            return problems.problems(connection, outcome)

    # --- finding ---------------------------------------------------------------------------

    def match_words(
        self, query: str, filters: Filters = _EVERYTHING, limit: int = 200
    ) -> list[WordMatch]:
        """Passages with words of the query by BM25, best first. Any text is a valid query."""
        with self._reading() as connection:
            return words.match_passages(connection, query, filters, limit)

    def match_names(
        self, query: str, filters: Filters = _EVERYTHING, limit: int = 200
    ) -> list[WordMatch]:
        """Contents whose file name or nearest folders have words of the query, best first."""
        with self._reading() as connection:
            return words.match_names(connection, query, filters, limit)

    def nearest(
        self,
        space: str,
        model: str,
        revision: str,
        vector: Vector,
        filters: Filters = _EVERYTHING,
        limit: int = 100,
    ) -> list[Near]:
        """Contents nearest to `vector` (float32, L2-normalised) by cosine, best first; exact."""
        wanted = Space(space, model, revision)
        with self._reading() as connection:
            return vectors.nearest(connection, self._vectors, wanted, vector, filters, limit)

    def vectors_of(self, digest: Digest, space: str, model: str, revision: str) -> list[Vector]:
        """The vectors of one content, in the order of its parts, float32."""
        with self._reading() as connection:
            return vectors.of_content(connection, digest, Space(space, model, revision))

    def has_vectors(self, space: str, model: str, revision: str) -> bool:
        """Whether there is any vector to compare with."""
        with self._reading() as connection:
            return vectors.any_in(connection, Space(space, model, revision))

    def spaces(self) -> list[tuple[Space, int]]:
        """Every (space, model, revision) that has vectors, with their number, most first."""
        with self._reading() as connection:
            return vectors.spaces(connection)

    def duplicates(self) -> dict[Digest, list[str]]:
        """Digest → paths, where equal bytes lie at two paths or more (empty files left out)."""
        with self._reading() as connection:
            return duplicates.exact(connection)

    def near_duplicates(self, threshold: int = 4) -> list[NearPair]:
        """Pictures whose 64-bit hashes differ in at most `threshold` bits, nearest first."""
        with self._reading() as connection:
            return duplicates.near(connection, threshold)

    # --- people ----------------------------------------------------------------------------

    def edit_tags(
        self, digest: Digest, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Remember a person's tags; they win over the models' and survive every re-run."""
        with self._writing("edit_tags") as connection:
            people.edit_tags(connection, digest, add, remove)

    def tags(self, digests: Sequence[Digest]) -> dict[Digest, list[Tag]]:
        """Digest → tags in force, by name."""
        with self._reading() as connection:
            return people.tags(connection, digests)

    def not_duplicates(self, digests: Sequence[Digest]) -> None:
        """Remember that each two of these contents are not duplicates of one another."""
        with self._writing("not_duplicates") as connection:
            people.mark_not_duplicates(connection, digests)

    def forget(self, path: str) -> int:
        """Forget a file, or all below a folder, and what no other path holds; returns how many."""
        with self._writing("forget") as connection:
            return forget(connection, path)

    # --- the rest --------------------------------------------------------------------------

    def answer(self, prompt: str) -> str | None:
        """The text a model once gave to the prompt with this digest, or None."""
        with self._reading() as connection:
            return answers.get(connection, prompt)

    def keep_answers(self, texts: dict[str, str]) -> None:
        """Remember prompt digest → text; an answer that is already there stays."""
        with self._writing("keep_answers") as connection:
            answers.put(connection, texts)

    def meta(self, key: str) -> str | None:
        """A small value kept for the library, or None."""
        with self._reading() as connection:
            return answers.get_meta(connection, key)

    def set_meta(self, key: str, value: str) -> None:
        """Keep a small value."""
        with self._writing("set_meta") as connection:
            answers.set_meta(connection, key, value)

    def step_seconds(self) -> dict[str, float]:
        """Step → mean seconds a content took, as far as earlier runs tell."""
        with self._reading() as connection:
            return tallies.step_seconds(connection)

    def labels_only(self) -> int:
        """Pictures whose caption is made from their labels alone."""
        with self._reading() as connection:
            return tallies.labels_only(connection)

    def counts(self) -> Counts:
        """How much the library holds."""
        with self._reading() as connection:
            return counts(connection)

    def owned_files(self) -> list[Path]:
        """Every file the library wrote into its directory."""
        return owned_files(self.directory)
