"""The library: files, results, words, vectors, a person's edits. All SQL is behind it.

On SQLite one process may write, on PostgreSQL any number if all say so; any number may read at the
same time. Every method is one transaction. It knows nothing of models, decoding or interfaces.

Example:
    with open_store(Path("~/lib").expanduser(), write=True) as store:
        store.record_files([ref], roots=["/home/ann/Pictures"])
        store.commit([Result(ref.digest, "facts", "decoder", "1", Done({"width": 640}))])
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable, Sequence
from contextlib import AbstractContextManager

from mammothbox.records import Digest, FileRef, Kind, Result
from mammothbox.scan.events import Known
from mammothbox.store import answers, files, people, problems, results
from mammothbox.store.asking import Asking
from mammothbox.store.filters import Filters
from mammothbox.store.forget import forget
from mammothbox.store.pending import pending
from mammothbox.store.problems import Problem

_EVERYTHING = Filters()
IDENTITY = "identity"
"""Key of the library's own name among its small values."""


class Store(Asking):
    """An open library, see `open_store`. A context manager; threads may share it.

    Attributes:
        directory: of the library.
        place: where the rows lie.
    """

    def known(self, roots: Sequence[str]) -> dict[str, Known]:
        """Path → what is remembered, for all files under `roots` that have not vanished."""
        with self._reading() as connection:
            return files.known(connection, roots)

    def record_files(self, refs: Sequence[FileRef], roots: Sequence[str] = ()) -> None:
        """Write down what lies at each path now, and that `roots` were scanned."""
        with self._writing("record_files") as connection:
            files.record(connection, self._backend.words, refs)
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
        with self._asking() as connection:
            return files.of_digests(connection, digests, filters)

    def pending(
        self,
        step: str,
        model: str,
        revision: str,
        kinds: Sequence[Kind],
        *,
        retry_failed: bool = False,
        among: Sequence[Digest] | None = None,
    ) -> list[FileRef]:
        """One file a digest without a result of exactly (step, model, revision); newest first.

        Failed results count as results unless `retry_failed`. `among`: only these contents.
        """
        with self._reading() as connection:
            return pending(
                connection, step, model, revision, kinds, retry_failed=retry_failed, among=among
            )

    def claim(self, purpose: str, keys: Sequence[str]) -> AbstractContextManager[set[str]]:
        """Keep others from doing the same to these contents; gives those that are now ours.

        They are let go at the end, or when this process or its connection ends.
        """
        return self._backend.claim(purpose, keys)

    def identity(self) -> str:
        """A name of the library that no other has, wherever it is reached from.

        Empty as long as nobody who may write has asked for it.
        """
        with self._reading() as connection:
            known = answers.get_meta(connection, IDENTITY)
        if known or not self.writable:
            return known or ""
        with self._writing("identity") as connection:
            return answers.first_meta(connection, IDENTITY, uuid.uuid4().hex)

    def commit(self, batch: Sequence[Result]) -> None:
        """Write results with passages and vectors: all or none of the batch, durable on return."""
        with self._writing("commit") as connection:
            self._backend.guard(connection, [result.digest for result in batch])
            results.add_all(connection, self._backend, batch)

    def forget_failures(self, digests: Sequence[Digest] | None = None) -> int:
        """Make failed steps pending again (of these contents, or all); returns how many."""
        with self._writing("forget_failures") as connection:
            return results.forget_failures(connection, digests)

    def replace_problems(self, roots: Sequence[str], found: Sequence[Problem]) -> None:
        """Remember which paths under `roots` the last scan left alone or could not read."""
        with self._writing("replace_problems") as connection:
            problems.replace_problems(connection, roots, found)

    def edit_tags(
        self, digest: Digest, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Remember a person's tags; they win over the models' and survive every re-run."""
        with self._writing("edit_tags") as connection:
            people.edit_tags(connection, digest, add, remove)

    def not_duplicates(self, digests: Sequence[Digest]) -> None:
        """Remember that each two of these contents are not duplicates of one another."""
        with self._writing("not_duplicates") as connection:
            people.mark_not_duplicates(connection, digests)

    def forget(self, path: str) -> int:
        """Forget a file, or all below a folder, and what no other path holds; returns how many."""
        with self._writing("forget") as connection:
            return forget(connection, self._backend.words, path)

    def keep_answers(self, texts: dict[str, str]) -> None:
        """Remember prompt digest → text; an answer that is already there stays."""
        with self._writing("keep_answers") as connection:
            answers.put(connection, texts)

    def destroy(self) -> None:
        """Remove the library's rows from a server; what are files is left to `owned_files`."""
        with self._writing("destroy") as connection:
            self._backend.destroy(connection)

    def set_meta(self, key: str, value: str) -> None:
        """Keep a small value."""
        with self._writing("set_meta") as connection:
            answers.set_meta(connection, key, value)
