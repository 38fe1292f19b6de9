"""Results of steps, with the passages, vectors, tags and facts that search needs of them.

Everything about one content is keyed by digest. A `Done` or `Skipped` result replaces whatever its
(digest, step) had before; a `Failed` one leaves an older success in place, since a passing trouble
must not cost what was known.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    BindParameter,
    Connection,
    Dialect,
    and_,
    bindparam,
    delete,
    func,
    select,
)

from mammothbox.records import Digest, Done, Failed, Outcome, Result, Skipped
from mammothbox.store.backend import Backend, VectorIndex, WordIndex
from mammothbox.store.facets import record_facets
from mammothbox.store.rows import PassageRow, ResultRow, VectorRow
from mammothbox.store.said import Said
from mammothbox.store.schema import FILES, PASSAGES, RESULTS, VECTORS
from mammothbox.store.words import clean, indexable

_CHUNK = 500
"""Digests asked for at once; SQLite limits the number of variables in a statement."""

_WRITER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that could not do a file: path, step, reason (the error's class name), message."""

    path: str
    step: str
    reason: str
    message: str


def _said(outcome: Outcome) -> tuple[str, str | None, str | None, str | None]:
    """What stands in the columns `outcome`, `value`, `error` and `message`."""
    match outcome:
        case Done(value):
            return "done", _WRITER.encode(value), None, None
        case Skipped(reason):
            return "skipped", None, None, clean(reason)
        case Failed(error, message):
            return "failed", None, error, clean(message)


def _outcome(row: Any) -> Outcome:
    if row.outcome == "done":
        return Done(json.loads(row.value))
    if row.outcome == "skipped":
        return Skipped(row.message)
    return Failed(row.error, row.message)


def drop_passages(connection: Connection, words: WordIndex, digest: str, step: str | None) -> None:
    """Remove passages of a content (of one step, or all), from the word index too."""
    words.drop_passages(connection, digest, step)
    mine = delete(PASSAGES).where(PASSAGES.c.digest == digest)
    connection.execute(mine if step is None else mine.where(PASSAGES.c.step == step))


def _drop_older(connection: Connection, words: WordIndex, result: Result) -> None:
    mine = and_(RESULTS.c.digest == result.digest, RESULTS.c.step == result.step)
    if isinstance(result.outcome, Failed):
        exact = and_(RESULTS.c.model == result.model, RESULTS.c.revision == result.revision)
        connection.execute(delete(RESULTS).where(mine, (RESULTS.c.outcome == "failed") | exact))
        if connection.scalar(select(func.count()).select_from(RESULTS).where(mine)):
            return
    else:
        connection.execute(delete(RESULTS).where(mine))
    drop_passages(connection, words, result.digest, result.step)
    connection.execute(
        delete(VECTORS).where(VECTORS.c.digest == result.digest, VECTORS.c.step == result.step)
    )


def _add_passages(connection: Connection, backend: Backend, batch: Sequence[Result]) -> None:
    rows, found = [], []
    for result in batch:
        for passage in result.passages:
            text = clean(passage.text)
            words = indexable(text)
            found.append(words)
            rows.append(
                PassageRow(
                    result.digest,
                    result.step,
                    passage.field,
                    text,
                    None if words == text else words,
                    passage.page,
                    passage.start_s,
                    passage.end_s,
                )
            )
    if rows:
        numbers = backend.insert(connection, PASSAGES, rows)
        backend.words.add_passages(connection, list(zip(numbers, found, strict=True)))


def _add_vectors(connection: Connection, index: VectorIndex, batch: Sequence[Result]) -> None:
    rows = [
        VectorRow(
            result.digest,
            result.step,
            item.space,
            result.model,
            result.model_revision or result.revision,
            part,
            item.page,
            item.start_s,
            clean(item.text)[:300],
            np.asarray(item.vector, dtype="<f2").tobytes(),
        )
        for result in batch
        for part, item in enumerate(result.embeddings)
    ]
    if rows:
        index.add(connection, rows)


