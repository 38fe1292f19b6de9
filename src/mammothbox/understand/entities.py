"""Things with a form of their own, found by pattern: dates, amounts, addresses of the net.

A pattern cannot invent anything, so these need no model. Names of people and organisations are the
writer's part; here is judged whether a text may have any, and whether it has the writer's.

Example:
    >>> find_entities("Total 12.50 EUR, write to a@b.org")
    [{'text': '12.50 EUR', 'type': 'amount'}, {'text': 'a@b.org', 'type': 'email'}]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_CURRENCY = r"(?:USD|EUR|GBP|CHF|RM|MYR|INR|JPY|[$€£¥₹])"
_NUMBER = r"\d{1,3}(?:[ ,.']?\d{3})*(?:[.,]\d{2})?"
_PATTERNS = (
    ("date", r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"),
    ("date", rf"\b\d{{1,2}}\.? {_MONTH},? \d{{4}}\b|\b{_MONTH} \d{{1,2}},? \d{{4}}\b"),
    ("amount", rf"{_CURRENCY} ?{_NUMBER}(?![\d])|\b{_NUMBER} ?{_CURRENCY}(?! ?\d)"),
    # What is to be paid often has no currency beside it, and on a receipt the next column.
    ("amount", r"(?i:\btotal\b)\D{0,24}(\d{1,3}(?:[ ,.']?\d{3})*[.,]\d{2})\b"),
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
            said = match.group(match.lastindex or 0)
            key = (" ".join(said.split()).rstrip(".,"), kind)
            known = any(kind == "amount" == other and key[0] in word for word, other in found)
            if not known and key not in found and count < PER_TYPE:
                found[key] = match.start()
                count += 1
    ordered = sorted(found, key=lambda key: found[key])
    return [{"text": word, "type": kind} for word, kind in ordered]


def may_name(text: str) -> bool:
    """Whether anybody may be named: a capital inside a sentence, a line of nothing but capitalised
    words, or a script that knows no capitals."""
    for line in text.splitlines():
        words = line.split()
        if words and all(word[0].isupper() for word in words):
            return True
        if any(
            word[0].isupper() and not before.endswith((".", "!", "?"))
            for before, word in pairwise(words)
        ):
            return True
    return any(map(_caseless, text))


def names_in(text: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that `text` has, as they stand or in capitals throughout; they begin and end
    with a capitalised word where their script has capitals. A small writer that is asked for names
    gives some, found or not."""
    text = " ".join(text.split())
    return [
        name
        for name in dict.fromkeys(" ".join(name.split()) for name in names)
        if name
        and all(word[0].isupper() or _caseless(word[0]) for word in _ends(name))
        and any(re.search(_edges(said), text) for said in (name, name.upper()))
    ]


def _ends(name: str) -> tuple[str, str]:
    """The first and the last word."""
    words = name.split()
    return words[0], words[-1]


def _caseless(letter: str) -> bool:
    """A letter of a script without capitals."""
    return letter.isalpha() and letter.lower() == letter.upper()


def _edges(name: str) -> str:
    """A pattern for `name` as whole words; scripts without blanks have none."""
    before = "" if _caseless(name[0]) else r"(?<!\w)"
    after = "" if _caseless(name[-1]) else r"(?!\w)"
    return before + re.escape(name) + after
