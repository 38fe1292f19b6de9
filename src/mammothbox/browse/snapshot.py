"""The list of everything that passes some filters, as it stood at one moment.

A grid asks for pieces of it by place, a program walks it by cursor; both see one order, newest
first. A cursor names the last entry seen, so that it survives changes of the list.

Example:
    >>> decode_cursor(encode_cursor("2024-05-01T10:00:00", "/p/a.jpg"))
    ('2024-05-01T10:00:00', '/p/a.jpg')
"""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from mammothbox.errors import UsageError
from mammothbox.records import Kind
from mammothbox.store.listing import Listed

SHAPE_BASE, SHAPE_STEP, SHAPE_LEAST = 35, 0.03, 0.4
"""A shape is one character, whose code is base + (width / height - least) / step."""

_MOST_SHAPE = 3.0
_USUAL = {Kind.AUDIO: 1.6, Kind.DOCUMENT: 0.77}


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the list.

    Attributes:
        month: ``2024-05``.
        start: place of its first entry.
        count: entries.
        shapes: one character an entry, see `SHAPE_BASE`.
    """

    month: str
    start: int
    count: int
    shapes: str


@dataclass(frozen=True)
class Snapshot:
    """Entries, newest first, and a word that differs whenever they do."""

    version: str
    entries: Sequence[Listed]

    @cached_property
    def months(self) -> Sequence[Month]:
        """The list by months, newest first."""
        found: list[Month] = []
        start = 0
        for month, group in groupby(self.entries, key=lambda entry: entry.when[:7]):
            shapes = "".join(map(_shape, group))
            found.append(Month(month, start, len(shapes), shapes))
            start += len(shapes)
        return found

    def after(self, cursor: str) -> int:
        """Place of the first entry behind the one a cursor names.

        Raises:
            UsageError: it is no cursor.
        """
        when, path = decode_cursor(cursor)
        return bisect_right(
            self.entries, (_backwards(when), path), key=lambda e: (_backwards(e.when), e.path)
        )


_BACKWARDS = str.maketrans("0123456789", "9876543210")


def _backwards(when: str) -> str:
    return when.translate(_BACKWARDS)


def _shape(entry: Listed) -> str:
    ratio = entry.width / entry.height if entry.width and entry.height else 1.0
    ratio = _USUAL.get(entry.kind, ratio)
    ratio = min(max(ratio, SHAPE_LEAST), _MOST_SHAPE)
    return chr(SHAPE_BASE + round((ratio - SHAPE_LEAST) / SHAPE_STEP))


def encode_cursor(when: str, path: str) -> str:
    """A cursor for the entry; letters, digits, ``-`` and ``_`` only."""
    text = json.dumps([when, path]).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """The inverse of `encode_cursor`.

    Raises:
        UsageError: it is no cursor.
    """
    try:
        when, path = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise UsageError(f"{cursor[:40]!r} is no cursor; take it from an earlier answer") from error
    if not (isinstance(when, str) and isinstance(path, str)):
        raise UsageError(f"{cursor[:40]!r} is no cursor; take it from an earlier answer")
    return when, path
