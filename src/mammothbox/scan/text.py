"""Is it text, in whatever encoding, and which sort of text?

The bytes decide whether; marks in the text and then the extension decide which sort. Knows only
the first bytes of a file; the real decoding of text is the decoder's.
"""

from __future__ import annotations

import codecs
import re

from mammothbox.records import Kind
from mammothbox.scan.signatures import Verdict

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1a\x1b") | {127})
_SORTS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".tex": "application/x-tex",
    ".sty": "application/x-tex",
    ".srt": "application/x-subrip",
    ".json": "application/json",
    ".ipynb": "application/x-ipynb+json",
    ".bib": "application/x-bibtex",
    ".rst": "text/x-rst",
    ".org": "text/org",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".hocr": "text/html",
    ".xml": "text/xml",
    ".eml": "message/rfc822",
    ".mbox": "application/mbox",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_MAIL_FIELD = re.compile(
    r"^(from|to|subject|date|received|message-id|mime-version|return-path|delivered-to|reply-to):",
    re.IGNORECASE | re.MULTILINE,
)
_HTML = re.compile(r"<(!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, told by where the zeros are."""
    if len(head) < 4:
        return None
    zeros = [head[place::4].count(0) * 4 / len(head) for place in range(4)]
    if min(zeros[:3]) > 0.9 > zeros[3] or min(zeros[1:]) > 0.9 > zeros[0]:
        return "utf-32-be" if zeros[0] > 0.9 else "utf-32-le"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if max(even, odd) > 0.4 and min(even, odd) < 0.02:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def _ebcdic(head: bytes) -> bool:
    text = head.decode("cp500")
    plain = sum((char.isalnum() and char.isascii()) or char in " .,\x85\n\r'-" for char in text)
    return len(text) > 40 and plain > 0.9 * len(text) and text.count(" ") > 0.08 * len(text)


def decode_head(head: bytes) -> str | None:
    """The text that `head` begins, roughly decoded, or None where it is no text."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "ignore")
    if 0 in head:
        encoding = _wide(head) or ""
        text = head[: len(head) // 4 * 4].decode(encoding, "replace") if encoding else ""
        bad = sum(char == "\ufffd" or (char < " " and char not in "\t\n\r\f") for char in text)
        return text if text and bad <= len(text) // 50 else None
    try:
        text, _ = codecs.utf_8_decode(head, "strict", False)
        return text if _few_controls(head) else None
    except UnicodeDecodeError:
        pass
    if _few_controls(head) and (_legacy(head)):
        return head.decode("latin-1")
    return head.decode("cp500") if _ebcdic(head) else None


def _few_controls(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) <= len(head) // 200


def _legacy(head: bytes) -> bool:
    """One of the old 8-bit or Asian encodings: blanks or line ends, or a decoder that agrees."""
    if len(head) < 8:
        return False
    letters = sum(byte < 128 for byte in head)
    if letters > 0.6 * len(head) or (head.count(b" ") + head.count(b"\n")) * 25 > len(head):
        return True
    for encoding in ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"):
        try:
            codecs.getincrementaldecoder(encoding)("strict").decode(head)
        except UnicodeDecodeError:
            continue
        return True
    return False


def text_kind(head: bytes, extension: str) -> Verdict | None:
    """DOCUMENT (or IMAGE for SVG) with the sort of text, or None where it is no text."""
    text = decode_head(head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n\f")
    low = start[:2048].lower()
    if low.startswith(("<?xml", "<!doctype svg", "<svg", "<!--")) and "<svg" in text[:8192].lower():
        return Kind.IMAGE, "image/svg+xml"
    if low.startswith("<") and _HTML.search(start[:2048]):
        return Kind.DOCUMENT, "text/html"
    if "<fictionbook" in low:
        return Kind.DOCUMENT, "application/x-fictionbook+xml"
    if low.startswith("<?xml"):
        return Kind.DOCUMENT, "text/html" if extension == ".hocr" else "text/xml"
    return Kind.DOCUMENT, _sort(start, extension)


def _sort(start: str, extension: str) -> str:
    if start.startswith("WEBVTT"):
        return "text/vtt"
    if start.startswith("/* XPM */"):
        return "image/x-xpixmap"
    if start.startswith("BEGIN:VCARD"):
        return "text/vcard"
    if start.startswith("BEGIN:VCALENDAR"):
        return "text/calendar"
    block = re.split(r"\r?\n\r?\n", start[:8192], maxsplit=1)[0]
    fields = {field.lower() for field in _MAIL_FIELD.findall(block)}
    first_line = start.split("\n", 1)[0]
    if start.startswith("From ") and len(fields) >= 2:
        return "application/mbox"
    if len(fields) >= 3 and re.match(r"[A-Za-z][A-Za-z-]*:", first_line):
        return "message/rfc822"
    return _SORTS.get(extension, "text/plain")
