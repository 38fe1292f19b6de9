"""Paths that change while somebody watches, told once they have come to rest.

A file that is being copied or recorded changes again and again; it is told only when its size and
time have stood still. Uses `watchfiles`, which asks the operating system instead of polling.

Example:
    for paths in watch(["/home/ann/Pictures"], stop=event):
        ...  # scan these paths again
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence

from mammothbox.scan.rules import name_reason

_STEP_MS = 200


def watch(
    roots: Sequence[str], *, settle_s: float = 2.0, stop: threading.Event | None = None
) -> Iterator[set[str]]:
    """Sets of changed paths (files made, changed or removed) below `roots`, until `stop` is set.

    Args:
        roots: folders or files that are there.
        settle_s: seconds a path must stand still before it is told.
        stop: ends the iteration within half a second.
    """
    from watchfiles import watch as changes

    moving: dict[str, tuple[tuple[int, int] | None, float]] = {}
    for batch in changes(
        *roots,
        watch_filter=None,
        debounce=_STEP_MS,
        step=50,
        rust_timeout=_STEP_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=True,
    ):
        now = time.monotonic()
        for _, path in batch:
            if not _hidden_below(path, roots):
                moving[path] = (_state(path), now)
        settled = _settled(moving, now, settle_s)
        if settled:
            yield settled


def _state(path: str) -> tuple[int, int] | None:
    """(size, mtime_ns), or None where nothing is."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _settled(
    moving: dict[str, tuple[tuple[int, int] | None, float]], now: float, settle_s: float
) -> set[str]:
    """Take out of `moving` what has stood still long enough."""
    settled = set()
    for path, (state, since) in list(moving.items()):
        fresh = _state(path)
        if fresh != state:
            moving[path] = (fresh, now)
        elif now - since >= settle_s:
            del moving[path]
            settled.add(path)
    return settled


def _hidden_below(path: str, roots: Sequence[str]) -> bool:
    """Whether a part of `path` below the root is one that a scan leaves alone."""
    for root in map(os.path.abspath, roots):
        if path == root or path.startswith(root.rstrip("/") + "/"):
            parts = path[len(root) :].strip("/").split("/")
            return any(part and name_reason(part) for part in parts)
    return False
