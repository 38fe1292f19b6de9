"""Words: what every word index holds of a text, and what a query asks for.

Words end at blanks and punctuation, accents are dropped and English is stemmed by the engines'
indexes. Scripts written without blanks (Chinese, Japanese, Thai, ...) are indexed character by
character and asked for as phrases, so that any part of a sentence is found.

Example:
    >>> indexable("東京 tower")
    '東 京 tower'
    >>> terms('dogs "on the beach"')
    (['on the beach'], ['dogs'])
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
)
_UNSPACED_ONE = re.compile(f"[{_UNSPACED}]")
_TOKEN = re.compile('"([^"]*)"|([^\\s"]+)')
_WORD = re.compile(r"\w+")

COMMON = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "had", "has", "have"}
    | {"he", "her", "his", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our"}
    | {"she", "so", "that", "the", "their", "them", "there", "they", "this", "to", "was", "we"}
    | {"were", "what", "when", "where", "which", "who", "will", "with", "you", "your"}
    | {"about", "all", "any", "find", "show", "some", "file", "files", "image", "images"}
    | {"photo", "photos", "picture", "pictures", "video", "videos"}
)
"""English words that say little about what is looked for; dropped unless nothing else is left."""


def clean(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates become ``?``, NUL a blank."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", " ")


def indexable(text: str) -> str:
    """`text` with blanks around each character of scripts that are written without them."""
    if text.isascii() or not _UNSPACED_ONE.search(text):
        return text
    return " ".join(_UNSPACED_ONE.sub(lambda found: f" {found[0]} ", text).split())


def _terms(part: str) -> list[str]:
    """Words of a part of a query; a run of an unspaced script stays together as a phrase."""
    return [indexable(word) for word in _WORD.findall(clean(part))]


def terms(query: str) -> tuple[list[str], list[str]]:
    """(phrases that must occur, words of which any may) of a query as a person types it."""
    phrases, words = [], []
    for quoted, plain in _TOKEN.findall(query):
        if quoted:
            phrase = " ".join(_terms(quoted))
            phrases += [phrase] if phrase else []
        else:
            words += _terms(plain)
    telling = [word for word in words if word.lower() not in COMMON]
    return phrases, telling or ([] if phrases else words)


def ahead(limit: int, *, narrow: bool) -> list[int]:
    """How many of the best rows are looked up, and then how many, until `limit` of them pass.

    Few contents are vanished, so a quarter more than are wanted nearly always do; a narrow filter
    leaves many out.
    """
    return [3 * limit] if narrow else [round(1.25 * limit), 3 * limit]


def looked_for(query: str) -> list[str]:
    """What of `query` a text is searched for by `snippet`: phrases and words, case folded."""
    phrases, words = terms(query)
    return [
        term.replace(" ", "") if _UNSPACED_ONE.search(term) else term.casefold()
        for term in phrases + words
    ]


def snippet(text: str, wanted: Sequence[str], length: int = 160) -> str:
    """The part of `text` around the first of the `wanted` words, at most `length` characters."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    low = text.casefold()
    first = min((place for word in wanted if (place := low.find(word)) >= 0), default=0)
    start = max(0, min(first - length // 3, len(text) - length))
    start = text.find(" ", start) + 1 if start and " " in text[start : start + 20] else start
    return ("…" if start else "") + text[start : start + length].rstrip() + "…"
