"""What the store asks of a database engine beyond tables: words, nearest vectors, connections.

Everything else is SQL that SQLite and PostgreSQL share. Two packages implement this, `sqlite` and
`postgres`; one suite of tests judges both. It knows nothing of either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Table

from mammothbox.arrays import Vector
from mammothbox.store.filters import Filters
from mammothbox.store.found import Near, Space, WordMatch
from mammothbox.store.rows import VectorRow


class WordIndex(Protocol):
    """Full text over passages and over the names of files."""

    def add_passages(self, connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
        """Index (passage id, text as `words.indexable` gives it); the passages are stored."""

    def drop_passages(self, connection: Connection, digest: str, step: str | None) -> None:
        """Forget the passages of a content (of one step, or all); they are still stored."""

    def drop_rows(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Forget passages by row number; they are still stored."""

    def add_names(self, connection: Connection, paths: Sequence[bytes]) -> None:
        """Index the names of these stored files that are not indexed yet."""

    def drop_names(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Forget the names of files by row number; their rows are still stored."""

    def match_passages(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """The best passages, best first, of contents that the filters let through."""

    def match_names(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """Files whose name or nearest folders have words of the query, best first."""


class VectorIndex(Protocol):
    """Vectors of parts of contents, and the nearest ones."""

    def add(
        self, connection: Connection, rows: Sequence[VectorRow], ids: Sequence[int] | None = None
    ) -> None:
        """Store vectors (under these ids, or new ones) and make them findable."""

    def nearest(
        self, connection: Connection, space: Space, query: Vector, filters: Filters, limit: int
    ) -> list[Near]:
        """The `limit` contents nearest to `query` (float32, L2-normalised), best first."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One engine at work for one open library.

    Attributes:
        place: where the rows lie, as a person is told.
        directory: of the library: thumbnails and what else is no row.
        local: the rows are files in the directory.
        writable: whether it was opened for writing.
        reading: gives a connection that sees one moment.
        asking: gives a connection whose every statement sees a moment of its own, for the price
            of one round trip; `VectorIndex.nearest` is asked through it.
        writing: gives a connection whose work is made durable at the end, or not at all.
        guard: called first in a transaction that writes about contents, with their digests.
        claim: see `Store.claim`.
        insert: stores rows in a table whose key is `id`: the values of all other columns, in
            their order; gives their ids in order.
        words, vectors: the indexes.
        given_ids: called after rows were added to a table with ids that were given.
        server_bytes: size of rows and indexes on a server, 0 where they are files.
        destroy: removes all rows from a server; files are for others to remove.
        close: closes connections and lets others write.
    """

    place: str
    directory: Path
    local: bool
    writable: bool
    reading: Callable[[], AbstractContextManager[Connection]]
    asking: Callable[[], AbstractContextManager[Connection]]
    writing: Callable[[], AbstractContextManager[Connection]]
    guard: Callable[[Connection, Sequence[str]], None]
    claim: Callable[[str, Sequence[str]], AbstractContextManager[set[str]]]
    insert: Callable[[Connection, Table, Sequence[tuple[Any, ...]]], Sequence[int]]
    words: WordIndex
    vectors: VectorIndex
    given_ids: Callable[[Connection, str], None]
    server_bytes: Callable[[Connection], int]
    destroy: Callable[[Connection], None]
    close: Callable[[], None]
