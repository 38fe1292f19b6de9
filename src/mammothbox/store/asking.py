"""Everything that can be asked of a library, by any number of processes while one writes.

Knows nothing of locks or of what is written; `Store` adds that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mammothbox.arrays import Vector
from mammothbox.records import Digest, Passage, Result
from mammothbox.store import (
    answers,
    contents,
    duplicates,
    listing,
    people,
    problems,
    results,
    tallies,
    vectors,
)
from mammothbox.store.counts import Counts, counts, owned_files
from mammothbox.store.duplicates import NearPair
from mammothbox.store.filters import Filters
from mammothbox.store.found import Near, Space, WordMatch
from mammothbox.store.listing import Choices, Listed
from mammothbox.store.people import Tag
from mammothbox.store.problems import Problem
from mammothbox.store.results import Failure
from mammothbox.store.session import Session

_EVERYTHING = Filters()


class Asking(Session):
    """The questions about contents: results, words, vectors, duplicates, tags, counts."""

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

    def passages(self, digests: Sequence[Digest]) -> dict[Digest, list[Passage]]:
        """Digest → its passages of all steps, in the order in which they were written."""
        with self._reading() as connection:
            return contents.passages(connection, digests)

    def openings(self, digests: Sequence[Digest], step: str, chars: int) -> dict[Digest, str]:
        """Digest → how the text that a step found begins, at most `chars` characters."""
        with self._reading() as connection:
            return contents.openings(connection, digests, step, chars)

    def whole_vectors(self, digests: Sequence[Digest], space: Space) -> dict[Digest, Vector]:
        """Digest → the vector in `space` that stands for the whole content, float32."""
        with self._reading() as connection:
            return contents.whole_vectors(connection, digests, space)

    def mean_vectors(
        self, digests: Sequence[Digest], space: Space, without: Mapping[Digest, str]
    ) -> dict[Digest, Vector]:
        """Digest → mean of its first vectors, leaving a passage out where there are others."""
        with self._reading() as connection:
            return contents.mean_vectors(connection, digests, space, without)

    def problems(self, outcome: str) -> list[Problem]:
        """Paths without content whose outcome is ``skipped`` or ``failed``."""
        with self._reading() as connection:
            return problems.problems(connection, outcome)

    def match_words(
        self, query: str, filters: Filters = _EVERYTHING, limit: int = 200
    ) -> list[WordMatch]:
        """Passages with words of the query by BM25, best first. Any text is a valid query."""
        with self._asking() as connection:
            return self._backend.words.match_passages(connection, query, filters, limit)

    def match_names(
        self, query: str, filters: Filters = _EVERYTHING, limit: int = 200
    ) -> list[WordMatch]:
        """Contents whose file name or nearest folders have words of the query, best first."""
        with self._asking() as connection:
            return self._backend.words.match_names(connection, query, filters, limit)

    def nearest(
        self,
        space: str,
        model: str,
        revision: str,
        vector: Vector,
        filters: Filters = _EVERYTHING,
        limit: int = 100,
    ) -> list[Near]:
        """Contents nearest to `vector` (float32, L2-normalised) by cosine, best first.

        Exact on SQLite; on PostgreSQL see `postgres.nearest`.
        """
        wanted = Space(space, model, revision)
        with self._asking() as connection:
            return self._backend.vectors.nearest(connection, wanted, vector, filters, limit)

    def vectors_of(self, digest: Digest, space: str, model: str, revision: str) -> list[Vector]:
        """The vectors of one content, in the order of its parts, float32."""
        with self._asking() as connection:
            return vectors.of_content(connection, digest, Space(space, model, revision))

    def has_vectors(self, space: str, model: str, revision: str) -> bool:
        """Whether there is any vector to compare with."""
        with self._asking() as connection:
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

    def tags(self, digests: Sequence[Digest]) -> dict[Digest, list[Tag]]:
        """Digest → tags in force, by name."""
        with self._reading() as connection:
            return people.tags(connection, digests)

    def answer(self, prompt: str) -> str | None:
        """The text a model once gave to the prompt with this digest, or None."""
        with self._reading() as connection:
            return answers.get(connection, prompt)

    def meta(self, key: str) -> str | None:
        """A small value kept for the library, or None."""
        with self._reading() as connection:
            return answers.get_meta(connection, key)

    def listing(self, filters: Filters = _EVERYTHING) -> list[Listed]:
        """Every file that passes the filters, newest first."""
        with self._reading() as connection:
            return listing.listing(connection, filters)

    def choices(self) -> Choices:
        """What files can be narrowed by, with the number of each."""
        with self._reading() as connection:
            return listing.choices(connection)

    def roots(self) -> list[str]:
        """Every folder that was ever scanned."""
        with self._reading() as connection:
            return listing.roots(connection)

    def stamp(self) -> tuple[int, ...]:
        """Another value after every write of any process; for those who keep what they read."""
        if self._backend.local:
            return tallies.file_stamp(self.directory)
        with self._reading() as connection:
            return tallies.row_stamp(connection)

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

    def server_bytes(self) -> int:
        """Bytes of rows and indexes on a server; 0 where they are files of the library."""
        with self._reading() as connection:
            return self._backend.server_bytes(connection)

    def owned_files(self) -> list[Path]:
        """Every file the library wrote into its directory."""
        return owned_files(self.directory)
