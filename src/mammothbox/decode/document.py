"""Documents to text page by page: chooses the reader, and holds all to the same bounds.

PDF goes to `pdf`, text files to `plain_text`, everything else to `office`. Knows nothing of the
formats themselves.
"""

from __future__ import annotations

from dataclasses import replace

from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source
from mammothbox.records import DocumentContent, Page

_PLAIN = frozenset(
    {
        "application/json",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/javascript",
        "application/sql",
        "application/x-sh",
        "application/x-shellscript",
        "application/x-subrip",
        "application/x-tex",
        "application/x-python",
        "application/x-httpd-php",
    }
)
_FORMATTED = frozenset({"text/html", "text/rtf", "text/x-mail", "text/enriched"})


def read_document(source: Source, limits: Limits) -> DocumentContent:
    """Decode a document.

    Raises:
        Corrupt, Encrypted, TooLarge, Unsupported: as the readers say.
    """
    mime = source.mime.partition(";")[0].strip().lower()
    if mime == "application/pdf":
        from mammothbox.decode.pdf import read_pdf

        return _bounded(read_pdf(source, limits), limits)
    if mime in _PLAIN or (mime.startswith("text/") and mime not in _FORMATTED):
        from mammothbox.decode.plain_text import read_plain_text

        return _bounded(read_plain_text(source, limits), limits)
    from mammothbox.decode.office import read_office

    return _bounded(read_office(source, mime), limits)


def _bounded(content: DocumentContent, limits: Limits) -> DocumentContent:
    """At most `limits.pages` pages and `limits.chars` characters; what is left out is noted."""
    notes = dict(content.facts.extra)
    pages, left = [], limits.chars
    for page in content.pages[: limits.pages]:
        text = page.text[: max(left, 0)]
        left -= len(page.text)
        pages.append(Page(page.number, _clean(text), page.pixels))
    if len(content.pages) > limits.pages:
        notes["pages_read"] = limits.pages
    if left < 0:
        notes["chars_left_out"] = -left
    return DocumentContent(replace(content.facts, extra=notes), tuple(pages))


def _clean(text: str) -> str:
    """Without zero bytes and lone surrogates, which no database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
