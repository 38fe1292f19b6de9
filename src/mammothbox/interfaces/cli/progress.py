"""A run's events made visible on standard error: bars in a terminal, plain lines elsewhere.

`listener(session)` chooses one of three: bars (rich, imported only then), lines (one every ten
seconds), or silence.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mammothbox.events import (
    Counted,
    Event,
    FileDone,
    Note,
    OnEvent,
    StageFinished,
    StageStarted,
    ignore,
)
from mammothbox.interfaces.cli.answer import (
    remark,
    safe,
    shown_bytes,
    shown_path,
    shown_time,
)
from mammothbox.interfaces.cli.session import Session

EVERY_S = 10.0
"""Seconds between two plain lines of one stage."""


@contextmanager
def listener(session: Session) -> Iterator[OnEvent]:
    """The listener that fits this terminal and the options, while the run lasts."""
    if session.quiet:
        yield ignore
    elif sys.stderr.isatty():
        from mammothbox.interfaces.cli.bars import Bars

        with Bars(verbose=session.verbose > 0) as bars:
            yield bars
    else:
        yield Lines(verbose=session.verbose > 0)


def counted_line(event: Counted) -> str:
    """What the scan found and how long the rest will take, for a person."""
    found = ", ".join(f"{count} {kind}" for kind, count in event.found.items() if count)
    parts = []
    for stage, files in event.todo.items():
        if files:
            guess = event.estimate_s.get(stage)
            parts.append(f"{stage} {files}" + (f" (about {shown_time(guess)})" if guess else ""))
    left = f"; left alone: {sum(event.excluded.values())}" if event.excluded else ""
    return f"found {found or 'no files'}{left}; to do: {', '.join(parts) or 'nothing'}"


def file_line(event: FileDone) -> str:
    """One file's fate, for a person."""
    why = f": {event.message}" if event.message else ""
    return f"{event.stage}: {event.outcome} {shown_path(event.path)}{safe(why)}"


class Lines:
    """Plain lines for logs: stages, and where they stand every ten seconds."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._said_at = time.monotonic()
        self._began_at = self._said_at

    def __call__(self, event: Event) -> None:
        """Say `event` if it is time."""
        match event:
            case Counted():
                remark(counted_line(event))
            case StageStarted():
                self._said_at = self._began_at = time.monotonic()
                remark(f"{event.stage}: {event.total} files")
            case FileDone():
                self._file(event)
            case StageFinished():
                remark(f"{event.stage}: done, {event.files} files in {event.seconds:.1f} s")
            case Note():
                remark(safe(event.text))

    def _file(self, event: FileDone) -> None:
        if self._verbose:
            remark(file_line(event))
        now = time.monotonic()
        if now - self._said_at < EVERY_S:
            return
        self._said_at = now
        rate = event.done / max(now - self._began_at, 1e-3)
        left = shown_time((event.total - event.done) / rate) if rate else "?"
        # Where workers do the work, nobody here knows their memory.
        memory = f" {shown_bytes(event.memory_bytes)}," if event.memory_bytes else ""
        remark(
            f"{event.stage}: {event.done}/{event.total}, {rate:.2g} files/s, {left} left,"
            f"{memory} {shown_path(event.path)}"
        )
