"""PDF to text page by page; pages without a usable text layer are rendered for OCR.

Knows nothing of OCR. Scripts, links and attachments in the file are not looked at.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from mammothbox.arrays import Pixels
from mammothbox.decode.borders import pdfium_border
from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source
from mammothbox.decode.wire import PAGE_SIDE_PX, RENDERED_PAGES
from mammothbox.errors import Corrupt
from mammothbox.records import DocumentContent, Facts, Page

if TYPE_CHECKING:
    import pypdfium2

_DPI = 170
"""Small print is read well from here on; more only costs time."""

_LEAST_LETTERS = 12
"""Fewer letters and digits on a page are a stamp or a page number, not its text."""

_MOST_GARBAGE = 0.3
"""Share of characters that are no text, from which a text layer counts as broken."""


def read_pdf(source: Source, limits: Limits) -> DocumentContent:
    """Decode a PDF.

    Raises:
        Corrupt: PDFium cannot open it, or no page of it.
        Encrypted: a password is needed.
    """
    import pypdfium2

    with pdfium_border(source.name):
        document = pypdfium2.PdfDocument(source.read())
        try:
            return _read(document, source.name, limits)
        finally:
            document.close()


def _read(document: pypdfium2.PdfDocument, name: str, limits: Limits) -> DocumentContent:
    total = len(document)
    if not total:
        raise Corrupt(f"{name}: the PDF has no pages")
    notes: dict[str, Any] = {}
    pages: list[Page] = []
    rendered = unreadable = wanting = 0
    for index in range(min(total, limits.pages)):
        page = _page(document, index, may_render=rendered < RENDERED_PAGES)
        if page is None:
            unreadable += 1
            continue
        needs, found = page
        rendered += found.pixels is not None
        wanting += needs and found.pixels is None
        pages.append(found)
    if not pages:
        raise Corrupt(f"{name}: no page of the PDF can be read")
    counts = {"pages_damaged": unreadable, "pages_not_rendered": wanting}
    notes |= {key: count for key, count in counts.items() if count}
    if total > limits.pages:
        notes["pages_read"] = limits.pages
    return DocumentContent(_facts(document, total, notes), tuple(pages))


def _page(
    document: pypdfium2.PdfDocument, index: int, *, may_render: bool
) -> tuple[bool, Page] | None:
    """Whether the page needs OCR, and the page; None when it is damaged."""
    import pypdfium2

    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return None
    try:
        text = _text(page)
        needs = not usable(text)
        pixels = _render(page) if needs and may_render else None
        blank = pixels is not None and int(np.ptp(pixels)) < 16
        return needs and not blank, Page(index + 1, text, None if blank else pixels)
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()


def _text(page: pypdfium2.PdfPage) -> str:
    layer = page.get_textpage()
    try:
        return str(layer.get_text_bounded()).replace("\r\n", "\n").replace("\ufffe", "-")
    finally:
        layer.close()


def usable(text: str) -> bool:
    """Whether a text layer holds words, not nothing and not the codes of a font without a map."""
    visible = [c for c in text if not c.isspace()]
    if sum(c.isalnum() for c in visible) < _LEAST_LETTERS:
        return False
    garbage = sum(c == "\ufffd" or unicodedata.category(c) in ("Cc", "Co", "Cn") for c in visible)
    return garbage <= _MOST_GARBAGE * len(visible)


def _render(page: pypdfium2.PdfPage) -> Pixels:
    width, height = page.get_size()
    scale = min(_DPI / 72, PAGE_SIDE_PX / max(width, height, 1.0))
    # Never larger than the ceiling even after rounding up.
    scale = min(scale, (PAGE_SIDE_PX - 1) / max(width, height, 1.0))
    return pixels_of(page, scale)


def pixels_of(page: pypdfium2.PdfPage, scale: float) -> Pixels:
    """A page drawn at `scale` pixels a point (1/72 inch), RGB on white."""
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False, may_draw_forms=False)
    try:
        array = bitmap.to_numpy()
        if array.ndim == 2 or array.shape[2] == 1:
            array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
        return np.array(array[:, :, :3], dtype=np.uint8, order="C")
    finally:
        bitmap.close()


def _facts(document: pypdfium2.PdfDocument, total: int, notes: dict[str, Any]) -> Facts:
    values = document.get_metadata_dict(skip_empty=True)
    title, author = values.get("Title"), values.get("Author")
    if producer := values.get("Producer"):
        notes["producer"] = str(producer)[:200]
    if created := values.get("CreationDate"):
        notes["created"] = str(created)[:40]
    return Facts(
        pages=total,
        title=str(title)[:500] if title else None,
        author=str(author)[:500] if author else None,
        extra=notes,
    )
