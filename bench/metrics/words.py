"""Measures of text: word error rate, character error rate, share of words found.

Spoken English is compared after the normaliser of Radford et al. (2022), so that numbers,
abbreviations and spellings are written one way on both sides.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_CLAUSE = re.compile(r"[,;:.!?]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Errors:
    """Edits between truth and answer: `wrong` of `total` truth units (words or characters)."""

    wrong: int
    total: int

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.wrong + other.wrong, self.total + other.total)

    @property
    def rate(self) -> float:
        """Edits over truth units, four digits; may exceed 1; 0 when nothing was asked."""
        return round(self.wrong / self.total, 4) if self.total else 0.0


@cache
def _english() -> Any:
    from whisper_normalizer.english import (  # type: ignore[import-untyped]
        EnglishTextNormalizer,
    )

    return EnglishTextNormalizer()


def spoken_words(text: str) -> list[str]:
    """The words of English speech, spelled one way: ``Mr. 14,000`` is ``mister 14000``.

    Clauses are normalised one by one: across a comma two numbers stay two numbers. The apostrophe
    of a final s (``man 's``, ``girl's``) cannot be heard and is left out.
    """
    joined = re.sub(r"\s*'s\b", "s", text.replace("’", "'"))
    joined = re.sub(r"\b(Mr|Mrs|Ms|Dr|St)\.", r"\1", joined, flags=re.IGNORECASE)
    return [word for clause in _CLAUSE.split(joined) for word in _english()(clause).split()]


def word_errors(truth: str, answer: str) -> Errors:
    """Insertions, deletions and substitutions of words, English, normalised (see above)."""
    wanted, got = spoken_words(truth), spoken_words(answer)
    return Errors(_edits(wanted, got), len(wanted))


def character_errors(truth: str, answer: str) -> Errors:
    """Edits of characters; case, line breaks and runs of space do not count."""
    wanted, got = _plain(truth), _plain(answer)
    return Errors(_edits(list(wanted), list(got)), len(wanted))


def words_found(truth: str, answer: str) -> Errors:
    """Words of the truth that the answer lacks, each as often as it occurs, in any order."""
    wanted, got = Counter(_tokens(truth)), Counter(_tokens(answer))
    return Errors(sum((wanted - got).values()), sum(wanted.values()))


def contains_text(haystack: str, needle: str) -> bool:
    """Whether the letters and digits of `needle` occur in a row in `haystack`, case aside."""
    squeezed = "".join(_tokens(needle))
    return bool(squeezed) and squeezed in "".join(_tokens(haystack))


def _edits(wanted: Sequence[str], got: Sequence[str]) -> int:
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(wanted, got)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
