"""What has been and is about to be done, safe on disk before each step: one small SQLite file.

A run is one apply; its steps go `planned → doing → done` and, at undo, `done → undoing → undone`.
What could not be done ends as `refused` (apply) or stays `done` with a message (undo). A step
found in `doing` or `undoing` was interrupted, and `transfer` finds out on the disk how far it got.
Knows nothing of the disk itself.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mammothbox.errors import LibraryError, LibraryLocked, NotFound
from mammothbox.organise.plan import NO_DIGEST
from mammothbox.records import Digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY, root BLOB NOT NULL, mode TEXT NOT NULL, started TEXT NOT NULL,
    state TEXT NOT NULL, message TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS step (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
    source BLOB NOT NULL, target BLOB NOT NULL, size INTEGER, mtime_ns INTEGER, digest TEXT,
    lead INTEGER NOT NULL, token TEXT NOT NULL, origin TEXT NOT NULL,
    placed TEXT NOT NULL DEFAULT '', phase TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folder_times (
    run INTEGER NOT NULL, path BLOB NOT NULL, atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, PRIMARY KEY (run, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdict (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, folder TEXT NOT NULL, accepted INTEGER NOT NULL,
    instead TEXT NOT NULL, source TEXT NOT NULL, made TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the journal.

    Attributes:
        run, seq: which run, and the place in its order.
        kind: ``mkdir``, ``move``, ``copy`` or ``link``.
        source, target: absolute paths; a ``mkdir`` has only a target.
        size, mtime_ns, digest: what the plan expects of the source; -1 and "" are not compared.
        lead: `seq` of the file that this one goes with (its own, except for sidecars).
        token: identity of the file wherever it is now, see `port.Stat.token`.
        origin: identity of the source when the run began; names that share one are hard links.
        placed: identity of a copy being put in place.
        phase: how far within `doing`: ``link``, ``copy``, ``place``, ``remove``.
        state: ``planned``, ``doing``, ``done``, ``refused``, ``undoing``, ``undone``, ``dropped``.
        message: why it was refused or not undone.
    """

    run: int
    seq: int
    kind: str
    source: str
    target: str
    size: int = -1
    mtime_ns: int = -1
    digest: Digest = NO_DIGEST
    lead: int = -1
    token: str = ""
    origin: str = ""
    placed: str = ""
    phase: str = ""
    state: str = "planned"
    message: str = ""

    def but(self, **changes: Any) -> Step:
        """A copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Run:
    """One apply.

    Attributes:
        id: from 1.
        root: the folder that was arranged.
        mode: ``move``, ``copy`` or ``link``.
        started: ISO 8601, UTC.
        state: ``applying``, ``applied``, ``undoing``, ``undone`` or ``partly undone``.
        message: why it stopped before its end, if it did.
        counts: files by state of their step.
    """

    id: int
    root: str
    mode: str
    started: str
    state: str
    message: str
    counts: tuple[tuple[str, int], ...]


_COLUMNS = (
    "run, seq, kind, source, target, size, mtime_ns, digest, lead, token, origin, placed, phase,"
    " state, message"
)


def _step(row: Sequence[Any]) -> Step:
    run, seq, kind, source, target, *rest = row
    return Step(run, seq, kind, os.fsdecode(source), os.fsdecode(target), *rest)


class Journal:
    """The journal of one library. Every method that writes is one durable transaction."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the journal at `path`; None keeps it in memory (a rehearsal).

        Raises:
            LibraryError: the file cannot be opened or written.
        """
        self.path = path
        self._holds = False
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"the journal {path} cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else applies or undoes meanwhile; may be nested.

        Raises:
            LibraryLocked: another process does.
        """
        if self.path is None or self._holds:
            yield
            return
        with open(self.path.with_suffix(".lock"), "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LibraryLocked(
                    f"another MammothBox is moving files with {self.path}; wait for its end"
                ) from error
            self._holds = True
            try:
                yield
            finally:
                self._holds = False

    def _write(self, changes: Iterable[tuple[str, Iterable[Sequence[object]]]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for sql, rows in changes:
                self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise LibraryError(f"the journal {self.path} cannot be written: {error}") from error

    def begin(self, root: str, mode: str, steps: Sequence[Step]) -> int:
        """Record a run and all its steps; gives the run's number."""
        last = self._db.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()[0]
        number = int(last) + 1
        begun = "INSERT INTO run (id, root, mode, started, state) VALUES (?, ?, ?,"
        begun += " strftime('%Y-%m-%dT%H:%M:%SZ'), 'applying')"
        placeholders = ", ".join("?" * 15)
        rows = [
            (number, s.seq, s.kind, os.fsencode(s.source), os.fsencode(s.target), s.size,
             s.mtime_ns, s.digest, s.lead, s.token, s.origin, s.placed, s.phase, s.state, s.message)
            for s in steps
        ]  # fmt: skip
        self._write(
            [
                (begun, [(number, os.fsencode(root), mode)]),
                (f"INSERT INTO step ({_COLUMNS}) VALUES ({placeholders})", rows),  # noqa: S608
            ]
        )
        return number

    def mark(self, steps: Sequence[Step], times: Iterable[tuple[str, int, int]] = ()) -> None:
        """Record where these steps of one run stand now.

        Args:
            steps: as they are to be recorded.
            times: (folder, atime_ns, mtime_ns), recorded where the run has none of the folder yet.
        """
        if not steps:
            return
        run = steps[0].run
        sql = "UPDATE step SET token = ?, placed = ?, phase = ?, state = ?, message = ?"
        rows = [(s.token, s.placed, s.phase, s.state, s.message, s.run, s.seq) for s in steps]
        folders = [(run, os.fsencode(path), atime, mtime) for path, atime, mtime in times]
        self._write(
            [
                (sql + " WHERE run = ? AND seq = ?", rows),
                ("INSERT OR IGNORE INTO folder_times VALUES (?, ?, ?, ?)", folders),
            ]
        )

    def set_run(self, run: int, state: str, message: str = "") -> None:
        """Record where a run stands."""
        self._write(
            [("UPDATE run SET state = ?, message = ? WHERE id = ?", [(state, message, run)])]
        )

    def steps(self, run: int, *states: str) -> list[Step]:
        """Steps of a run in order, of the given states or all."""
        marks = ", ".join("?" * len(states))
        where = f" AND state IN ({marks})" if states else ""
        sql = f"SELECT {_COLUMNS} FROM step WHERE run = ?{where} ORDER BY seq"  # noqa: S608
        return [_step(row) for row in self._db.execute(sql, (run, *states))]

    def folder_times(self, run: int) -> list[tuple[str, int, int]]:
        """(folder, atime_ns, mtime_ns) as they were before the run first touched each folder."""
        sql = "SELECT path, atime_ns, mtime_ns FROM folder_times WHERE run = ? ORDER BY path DESC"
        rows = self._db.execute(sql, (run,))
        return [(os.fsdecode(path), atime, mtime) for path, atime, mtime in rows]

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        sql = "SELECT run, state, count(*) FROM step WHERE kind != 'mkdir' GROUP BY run, state"
        counts: dict[int, list[tuple[str, int]]] = {}
        for run, state, count in self._db.execute(sql + " ORDER BY state"):
            counts.setdefault(run, []).append((state, count))
        sql = "SELECT id, root, mode, started, state, message FROM run ORDER BY id DESC"
        found = []
        for number, root, mode, started, state, message in self._db.execute(sql):
            count = tuple(counts.get(number, ()))
            found.append(Run(number, os.fsdecode(root), mode, started, state, message, count))
        return found

    def run(self, number: int | None = None) -> Run:
        """A run, by default the newest that is not undone.

        Raises:
            NotFound: there is none.
        """
        for run in self.runs():
            if run.id == number or (number is None and run.state != "undone"):
                return run
        which = "no run that could be undone" if number is None else f"no run {number}"
        raise NotFound(f"{which}; `mammothbox runs` lists them")

    def judge(self, verdicts: Iterable[tuple[Digest, str, bool, str, str]]) -> None:
        """Record people's verdicts: (digest, proposed folder, accepted, folder instead, how).

        How it was said: ``said`` (accept, reject), ``moved`` (its line was moved to another
        folder), ``applied`` (carried out as proposed).
        """
        sql = "INSERT INTO verdict (digest, folder, accepted, instead, source)"
        self._write([(sql + " VALUES (?, ?, ?, ?, ?)", verdicts)])

    def verdicts(self) -> dict[Digest, tuple[str, bool, str]]:
        """The newest outright verdict on each file: (proposed folder, accepted, folder instead)."""
        sql = "SELECT digest, folder, accepted, instead FROM verdict WHERE source != 'applied'"
        rows = self._db.execute(sql + " ORDER BY id")
        return {Digest(row[0]): (row[1], bool(row[2]), row[3]) for row in rows}

    def tally(self) -> dict[str, int]:
        """How many files' proposals people accepted and rejected, by their newest verdict."""
        newest = "SELECT max(id) FROM verdict GROUP BY digest"
        sql = f"SELECT accepted, count(*) FROM verdict WHERE id IN ({newest}) GROUP BY accepted"  # noqa: S608
        counts = dict(self._db.execute(sql).fetchall())
        return {"accepted": counts.get(1, 0), "rejected": counts.get(0, 0)}
