"""What the indexes give back: passages with words of a query, contents with near vectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func

from mammothbox.records import Digest
from mammothbox.store.schema import VECTORS


class WordMatch(NamedTuple):
    """A passage that has words of the query.

    Attributes:
        digest: the content it belongs to.
        score: BM25, higher is better; comparable within one query only.
        field, text, page, start_s: the passage (see `Passage`).
    """

    digest: Digest
    score: float
    field: str
    text: str
    page: int | None = None
    start_s: float | None = None


class Near(NamedTuple):
    """A content whose vector is near: cosine `score`, and the part of it that is nearest."""

    digest: Digest
    score: float
    page: int | None = None
    start_s: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """Which vectors may be compared: name of the space, and the model that made them."""

    name: str
    model: str
    revision: str

    def file_name(self, dimensions: int) -> str:
        """A name that no two spaces share, nor two lengths of vectors."""
        key = "\0".join((self.name, self.model, self.revision, str(dimensions))).encode()
        return f"{self.name}-{hashlib.blake2b(key, digest_size=8).hexdigest()}"

    def rows(self) -> ColumnElement[bool]:
        """The condition over `VECTORS`."""
        return and_(
            VECTORS.c.space == self.name,
            VECTORS.c.model == self.model,
            VECTORS.c.revision == self.revision,
        )

    def of_contents(self) -> ColumnElement[bool]:
        """The same where the rows of a few contents are asked for.

        Without statistics SQLite would rather go through the whole space than look contents up; an
        expression in the place of the column keeps it from that.
        """
        return and_(
            func.coalesce(VECTORS.c.space, "") == self.name,
            VECTORS.c.model == self.model,
            VECTORS.c.revision == self.revision,
        )
