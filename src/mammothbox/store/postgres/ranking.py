"""BM25 on PostgreSQL, which has none of its own: the statements, and what has to be known first.

A query first counts how many texts have each of its words, up to `COUNTED`; then texts are scored,
those with the rarest words first, until `ENOUGH` of them have been. A text that has only the most
frequent words of a query may so be left out where hundreds of better ones are there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Float,
    Label,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from mammothbox.store.filters import Filters, condition
from mammothbox.store.postgres.schema import CONFIGURATION, NAME_WORDS
from mammothbox.store.said import Said, rows_of
from mammothbox.store.schema import FILES, PASSAGES

COUNTED = 20_000
"""Texts with one word that are counted; a word in more is as frequent as one in so many."""
MEASURED = 5_000
"""Rows whose length is looked at for the mean; of tables with more it is remembered."""
REMEMBERED_S = 60.0
ENOUGH = 1_000
"""Texts that are scored, or all that have the rarest word where those are more."""
FAIR = 400
"""So many will do where the next word would add more than `MANY`."""
MANY = 4_000
"""Texts whose scoring takes as long as all the rest of a search."""
_K1, _B = 1.2, 0.75
CONFIG: ColumnElement[Any] = literal_column(f"'{CONFIGURATION}'::regconfig")


class Size(NamedTuple):
    """Rows of a table (of a large one as the server last estimated), and the words of a row."""

    total: float
    mean: float


class Sizes:
    """The sizes of the two tables; those of large ones are kept for `REMEMBERED_S`."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Size]] = {}

    def of(self, connection: Connection, table: Table) -> Size:
        """The size of `table`."""
        until, size = self._kept.get(table.name, (0.0, None))
        if size and time.monotonic() < until:
            return size
        some = select(table.c.length).limit(MEASURED).subquery()
        estimate: ColumnElement[float] = literal_column(
            f"(SELECT reltuples FROM pg_class WHERE oid = to_regclass('{table.name}'))"
        )
        query = select(func.count(), func.avg(some.c.length), estimate)
        counted, mean, guessed = connection.execute(query).one()
        size = Size(max(float(counted), float(guessed or 0)), max(1.0, float(mean or 1)))
        if counted == MEASURED:
            self._kept[table.name] = (time.monotonic() + REMEMBERED_S, size)
        return size


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one table, less its values; see `values_of`.

    Attributes:
        table: of words.
        musts, mays: how many units must occur, and may; those come first.
        chosen: how many of those that may are looked for; the others only add to scores.
        filters: which files pass.
    """

    table: Table
    musts: int
    mays: int
    chosen: int
    filters: Filters

    def rows(self, connection: Connection, values: dict[str, Any]) -> Sequence[Any]:
        """(score, texts that were scored, digest, ...) of the best that pass, best first."""
        made = self.statement() if self.filters.narrow else _said(self, connection.dialect)
        return rows_of(connection, made, values)

    def statement(self) -> Select[Any]:
        """With the parameters of `values_of`, `most` to look up, and `limit`."""
        table = self.table
        units = [_unit(f"unit{at}") for at in range(self.musts + self.mays)]
        wanted = [_has(table, unit) for unit in units[: self.musts]]
        if self.chosen:
            some = units[self.musts : self.musts + self.chosen]
            wanted.append(or_(*(_has(table, unit) for unit in some)))
        often = [_often(table, unit, f"often{at}") for at, unit in enumerate(units)]
        found = select(table.c.id, table.c.length, *often).where(*wanted).limit(COUNTED)
        rows = found.cte("found").prefix_with("MATERIALIZED")
        stretch = bindparam("stretch", type_=Float())
        longer = _K1 * (1 - _B) + cast(stretch, Float) * cast(rows.c.length, Float)
        score: ColumnElement[float] = literal_column("0.0", Float)
        for at in range(len(units)):
            count = rows.c[f"often{at}"]
            weight = cast(bindparam(f"weight{at}", type_=Float()), Float)
            score = score + weight * count / (count + longer)
        scored = select(rows.c.id, cast(score, Float).label("score")).subquery()
        number = func.count().over().label("number")
        best = select(scored, number).order_by(scored.c.score.desc(), scored.c.id)
        return self._passing(best.limit(bindparam("most")).subquery())

    def _passing(self, best: Any) -> Select[Any]:
        passes, told = condition(self.filters), (best.c.score, best.c.number)
        if self.table is NAME_WORDS:
            chosen = select(*told, FILES.c.digest, FILES.c.words)
            chosen = chosen.join_from(best, FILES, FILES.c.id == best.c.id).where(passes)
        else:
            shown = PASSAGES.c
            chosen = select(*told, shown.digest, shown.field, shown.text, shown.page, shown.start_s)
            chosen = chosen.join_from(best, PASSAGES, shown.id == best.c.id)
            chosen = chosen.where(exists().where(FILES.c.digest == shown.digest, passes))
        return chosen.order_by(best.c.score.desc(), best.c.id).limit(bindparam("limit"))


@lru_cache(maxsize=256)
def _said(question: Question, dialect: Dialect) -> Said:
    return Said(question.statement(), dialect)


def ask_for(
    connection: Connection,
    table: Table,
    sizes: Sizes,
    wanted: tuple[Sequence[str], Sequence[str]],
    filters: Filters,
) -> tuple[Question, dict[str, Any]] | None:
    """The question for units that must and that may occur, and its values; None if in vain."""
    musts, mays = wanted  # a word that is said twice counts twice, as in FTS5
    counts = _counts(connection, table, [*musts, *mays]) if musts or mays else {}
    have = sorted((unit for unit in mays if counts[unit].rows), key=lambda one: counts[one].rows)
    if not all(counts[unit].rows for unit in musts) or not (have or (musts and not mays)):
        return None
    chosen = _rarest([counts[unit].rows for unit in have])
    size = sizes.of(connection, table)
    values: dict[str, Any] = {"stretch": _K1 * _B / size.mean}
    for at, unit in enumerate([*musts, *have]):
        values[f"unit{at}"] = counts[unit].asked
        values[f"weight{at}"] = (_K1 + 1) * _rarity(counts[unit].rows, size.total)
    return Question(table, len(musts), len(have), chosen, filters), values


class _Count(NamedTuple):
    """Rows that have a unit, at most `COUNTED`, and the unit stemmed: a prepared statement would
    stem it for each row."""

    rows: int
    asked: str


def _counts(connection: Connection, table: Table, wanted: Sequence[str]) -> dict[str, _Count]:
    units = list(dict.fromkeys(wanted))
    given = {f"unit{at}": unit for at, unit in enumerate(units)}
    [found] = _counting(table, len(units), connection.dialect).rows(connection, given)
    number = len(units)
    return {unit: _Count(found[at], found[number + at]) for at, unit in enumerate(units)}


@lru_cache(maxsize=64)
def _counting(table: Table, number: int, dialect: Dialect) -> Said:
    """The question how many rows have each of `number` units, and how each is stemmed."""
    stemmed: list[ColumnElement[Any]] = [
        select(func.to_tsquery(CONFIG, cast(bindparam(f"unit{at}"), Text))).scalar_subquery()
        for at in range(number)
    ]
    having = [select(table.c.id).where(_has(table, unit)).limit(COUNTED) for unit in stemmed]
    counts = [select(func.count()).select_from(some.subquery()) for some in having]
    columns = [*(count.scalar_subquery() for count in counts), *(cast(u, Text) for u in stemmed)]
    return Said(select(*columns), dialect)


def _rarest(counts: Sequence[int]) -> int:
    """How many words, of which these many texts have each, rarest first, are looked for."""
    for chosen, count in enumerate(counts):
        have = sum(counts[:chosen])
        if have >= ENOUGH or (have >= FAIR and count > MANY):
            return chosen
    return len(counts)


def _rarity(count: int, total: float) -> float:
    """Inverse document frequency, never below a millionth, as FTS5 has it."""
    return max(1e-6, log((max(total, count) - count + 0.5) / (count + 0.5)))


def _unit(name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=TSQUERY()), TSQUERY)


def _has(table: Table, unit: ColumnElement[Any]) -> ColumnElement[bool]:
    has: ColumnElement[bool] = table.c.words.op("@@")(unit)
    return has


def _often(table: Table, unit: ColumnElement[Any], name: str) -> Label[float]:
    """How often a text has a unit: the cover density of one word is that."""
    weights: ColumnElement[Any] = literal_column("'{1,1,1,1}'::real[]")
    density = cast(func.ts_rank_cd(weights, table.c.words, unit), Float)
    return case((_has(table, unit), density), else_=literal_column("0")).label(name)
