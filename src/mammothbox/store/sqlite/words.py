"""Words in SQLite: two FTS5 indexes, and queries in its language that cannot fail.

FTS5's `unicode61` splits at everything that is no letter and no digit and drops accents; `porter`
stems English.

Example:
    >>> expression('dogs "on the beach"')
    '("on the beach") AND ("dogs")'
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.sql import column, table

from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import WordMatch
from mammothbox.store.said import Said, rows_of
from mammothbox.store.schema import FILES, PASSAGES
from mammothbox.store.sqlite.database import driver_of
from mammothbox.store.words import ahead, terms

_FOUND = tuple(PASSAGES.c[name] for name in ("digest", "field", "text", "page", "start_s"))


def expression(query: str) -> str:
    """An FTS5 expression for any text whatever; empty when the query has no word in it."""
    phrases, words = terms(query)
    parts = [f'("{phrase}")' for phrase in phrases]
    if words:
        ends = words[:-1] + ([words[-1] + "\0"] if len(words[-1]) >= 3 else words[-1:])
        parts.append("(" + " OR ".join(_quote(word) for word in ends) + ")")
    return " AND ".join(parts)


def _quote(word: str) -> str:
    """An FTS5 string; a final NUL asks for words that begin so (the word may still be typed)."""
    return f'"{word[:-1]}"*' if word.endswith("\0") else f'"{word}"'


class Fts5:
    """A `WordIndex`, see there. The tables are made in `migrations`."""

    def add_passages(self, connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
        """See `WordIndex`."""
        if rows:
            insert = "INSERT INTO passages_fts(rowid, words) VALUES (?, ?)"
            driver_of(connection).executemany(insert, rows)

    def drop_passages(self, connection: Connection, digest: str, step: str | None) -> None:
        """See `WordIndex`."""
        connection.exec_driver_sql(
            "INSERT INTO passages_fts(passages_fts, rowid, words)"
            " SELECT 'delete', id, coalesce(words, text) FROM passages"
            " WHERE digest = ? AND (? IS NULL OR step = ?)",
            (digest, step, step),
        )

    def drop_rows(self, connection: Connection, numbers: Sequence[int]) -> None:
        """See `WordIndex`."""
        connection.exec_driver_sql(
            "INSERT INTO passages_fts(passages_fts, rowid, words)"
            " SELECT 'delete', id, coalesce(words, text) FROM passages WHERE id = ?",
            [(number,) for number in numbers],
        )

    def add_names(self, connection: Connection, paths: Sequence[bytes]) -> None:
        """See `WordIndex`; a path's words never change."""
        connection.exec_driver_sql(
            "INSERT INTO names_fts(rowid, words) SELECT id, words FROM files WHERE path = ?"
            " AND NOT EXISTS (SELECT 1 FROM names_fts_docsize AS d WHERE d.id = files.id)",
            [(path,) for path in paths],
        )

    def drop_names(self, connection: Connection, numbers: Sequence[int]) -> None:
        """See `WordIndex`."""
        if numbers:
            connection.exec_driver_sql(
                "INSERT INTO names_fts(names_fts, rowid, words)"
                " SELECT 'delete', id, words FROM files WHERE id = ?",
                [(number,) for number in numbers],
            )

    def match_passages(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """See `WordIndex`."""
        rows = _best(connection, "passages_fts", query, filters, limit)
        return [WordMatch(digest, -rank, *told) for rank, digest, *told in rows]

    def match_names(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """See `WordIndex`."""
        rows = _best(connection, "names_fts", query, filters, limit)
        return [WordMatch(digest, -rank, "name", words) for rank, digest, words in rows]


def _best(
    connection: Connection, index: str, query: str, filters: Filters, limit: int
) -> Sequence[Any]:
    """The `limit` best rows whose files pass, best first.

    A common word is in a quarter of all texts, and looking each of them up costs three times what
    ranking them does. So the best few are looked up first, and all only if too few pass.
    """
    given: dict[str, Any] = {"wanted": expression(query), "limit": limit}
    if not given["wanted"]:
        return []
    ask, count = _statements(index, filters) if filters.narrow else _usual(index)
    for most in (*ahead(limit, narrow=filters.narrow), -1):
        rows = rows_of(connection, ask, {**given, "most": most})
        if len(rows) >= limit or most < 0:
            break
        if rows_of(connection, count, {**given, "most": most})[0][0] < most:
            break  # there were no others
    return rows


@cache
def _usual(index: str) -> tuple[Said, Said]:
    ask, count = _statements(index, Filters())
    return Said(ask), Said(count)


def _statements(index: str, filters: Filters) -> tuple[Select[Any], Select[Any]]:
    """The question for the best rows, and that for how many there are to look up."""
    match = text(f"{index} MATCH :wanted")
    rank: ColumnElement[float] = literal_column(f"bm25({index})")
    columns: tuple[ColumnElement[Any], ...] = (column("rowid"), rank.label("rank"))
    ranked: Select[Any] = select(*columns).select_from(table(index)).where(match)
    best = ranked.order_by(rank).limit(bindparam("most")).subquery("best")
    passes = condition(filters)
    if index == "names_fts":
        chosen = select(best.c.rank, FILES.c.digest, FILES.c.words)
        chosen = chosen.join_from(best, FILES, FILES.c.id == best.c.rowid).where(passes)
    else:
        chosen = select(best.c.rank, *_FOUND)
        chosen = chosen.join_from(best, PASSAGES, PASSAGES.c.id == best.c.rowid)
        chosen = chosen.where(exists().where(FILES.c.digest == PASSAGES.c.digest, passes))
    chosen = chosen.order_by(best.c.rank).limit(bindparam("limit"))
    return chosen, select(func.count()).select_from(best)
