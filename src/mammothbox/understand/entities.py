"""Things with a form of their own, found by pattern: dates, amounts, addresses of the net.

A pattern cannot invent anything, so these need no model. Names of people and places are the
writer's part.

Example:
    >>> find_entities("Total 12.50 EUR, write to a@b.org")
    [{'text': '12.50 EUR', 'type': 'amount'}, {'text': 'a@b.org', 'type': 'email'}]
"""

from __future__ import annotations

import re

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_CURRENCY = r"(?:USD|EUR|GBP|CHF|RM|MYR|INR|JPY|[$€£¥₹])"
_NUMBER = r"\d{1,3}(?:[ ,.']?\d{3})*(?:[.,]\d{2})?"
_PATTERNS = (
    ("date", r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"),
    ("date", rf"\b\d{{1,2}}\.? {_MONTH},? \d{{4}}\b|\b{_MONTH} \d{{1,2}},? \d{{4}}\b"),
    ("amount", rf"{_CURRENCY} ?{_NUMBER}(?![\d])|\b{_NUMBER} ?{_CURRENCY}(?! ?\d)"),
    ("email", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    ("url", r"\bhttps?://[^\s<>\"')\]]+|\bwww\.[\w.-]+\.\w{2,}[^\s<>\"')\]]*"),
    ("phone", r"(?<![\w.])\+\d[\d ()/-]{7,16}\d\b"),
    ("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)
PER_TYPE = 8
"""Of one type in one file; a price list would otherwise drown the rest."""


def find_entities(text: str) -> list[dict[str, str]]:
    """Entities in the order of their first occurrence: ``{"text", "type"}``, no duplicates."""
    found: dict[tuple[str, str], int] = {}
    for kind, pattern in _COMPILED:
        count = 0
        for match in pattern.finditer(text):
            key = (" ".join(match.group().split()).rstrip(".,"), kind)
            if key not in found and count < PER_TYPE:
                found[key] = match.start()
                count += 1
    ordered = sorted(found, key=lambda key: found[key])
    return [{"text": word, "type": kind} for word, kind in ordered]