def add_all(connection: Connection, backend: Backend, batch: Sequence[Result]) -> None:
    """Write results with all that belongs to them, each replacing what it supersedes."""
    known = _known_steps(connection, sorted({result.digest for result in batch}))
    for some in _apart(batch):
        # Looking once for the whole batch spares new contents, which are most, four statements.
        for result in some:
            if (result.digest, result.step) in known:
                _drop_older(connection, backend.words, result)
        known.update((result.digest, result.step) for result in some)
        _add(connection, backend, some)


def _apart(batch: Sequence[Result]) -> Iterator[Sequence[Result]]:
    """The batch in its order, cut where a (digest, step) comes again."""
    start, seen = 0, set[tuple[str, str]]()
    for place, result in enumerate(batch):
        key = (result.digest, result.step)
        if key in seen:
            yield batch[start:place]
            start, seen = place, set()
        seen.add(key)
    yield batch[start:]


def _known_steps(connection: Connection, digests: Sequence[Digest]) -> set[tuple[str, str]]:
    """(digest, step) of the results that the contents already have."""
    known: set[tuple[str, str]] = set()
    for start in range(0, len(digests), _CHUNK):
        chunk = digests[start : start + _CHUNK]
        given = {f"digest{at}": digest for at, digest in enumerate(chunk)}
        known.update(_steps_of(len(chunk), connection.dialect).rows(connection, given))
    return known


@lru_cache(maxsize=32)
def _steps_of(count: int, dialect: Dialect) -> Said:
    """The question which steps so many contents have; made once, since every batch asks it."""
    digests: list[BindParameter[str]] = [bindparam(f"digest{at}") for at in range(count)]
    asked = select(RESULTS.c.digest, RESULTS.c.step).where(RESULTS.c.digest.in_(digests))
    return Said(asked, dialect)


def _add(connection: Connection, backend: Backend, batch: Sequence[Result]) -> None:
    """Store results of different (digest, step): a few statements, however many they are."""
    now = time.time()
    rows = [
        ResultRow(
            result.digest,
            result.step,
            result.model,
            result.revision,
            *_said(result.outcome),
            result.seconds,
            now,
        )
        for result in batch
    ]
    if rows:
        backend.insert(connection, RESULTS, rows)
    _add_passages(connection, backend, batch)
    _add_vectors(connection, backend.vectors, batch)
    done = [(one, one.outcome) for one in batch]
    facets = [(one.digest, one.step, how.value) for one, how in done if isinstance(how, Done)]
    record_facets(connection, facets)


def newest(
    connection: Connection, digests: Sequence[Digest], steps: Sequence[str] | None
) -> dict[Digest, dict[str, Result]]:
    """Digest → step → its newest result, a success before a later failure.

    Passages and embeddings are not read back.
    """
    found: dict[Digest, dict[str, Result]] = {digest: {} for digest in digests}
    for start in range(0, len(digests), _CHUNK):
        chunk = digests[start : start + _CHUNK]
        query = select(RESULTS).where(RESULTS.c.digest.in_(chunk)).order_by(RESULTS.c.id)
        if steps is not None:
            query = query.where(RESULTS.c.step.in_(steps))
        for row in connection.execute(query):
            of_file = found[row.digest]
            if row.outcome == "failed" and row.step in of_file:
                continue
            of_file[row.step] = Result(
                digest=row.digest,
                step=row.step,
                model=row.model,
                revision=row.revision,
                outcome=_outcome(row),
                seconds=row.seconds,
            )
    return found


def failures(connection: Connection) -> list[Failure]:
    """Every failed step of every file that is there, by path."""
    query = (
        select(FILES.c.path, RESULTS.c.step, RESULTS.c.error, RESULTS.c.message)
        .join(RESULTS, RESULTS.c.digest == FILES.c.digest)
        .where(RESULTS.c.outcome == "failed", FILES.c.vanished_at.is_(None))
        .order_by(FILES.c.path, RESULTS.c.id)
    )
    return [
        Failure(os.fsdecode(row[0]), row[1], row[2], row[3]) for row in connection.execute(query)
    ]


def forget_failures(connection: Connection, digests: Sequence[Digest] | None) -> int:
    """Delete failed results, so that their steps become pending again; returns how many."""
    query = delete(RESULTS).where(RESULTS.c.outcome == "failed")
    if digests is not None:
        query = query.where(RESULTS.c.digest.in_(digests))
    return connection.execute(query).rowcount
