"""Whether statements about a receipt or an invoice hold its true fields.

Dates and amounts are compared by value, in any usual spelling; names by their letters and digits.
A date whose day and month cannot be told apart matches either reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench.metrics.words import contains_text

FIELDS: Mapping[str, tuple[str, ...]] = {
    "issuer": ("issuer", "company"),
    "date": ("date",),
    "total": ("amount", "total"),
    "number": ("invoice_number",),
}
"""A field and the names that truths have for it."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{1,4})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[ .\-]*([a-z]{3})[a-z]*[ .,\-]*(\d{4})")
_MONTH_FIRST = re.compile(r"([a-z]{3})[a-z]*[ .]*(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})")
_AMOUNT = re.compile(r"\d+(?:[ ,.']\d{3})*(?:[.,]\d{1,2})?(?!\d)")

Day = tuple[int, int, int]


def wanted_fields(truth: Mapping[str, Any]) -> dict[str, str]:
    """The judged fields (`FIELDS`) that the truth has, as text; empty ones are not asked for."""
    wanted = {}
    for field, names in FIELDS.items():
        value = next((str(truth[name]) for name in names if truth.get(name) not in (None, "")), "")
        if value.strip():
            wanted[field] = value.strip()
    return wanted


def field_found(field: str, wanted: str, statements: Sequence[str]) -> bool:
    """Whether one of the statements holds the value of a field of `FIELDS`."""
    if field == "date":
        days = days_in(wanted)
        return any(days & days_in(one) for one in statements)
    if field == "total":
        amounts = amounts_in(wanted)
        return any(amounts & amounts_in(one) for one in statements)
    return any(contains_text(one, wanted) for one in statements)


def days_in(text: str) -> set[Day]:
    """Every date that `text` may mean, as (year, month, day)."""
    low = text.lower()
    found: set[Day] = set()
    for a, b, c in _NUMERIC.findall(low):
        readings = [(a, b, c)] if len(a) == 4 else [(c, b, a), (c, a, b)]
        found.update(day for reading in readings if (day := _day(*map(int, reading))))
    spelled = [(c, b, a) for a, b, c in _DAY_FIRST.findall(low)]
    spelled += [(c, a, b) for a, b, c in _MONTH_FIRST.findall(low)]
    for year, month, number in spelled:
        if month in _MONTHS and (day := _day(int(year), _MONTHS.index(month) + 1, int(number))):
            found.add(day)
    return found


def _day(year: int, month: int, day: int) -> Day | None:
    year += 2000 if year < 100 else 0
    fits = 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31
    return (year, month, day) if fits else None


def amounts_in(text: str) -> set[int]:
    """Every amount of `text` in hundredths, with a point or a comma before the hundredths."""
    found = set()
    for number in _AMOUNT.findall(text):
        cents = re.search(r"[.,](\d{1,2})$", number)
        whole = number[: cents.start()] if cents else number
        digits = re.sub(r"\D", "", whole)
        found.add(int(digits) * 100 + (int(cents.group(1).ljust(2, "0")) if cents else 0))
    return found
