"""Which files a question is about, and the SQL condition that says so.

Example:
    >>> Filters(kinds=(Kind.IMAGE,), tags=("beach",)).narrow
    True
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from mammothbox.errors import UsageError
from mammothbox.records import Kind
from mammothbox.store.schema import FILES, ITEMS, MODEL_TAGS, TAG_EDITS


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that must all hold; an empty field asks nothing.

    Attributes:
        kinds: any of these.
        since, until: ISO 8601 date or time, both inclusive, compared with the time the picture was
            taken, else with the file's modification time (local). ``2024`` and ``2024-05`` are
            allowed: `until` then includes the whole year or month.
        tags: all of these, as a person's edits leave them.
        folder: absolute path; files anywhere under it, or the file itself.
        language: ISO 639-1 code of the speech or text.
    """

    kinds: tuple[Kind, ...] = ()
    since: str = ""
    until: str = ""
    tags: tuple[str, ...] = ()
    folder: str = ""
    language: str = ""

    @property
    def narrow(self) -> bool:
        """Whether anything is asked at all."""
        return self != Filters()


def normal_tag(tag: str) -> str:
    """A tag as it is stored and compared: trimmed, single spaces, case folded."""
    return " ".join(tag.replace("\0", " ").split()).casefold()


def below(column: ColumnElement[bytes], folder: str) -> ColumnElement[bool]:
    """Paths in `column` equal to `folder` or anywhere below it. Bytes compare as memcmp does."""
    path = os.fsencode(folder.rstrip("/") or "/")
    inside = path if path == b"/" else path + b"/"
    after = inside[:-1] + bytes([inside[-1] + 1])
    return or_(column == path, and_(column >= inside, column < after))


def under(folder: str) -> ColumnElement[bool]:
    """Files at `folder` or anywhere below it."""
    return below(FILES.c.path, folder)


def has_tag(tag: str) -> ColumnElement[bool]:
    """Files whose effective tags include `tag`: added by a person, or a model's and not removed."""
    tag = normal_tag(tag)
    edits = select(TAG_EDITS.c.digest).where(TAG_EDITS.c.tag == tag)
    models = select(MODEL_TAGS.c.digest).where(MODEL_TAGS.c.tag == tag)
    return or_(
        FILES.c.digest.in_(edits.where(TAG_EDITS.c.removed == 0)),
        and_(
            FILES.c.digest.in_(models),
            FILES.c.digest.not_in(edits.where(TAG_EDITS.c.removed == 1)),
        ),
    )


def _bounds(text: str) -> tuple[datetime, datetime]:
    """First and last moment that `text` names.

    Raises:
        UsageError: it is no ISO 8601 year, month, day or time.
    """
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip())
    try:
        if not found:
            moment = datetime.fromisoformat(text.strip())
            return moment, moment
        year, month, day = (int(part) if part else 0 for part in found.groups())
        first = datetime(year, month or 1, day or 1)
        if day:
            after = first + timedelta(days=1)
        else:
            after = datetime(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a date; write for example 2024, 2024-05 or 2024-05-31"
        ) from error
    return first, after - timedelta(microseconds=1)


def _dates(filters: Filters) -> list[ColumnElement[bool]]:
    """Date taken if known, else modification time; times without an offset count as they stand."""
    conditions: list[ColumnElement[bool]] = []
    taken = select(ITEMS.c.taken_at).where(ITEMS.c.digest == FILES.c.digest).scalar_subquery()
    if filters.since:
        first = _bounds(filters.since)[0]
        modified = and_(taken.is_(None), FILES.c.mtime_ns >= _nanoseconds(first))
        conditions.append(or_(taken >= first.isoformat()[:19].removesuffix("T00:00:00"), modified))
    if filters.until:
        last = _bounds(filters.until)[1]
        modified = and_(taken.is_(None), FILES.c.mtime_ns <= _nanoseconds(last))
        conditions.append(or_(func.substr(taken, 1, 19) <= last.isoformat()[:19], modified))
    return conditions


def _nanoseconds(moment: datetime) -> int:
    """Since 1970; a moment without an offset is local time, as a person means it."""
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def condition(filters: Filters) -> ColumnElement[bool]:
    """The condition over `FILES`; files that vanished never match."""
    conditions: list[ColumnElement[bool]] = [FILES.c.vanished_at.is_(None)]
    if filters.kinds:
        conditions.append(FILES.c.kind.in_([kind.value for kind in filters.kinds]))
    if filters.folder:
        conditions.append(under(filters.folder))
    if filters.language:
        speakers = select(ITEMS.c.digest).where(ITEMS.c.language == filters.language.lower())
        conditions.append(FILES.c.digest.in_(speakers))
    conditions += [has_tag(tag) for tag in filters.tags]
    conditions += _dates(filters)
    return and_(true(), *conditions)
