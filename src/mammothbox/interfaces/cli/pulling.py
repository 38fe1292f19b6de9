"""The progress of a pull on standard error: one bar of bytes, or plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mammothbox.interfaces.cli.answer import remark, shown_bytes
from mammothbox.interfaces.cli.progress import EVERY_S
from mammothbox.interfaces.cli.session import Session
from mammothbox.model_admin import PullProgress

Listen = Callable[[PullProgress], None]
_WORDS = {
    "waiting": "waiting for another pull to end",
    "checking": "checking",
    "building": "building",
}


@contextmanager
def pull_listener(session: Session) -> Iterator[Listen]:
    """The listener that fits this terminal and the options, while the pull lasts."""
    if session.quiet:
        yield lambda progress: None
    elif sys.stderr.isatty():
        with _bar() as listen:
            yield listen
    else:
        yield _Lines()


def _title(progress: PullProgress) -> str:
    name = "/".join(filter(None, (progress.model, progress.name)))
    return " ".join(filter(None, (_WORDS.get(progress.phase, ""), name)))


@contextmanager
def _bar() -> Iterator[Listen]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn())
    last = (TimeRemainingColumn(), TextColumn("{task.description}", style="dim"))
    with Progress(*columns, *last, console=Console(stderr=True)) as bars:
        task = bars.add_task("", total=None)

        def listen(progress: PullProgress) -> None:
            bars.update(
                task,
                description=_title(progress),
                completed=progress.done_bytes,
                total=progress.total_bytes or None,
            )

        yield listen


class _Lines:
    """A line when the file changes, and every ten seconds."""

    def __init__(self) -> None:
        self._last = ("", "")
        self._said_at = 0.0

    def __call__(self, progress: PullProgress) -> None:
        """Say `progress` if it is time."""
        now = time.monotonic()
        key = (progress.phase, f"{progress.model}/{progress.name}")
        if progress.phase == "done" or (key == self._last and now - self._said_at < EVERY_S):
            return
        self._last, self._said_at = key, now
        where = f"{shown_bytes(progress.done_bytes)} of {shown_bytes(progress.total_bytes)}"
        remark(f"{where}: {_title(progress)}")
