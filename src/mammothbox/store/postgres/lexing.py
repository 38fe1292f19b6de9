"""Words as SQLite's index splits them, so that PostgreSQL's index holds the same ones.

PostgreSQL's own parser makes addresses, numbers with signs and parts of hyphenated words of a text.
So a text is split here: runs of letters and digits, small, without accents. What is left for the
server is to stem them, with the stemmer (Porter's) that SQLite has too.

Example:
    >>> lexed("Zürich-Café's e-mail: a@b.org")
    ['zurich', 'cafe', 's', 'e', 'mail', 'a', 'b', 'org']
"""

from __future__ import annotations

import re
import unicodedata

from mammothbox.store.words import terms

MOST_CHARS = 300_000
"""Of one passage that is indexed: a PostgreSQL index row of words may not pass 1 MB."""
MOST_LETTERS = 500
"""Of one word; longer ones are cut."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")


def lexed(text: str) -> list[str]:
    """The words of `text` in order."""
    text = text[:MOST_CHARS]
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", text)
    return [word[:MOST_LETTERS] for word in _WORD.findall(text.lower())]


def units(query: str) -> tuple[list[str], list[str]]:
    """(what must occur, what may) as tsquery text, of a query as a person types it.

    The last word may still be being typed, so it also stands for words that begin with it.
    """
    phrases, words = terms(query)
    musts = [_phrase(phrase) for phrase in phrases]
    last = len(words) - 1
    mays = [_phrase(word, begins=at == last and len(word) >= 3) for at, word in enumerate(words)]
    return [one for one in musts if one], [one for one in mays if one]


def _phrase(text: str, *, begins: bool = False) -> str:
    quoted = [f"'{word}'" for word in lexed(text)]
    if quoted and begins:
        quoted[-1] += ":*"
    return " <-> ".join(quoted)
