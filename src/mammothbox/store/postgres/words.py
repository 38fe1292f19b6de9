"""Words in PostgreSQL: stems in a GIN index, ranked by BM25 as SQLite's index ranks them.

PostgreSQL has no BM25. A query first counts how many passages have each of its words, up to
`COUNTED`; then passages are scored, those with the rarest words first, until `ENOUGH` of them have
been. A passage that has only the most frequent words of a query may so be left out where
hundreds of better ones are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Integer,
    Row,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from mammothbox.store.filters import Filters, condition
from mammothbox.store.found import WordMatch
from mammothbox.store.postgres.lexing import lexed, units
from mammothbox.store.postgres.schema import CONFIGURATION, NAME_WORDS, PASSAGE_WORDS
from mammothbox.store.schema import FILES, PASSAGES
from mammothbox.store.words import ahead

COUNTED = 20_000
"""Passages with one word that are counted; a word in more is as frequent as one in so many."""
MEASURED = 5_000
"""Rows whose length is looked at for the mean."""
ENOUGH = 1_000
"""Passages that are scored, or all that have the rarest word where those are more."""
FAIR = 400
"""So many will do where the next word would add more than `MANY`."""
MANY = 4_000
"""Passages whose scoring takes as long as all the rest of a search."""
_K1, _B = 1.2, 0.75
_CONFIG: ColumnElement[Any] = literal_column(f"'{CONFIGURATION}'::regconfig")


class Gin:
    """A `WordIndex`, see there."""

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
        live = exists().where(FILES.c.digest == PASSAGES.c.digest, condition(filters))

        def among(best: Subquery) -> Select[Any]:
            chosen = select(PASSAGES, best.c.score)
            return chosen.join_from(best, PASSAGES, PASSAGES.c.id == best.c.id).where(live)

        rows = _best(connection, PASSAGE_WORDS, query, among, limit, filters)
        return [_match(row) for row in rows]

    def match_names(
        self, connection: Connection, query: str, filters: Filters, limit: int
    ) -> list[WordMatch]:
        """See `WordIndex`."""

        def among(best: Subquery) -> Select[Any]:
            chosen = select(FILES.c.digest, FILES.c.words, best.c.score)
            joined = chosen.join_from(best, FILES, FILES.c.id == best.c.id)
            return joined.where(condition(filters))

        rows = _best(connection, NAME_WORDS, query, among, limit, filters)
        return [WordMatch(row.digest, row.score, "name", row.words) for row in rows]


def _best(
    connection: Connection,
    table: Table,
    query: str,
    among: Callable[[Subquery], Select[Any]],
    limit: int,
    filters: Filters,
) -> Sequence[Row[Any]]:
    """The `limit` best rows that `among` lets through, best first.

    Looking a row up costs more than scoring it, so the best few are looked up first, and all only
    if too few pass.
    """
    scored = _scored(connection, table, query)
    if scored is None:
        return []
    order = (scored.c.score.desc(), scored.c.id)
    number = func.count().over().label("number")
    for most in (*ahead(limit, narrow=filters.narrow), COUNTED):
        best = select(scored.c.id, scored.c.score, number).order_by(*order).limit(most).subquery()
        asked = among(best).add_columns(best.c.number)
        asked = asked.order_by(best.c.score.desc(), best.c.id).limit(limit)
        rows = connection.execute(asked).all()
        if len(rows) >= limit or (rows and rows[0].number <= most):
            break  # enough, or there were no others
    return rows


def _match(row: Any) -> WordMatch:
    return WordMatch(row.digest, row.score, row.field, row.text, row.page, row.start_s)


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
    made = select(given.c.id, given.c.length, func.to_tsvector(_CONFIG, given.c.text))
    connection.execute(insert(table).from_select(["id", "length", "words"], made))


def _query(unit: str) -> ColumnElement[Any]:
    """As a query of its own, which the server computes once and not for each row."""
    return select(func.to_tsquery(_CONFIG, unit)).scalar_subquery()


def _scored(connection: Connection, table: Table, query: str) -> Any:
    """(id, score) of the rows that the query asks for, as a subquery; None when it has no word."""
    musts, mays = units(query)
    if not musts and not mays:
        return None
    seen = _survey(connection, table, [*musts, *mays])
    counts, asked = seen.counts, seen.asked
    wanted: list[ColumnElement[Any]] = [table.c.words.op("@@")(asked[unit]) for unit in musts]
    chosen = _rarest([unit for unit in mays if counts[unit]], counts)
    if mays:
        if not chosen:
            return None
        wanted.append(or_(*(table.c.words.op("@@")(asked[unit]) for unit in chosen)))
    found = select(table.c.id, table.c.length, table.c.words).where(*wanted).limit(COUNTED)
    rows = found.cte("found").prefix_with("MATERIALIZED")
    score: ColumnElement[Any] = literal_column("0.0")
    for unit in [*musts, *mays]:
        if counts[unit]:
            rarity = _rarity(counts[unit], seen.total)
            score = score + _bm25(rows.c.words, rows.c.length, asked[unit], rarity, seen.mean)
    return select(rows.c.id, cast(score, Float).label("score")).subquery()


def _rarest(mays: Sequence[str], counts: dict[str, int]) -> list[str]:
    chosen: list[str] = []
    for unit in sorted(mays, key=lambda unit: counts[unit]):
        have = sum(counts[one] for one in chosen)
        if have >= ENOUGH or (have >= FAIR and counts[unit] > MANY):
            break
        chosen.append(unit)
    return chosen


class _Survey(NamedTuple):
    """What has to be known before scoring.

    Attributes:
        counts: unit → rows that have it, at most `COUNTED`.
        asked: unit → what it asks for, made once: a prepared statement would stem it for each row.
        total: rows; of a large table as the server last estimated.
        mean: words of a row.
    """

    counts: dict[str, int]
    asked: dict[str, ColumnElement[Any]]
    total: float
    mean: float


def _survey(connection: Connection, table: Table, wanted: Sequence[str]) -> _Survey:
    """All of it in one statement."""
    units = list(dict.fromkeys(wanted))
    number = len(units)
    columns: list[ColumnElement[Any]] = []
    for unit in units:
        having = select(table.c.id).where(table.c.words.op("@@")(_query(unit))).limit(COUNTED)
        count = select(func.count()).select_from(having.subquery())
        columns.append(count.scalar_subquery())
    columns += [cast(_query(unit), Text) for unit in units]
    some = select(table.c.length).limit(MEASURED).subquery()
    size = select(func.count().label("rows"), func.avg(some.c.length).label("mean")).subquery()
    catalog = "(SELECT reltuples FROM pg_class WHERE oid = to_regclass('{}'))"
    columns.append(literal_column(catalog.format(table.name)))
    query = select(*columns, size.c.rows, size.c.mean)
    *found, estimate, counted, mean = connection.execute(query).one()
    asked = [cast(bindparam(None, one, TSQUERY), TSQUERY) for one in found[number:]]
    return _Survey(
        dict(zip(units, found[:number], strict=True)),
        dict(zip(units, asked, strict=True)),
        max(float(counted), float(estimate or 0)),
        max(1.0, float(mean or 1)),
    )


def _rarity(count: int, total: float) -> float:
    """Inverse document frequency, never below a millionth, as FTS5 has it."""
    return max(1e-6, log((max(total, count) - count + 0.5) / (count + 0.5)))


def _bm25(
    words: ColumnElement[Any],
    length: ColumnElement[Any],
    unit: ColumnElement[Any],
    rarity: float,
    mean: float,
) -> ColumnElement[Any]:
    """A word's part of the score; the cover density of one word is how often it occurs."""
    weights: ColumnElement[Any] = literal_column("'{1,1,1,1}'::real[]")
    often = cast(func.ts_rank_cd(weights, words, unit), Float)
    saturated = often + _K1 * (1 - _B + _B * cast(length, Float) / mean)
    part = rarity * often * (_K1 + 1) / saturated
    return case((words.op("@@")(unit), part), else_=0.0)
