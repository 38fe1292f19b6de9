"""Groups across kinds: a trip's photos, its video and the papers that were booked for it.

A trip is claimed only on evidence: pictures taken far from where most were taken, on consecutive
days, or a paper whose wording is that of a booking and whose dates fall into a run of pictures.
Only times and places a camera wrote down count; when a file was last changed says nothing. Pure;
knows no map, so a trip is called after the place its papers name, else after its days.

Example:
    >>> days_in("Check-in: 3 July 2024, check-out 2024-07-10")
    [datetime.date(2024, 7, 3), datetime.date(2024, 7, 10)]
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mammothbox.cluster.items import Family, Item
from mammothbox.cluster.papers import kinds_of

GAP_DAYS = 2
"""Days without a picture that a trip may have; more end it."""
AROUND_DAYS = 1
"""Days by which a paper's dates may lie outside those of the pictures."""
FEWEST_PICTURES = 4
LONGEST_DAYS = 45
"""More than that is no trip."""
FAR_KM = 100.0
"""From the place where most days were spent, from which a picture was taken on a trip."""
BOOKING = "Travel bookings"
"""The kind of paper, see `papers`, that is evidence of a trip."""

_EARTH_KM = 6371.0
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})\b",
        r"\b(?P<day>\d{1,2})[./](?P<number>\d{1,2})[./](?P<year>\d{4})\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b",
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
    )
)
_PLACE = re.compile(
    r"\b(?i:hotel(?: \w+)? in|flight to|arrival(?: in| at)?:?|destination:?|trip to|stay in|to:)\s+"
    r"(?P<place>[^\W\d_a-z][^\W\d_]{2,}(?: [^\W\d_a-z][^\W\d_]{2,})?)"
)


@dataclass(frozen=True, slots=True)
class Trip:
    """Files of one trip.

    Attributes:
        members: places in the list of items, by time, papers last.
        label: days and, where a paper names one, the place.
        first, last: days of its pictures.
    """

    members: tuple[int, ...]
    label: str
    first: date
    last: date


def find_trips(items: Sequence[Item]) -> list[Trip]:
    """The trips that there is evidence of, the earliest first; no file is in two."""
    papers = [
        (place, days)
        for place, item in enumerate(items)
        if item.family == Family.DOCUMENTS
        and kinds_of(item.text).get(BOOKING, 0) >= 0.5
        and (days := days_in(item.text))
    ]
    taken: set[int] = set()
    found = []
    for away, run in _runs(items, _home(items)):
        first, last = run[0][0], run[-1][0]
        if len(run) < FEWEST_PICTURES or (last - first).days > LONGEST_DAYS:
            continue
        begin, end = first - timedelta(AROUND_DAYS), last + timedelta(AROUND_DAYS)
        mine = [
            place
            for place, days in papers
            if place not in taken and any(begin <= day <= end for day in days)
        ]
        if mine or away:
            taken.update(mine)
            where = next(filter(None, (_place(items[paper].text) for paper in mine)), "")
            members = (*(place for _, place in run), *mine)
            found.append(Trip(members, _label(first, last, where), first, last))
    return found


def days_in(text: str) -> list[date]:
    """The days a text names, in order of their place in it; day before month where both fit."""
    found: dict[date, int] = {}
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            name = parts.get("month")
            month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts["number"])
            try:
                day = date(int(parts["year"]), month, int(parts["day"]))
            except ValueError:
                continue
            found.setdefault(day, match.start())
    return sorted(found, key=lambda day: found[day])


def _runs(
    items: Sequence[Item], home: tuple[float, float] | None
) -> list[tuple[bool, list[tuple[date, int]]]]:
    """Pictures and videos with a time of their own, cut where days are missing or where the
    camera leaves home or comes back; each with whether it was far away."""
    dated = []
    for place, item in enumerate(items):
        if item.family in (Family.PHOTOS, Family.VIDEOS) and item.taken_at:
            try:
                dated.append((date.fromisoformat(item.taken_at[:10]), item.taken_at, place))
            except ValueError:
                continue
    dated.sort()
    runs: list[tuple[bool, list[tuple[date, int]]]] = []
    for day, _, place in dated:
        gap = not runs or (day - runs[-1][1][-1][0]).days > GAP_DAYS
        gps = items[place].gps
        far = not gap and runs[-1][0]  # one without a place is where the one before was
        if gps and home:
            far = _km(gps, home) > FAR_KM
        if gap or far != runs[-1][0]:
            runs.append((far, []))
        runs[-1][1].append((day, place))
    return runs


def _home(items: Sequence[Item]) -> tuple[float, float] | None:
    """The middle of the cell of about 50 km in which pictures were taken on most days."""
    days: dict[tuple[int, int], set[str]] = {}
    for item in items:
        if item.gps and item.taken_at:
            cell = (round(item.gps[0] * 2), round(item.gps[1] * 2))
            days.setdefault(cell, set()).add(item.taken_at[:10])
    if not days:
        return None
    cell = max(sorted(days), key=lambda cell: len(days[cell]))
    return cell[0] / 2, cell[1] / 2


def _km(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Great circle distance of two points in degrees."""
    north, south = math.radians(one[0]), math.radians(two[0])
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(math.radians(two[1] - one[1]) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _place(text: str) -> str:
    places = Counter(match["place"] for match in _PLACE.finditer(text))
    return max(sorted(places), key=lambda place: places[place]) if places else ""


def _label(first: date, last: date, place: str) -> str:
    days = first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"
    return f"{first:%Y-%m} {place}" if place else days
