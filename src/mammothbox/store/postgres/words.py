"""Words in PostgreSQL: stems in a GIN index, ranked by BM25 as SQLite's index ranks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Table,
    Text,
    bindparam,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mammothbox.store.filters import Filters
from mammothbox.store.found import WordMatch
from mammothbox.store.postgres.lexing import lexed, units
from mammothbox.store.postgres.ranking import CONFIG, COUNTED, Sizes, ask_for
from mammothbox.store.postgres.schema import NAME_WORDS, PASSAGE_WORDS
from mammothbox.store.schema import FILES
from mammothbox.store.words import ahead


class Gin:
    """A `WordIndex`, see there."""

    def __init__(self) -> None:
        self._sizes = Sizes()

    def add_passages(self, connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
        """See `WordIndex`."""
        _add(connection, PASSAGE_WORDS, rows)

    def drop_passages(self, connection: Connection, digest: str, step: str | None) -> None:
        """See `WordIndex`; rows go with those they belong to."""

    def drop_rows(self, connection: Connection, numbers: Sequence[int]) -> None:
        """See `WordIndex`; rows go with those they belong to."""

    def add_names(self, connection: Connection, paths: Sequence[bytes]) -> None:
        """See `WordIndex`; a path's words never change."""
        indexed = exists().where(NAME_WORDS.c.id == FILES.c.id)
        for start in range(0, len(paths), 500):
            some = paths[start : start + 500]
            query = select(FILES.c.id, FILES.c.words).where(FILES.c.path.in_(some), ~indexed)
            _add(connection, NAME_WORDS, [(row[0], row[1]) for row in connection.execute(query)])

    def drop_names(self, connection: Connection, numbers: Sequence[int]) -> None:
        """See `WordIndex`; rows go with those they belong to."""

    def match_passages(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """See `WordIndex`."""
        rows = self._best(connection, PASSAGE_WORDS, query, filters, limit)
        return [WordMatch(digest, score, *told) for score, _, digest, *told in rows]

    def match_names(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """See `WordIndex`."""
        rows = self._best(connection, NAME_WORDS, query, filters, limit)
        return [WordMatch(digest, score, "name", words) for score, _, digest, words in rows]

    def _best(
        self, connection: Connection, table: Table, query: str, filters: Filters, limit: int
    ) -> Sequence[Any]:
        """The `limit` best rows that pass, best first.

        Looking a row up costs more than scoring it, so the best few are looked up first, and all
        only if too few pass.
        """
        asked = ask_for(connection, table, self._sizes, units(query), filters)
        if asked is None:
            return []
        question, values = asked
        for most in (*ahead(limit, narrow=filters.narrow), COUNTED):
            rows = question.rows(connection, {**values, "most": most, "limit": limit})
            if len(rows) >= limit or (rows and rows[0][1] <= most):
                break  # enough, or there were no others
        return rows


def _add(connection: Connection, table: Table, rows: Sequence[tuple[int, str]]) -> None:
    if not rows:
        return
    words = [lexed(text) for _, text in rows]
    given = (
        func.unnest(
            bindparam("ids", [row[0] for row in rows], ARRAY(BigInteger)),
            bindparam("lengths", [len(some) for some in words], ARRAY(Integer)),
            bindparam("texts", [" ".join(some) for some in words], ARRAY(Text)),
        )
        .table_valued("id", "length", "text")
        .render_derived()
    )
    made = select(given.c.id, given.c.length, func.to_tsvector(CONFIG, given.c.text))
    connection.execute(insert(table).from_select(["id", "length", "words"], made))
