"""Whether a query is in a language that an English model does not understand.

A guess from letters and from the small words of large languages: good enough to say "the meaning
of this is not understood here, its words still match", and silent when in doubt.

Example:
    >>> foreign("chien sur la plage"), foreign("a café in Zürich"), foreign("собака")
    (True, False, True)
"""

from __future__ import annotations

import re
import unicodedata

_SMALL_WORDS = frozenset(
    # German
    {"der", "das", "und", "ist", "ein", "eine", "einen", "einem", "mit", "auf", "im", "vom", "zum"}
    | {"nicht", "von", "dem", "den", "des", "beim", "unter", "über", "mein", "meine", "wo", "wir"}
    # French
    | {"le", "la", "les", "un", "une", "et", "du", "dans", "sur", "avec", "est", "aux", "mon", "ma"}
    | {"mes", "des", "pour", "qui", "où", "au", "de"}
    # Spanish, Portuguese, Italian
    | {"el", "los", "las", "una", "en", "y", "con", "por", "para", "del", "mi", "mis", "na", "no"}
    | {"os", "um", "uma", "em", "da", "dos", "com", "il", "lo", "gli", "della", "nel", "nella"}
    | {"che", "di", "su", "sul", "sulla", "al", "una", "nos", "na", "meu", "minha"}
    # Dutch, Swedish, Danish, Norwegian
    | {"het", "een", "op", "met", "van", "och", "på", "med", "ett", "og", "av", "af", "til", "en"}
    # Polish, Czech, Turkish, Indonesian
    | {"na", "w", "z", "i", "ze", "się", "jest", "bir", "ve", "ile", "di", "yang", "dan", "dengan"}
)
_ENGLISH = frozenset(
    {"a", "an", "the", "in", "on", "at", "with", "and", "of", "for", "is", "are", "to", "from"}
    | {"by", "my", "his", "her", "their", "our", "two", "woman", "child", "people", "dog"}
    | {"near", "under", "over", "behind", "next", "playing", "wearing", "holding", "standing"}
)
_AMBIGUOUS = frozenset({"no", "i", "on", "in", "en", "de", "la", "al", "is", "an", "so", "y", "z"})


def foreign(query: str) -> bool:
    """True when the query is most likely not English."""
    words = [word for word in re.findall(r"[^\W\d_]+", query.lower()) if word]
    if not words:
        return False
    if any(not _latin(word) for word in words):
        return sum(not _latin(word) for word in words) * 2 >= len(words)
    small = {word for word in words if word in _SMALL_WORDS and word not in _ENGLISH}
    marked = {word for word in words if not word.isascii()} | (small - _AMBIGUOUS)
    english = sum(word in _ENGLISH for word in words)
    if english and english >= len(marked):
        return False
    if len(words) <= 2:  # "los angeles", "São Paulo": names, more often than not
        return marked == set(words)
    return bool(marked or len(small) >= 2) and len(marked | small) * 3 >= len(words)


def _latin(word: str) -> bool:
    return all(unicodedata.name(char, "").startswith("LATIN") for char in word)
