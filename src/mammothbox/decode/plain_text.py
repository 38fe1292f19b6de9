"""Text files in any encoding to text.

A byte order mark decides; then UTF-8 if it fits; else charset-normalizer guesses. The encoding is
noted in the facts. Knows nothing of what the text means.
"""

from __future__ import annotations

import codecs

from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source
from mammothbox.errors import Corrupt
from mammothbox.records import DocumentContent, Facts, Page

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIBLINGS = {"cp1250": ("iso8859_2",), "iso8859_2": ("cp1250",)}
"""Encodings that differ in few letters: the one that reads more letters, fewer signs, is right."""

_EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
"""Tried in turn where nothing is guessed, which happens on pages that are mostly markup."""

_GUESS_BYTES = 200_000
"""Bytes that the guess looks at."""


def read_plain_text(source: Source, limits: Limits) -> DocumentContent:
    """Decode a text file.

    Raises:
        Corrupt: no encoding makes text of the bytes.
    """
    source.file.seek(0)
    data = source.file.read(4 * limits.chars + 4)
    encoding = detect(data)
    if encoding is None:
        raise Corrupt(f"{source.name}: no encoding makes text of these bytes")
    text = data.decode(encoding, "replace").replace("\r\n", "\n")
    notes = {"encoding": encoding}
    return DocumentContent(Facts(extra=notes), (Page(0, text),))


def detect(data: bytes) -> str | None:
    """Python's name of the encoding of `data`, or None when it is no text."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if _is_utf8(data):
        return "utf-8"
    import charset_normalizer

    sample = data[:_GUESS_BYTES]
    best = charset_normalizer.from_bytes(sample).best()
    if best is None:
        return next((name for name in _EAST_ASIAN if _is_letters(sample, name)), None)
    name = str(best.encoding)
    likely: tuple[str, ...] = (name, *_SIBLINGS.get(name, ()))
    return max(likely, key=lambda one: _letters(sample, one))


def _letters(data: bytes, encoding: str) -> int:
    """How many letters beyond ASCII `data` has when read in `encoding`."""
    text = data.decode(encoding, "replace")
    return sum(c.isalpha() and c > "\x7f" for c in text)


def _is_letters(data: bytes, encoding: str) -> bool:
    text = data.decode(encoding, "replace")
    foreign = sum(c > "\x7f" for c in text)
    return text.count("\ufffd") <= len(text) // 200 and 2 * _letters(data, encoding) > foreign


def _is_utf8(data: bytes) -> bool:
    """UTF-8, where the last character may be cut by the reading limit."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return False
    return True
