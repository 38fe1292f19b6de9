"""How a person wants a plan to be: options, and the free-text hint read by code.

Example:
    >>> rules_of("receipts by year, photos by trip")
    (Rule(what='receipts', how='year'), Rule(what='photos', how='trip'))
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mammothbox.errors import UsageError

WAYS = ("topic", "date", "kind", "mixed")
"""What the folders stand for: subjects; years and months; kinds of files; kinds, then subjects,
then years where there are many."""

_HOWS = {"year": "year", "month": "month", "day": "day", "date": "month", "trip": "trip",
         "event": "trip", "language": "language", "kind": "kind", "type": "kind"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One wish of a hint: files of folders like `what` are divided by `how`.

    Attributes:
        what: words of a folder or a family; empty for every file.
        how: ``year``, ``month``, ``day``, ``trip``, ``language`` or ``kind``.
    """

    what: str
    how: str


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How a plan is to be made.

    Attributes:
        by: one of `WAYS`.
        depth: folders above a file at most, 1 or more.
        max_folders: so many folders with files of their own at most, 1 or more.
        hint: wishes such as "receipts by year, photos by trip"; other words go to the writer.
        keep: patterns of paths (as in .gitignore) that stay as they are.
        rename: propose file names from titles too.
        taxonomy: folders of a person's own; files go only there. Empty for none.
        writer: let the writer name folders; without it names are found by statistics.
    """

    by: str = "topic"
    depth: int = 3
    max_folders: int = 40
    hint: str = ""
    keep: tuple[str, ...] = ()
    rename: bool = False
    taxonomy: tuple[str, ...] = field(default=())
    writer: bool = True

    def __post_init__(self) -> None:
        if self.by not in WAYS:
            raise UsageError(f"--by {self.by!r} is unknown; one of {', '.join(WAYS)}")
        if self.depth < 1 or self.max_folders < 1:
            raise UsageError("a plan needs a depth and a number of folders of at least 1")


def _wishes(hint: str) -> Iterator[tuple[str, Rule | None]]:
    for wish in re.split(r"[,;]|\band\b", hint.lower()):
        match = re.fullmatch(r"\s*(.*?)\s*\bby\s+(\w+?)s?\s*", wish)
        if match and match[2] in _HOWS:
            what = re.sub(r"^(all|my|the)\s+", "", match[1])
            what = "" if what in ("all", "everything", "files") else what
            yield wish, Rule(what, _HOWS[match[2]])
        elif wish.strip():
            yield wish, None


def rules_of(hint: str) -> tuple[Rule, ...]:
    """The wishes in a hint that code understands, in order."""
    return tuple(rule for _, rule in _wishes(hint) if rule is not None)


def wishes_of(hint: str) -> str:
    """What of a hint only the writer can understand; empty when code understands it all."""
    return ", ".join(wish.strip() for wish, rule in _wishes(hint) if rule is None)
