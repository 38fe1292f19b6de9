"""What a scan says, one value an event. Named tuples, since a library holds a hundred thousand.

Knows nothing of how files are found or judged.

Example:
    >>> Excluded(path="/p/.DS_Store", reason="hidden").reason
    'hidden'
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from mammothbox.records import Digest, FileRef, Kind

Change = Literal["new", "changed", "unchanged"]
"""What happened at a path since the library last looked."""


class Known(NamedTuple):
    """What the library remembers of a path: size in bytes, mtime_ns, and what it was judged."""

    size: int
    mtime_ns: int
    kind: Kind
    mime: str
    digest: Digest


class Found(NamedTuple):
    """A file, judged and fingerprinted, and what changed at its path."""

    path: str
    known: Known
    change: Change

    @property
    def ref(self) -> FileRef:
        """The file as a record; made when asked for, since most files are merely unchanged."""
        return FileRef(self.path, *self.known)


class Excluded(NamedTuple):
    """A file, or a whole folder counted once, left alone by a rule.

    Attributes:
        path: absolute.
        reason: a few words, e.g. ``hidden``, ``project folder (.git)``, ``symbolic link``.
    """

    path: str
    reason: str


class ScanFailure(NamedTuple):
    """A file or folder the operating system refused.

    Attributes:
        path: absolute.
        error: class name from `mammothbox.errors`, e.g. ``Unreadable``.
        message: one line a person understands.
    """

    path: str
    error: str
    message: str


class Entry(NamedTuple):
    """A file the walk came across, not opened yet: path, size in bytes, mtime in nanoseconds."""

    path: str
    size: int
    mtime_ns: int


ScanEvent = Found | Excluded | ScanFailure
"""What `scan` yields."""
