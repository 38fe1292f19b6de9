"""Office, e-book, mail and web formats to text, through kreuzberg (Rust, offline).

Archives are measured before they are unfolded. Knows nothing of pages rendered or OCR, which is
switched off in the library.
"""

from __future__ import annotations

import zipfile
from typing import Any

from mammothbox.decode.borders import kreuzberg_border
from mammothbox.decode.source import Source
from mammothbox.errors import TooLarge, Unsupported
from mammothbox.records import DocumentContent, Facts, Page

_MOST_UNFOLDED = 500_000_000
"""Bytes that the parts of one archive (docx, epub, …) may unfold to."""

_MOST_PARTS = 20_000

_ARCHIVES = (
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/x-7z",
    "application/x-rar",
    "application/vnd.rar",
)


def read_office(source: Source, mime: str) -> DocumentContent:
    """Decode a document of any format that kreuzberg knows.

    Raises:
        Corrupt, Encrypted, Unsupported: as the library finds.
        TooLarge: an archive that unfolds to more than `_MOST_UNFOLDED` bytes.
    """
    import kreuzberg

    if mime.startswith(_ARCHIVES):
        raise Unsupported(f"{source.name}: archives are not unfolded")
    _measure(source)
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        pages=kreuzberg.PageConfig(extract_pages=True),
        max_concurrent_extractions=1,
    )
    with kreuzberg_border(source.name):
        result = kreuzberg.extract_bytes_sync(source.read(), mime, config)
        return _content(result)


def _measure(source: Source) -> None:
    source.file.seek(0)
    if source.file.read(2) != b"PK":
        return
    try:
        with zipfile.ZipFile(source.file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError):
        return  # kreuzberg says what is wrong with it
    size = sum(part.file_size for part in parts)
    if size > _MOST_UNFOLDED or len(parts) > _MOST_PARTS:
        raise TooLarge(
            f"{source.name}: unfolds to {size:,} bytes in {len(parts):,} parts, "
            f"the limits are {_MOST_UNFOLDED:,} and {_MOST_PARTS:,}"
        )


def _content(result: Any) -> DocumentContent:
    values = dict(result.metadata)
    whole = str(result.content)
    pages = [Page(int(page["page_number"]), str(page["content"])) for page in result.pages or []]
    if len(pages) < 2 or sum(len(page.text) for page in pages) < len(whole) // 2:
        pages = _by_boundaries(values.get("pages"), whole) or [Page(0, whole)]
    facts = Facts(
        pages=_count(values) or (len(pages) if len(pages) > 1 else None),
        title=_line(values.get("title") or values.get("subject")),
        author=_line(values.get("authors") or values.get("author") or values.get("from")),
        extra=_notes(values),
    )
    return DocumentContent(facts, tuple(pages))


def _by_boundaries(plan: Any, whole: str) -> list[Page]:
    """The pages that byte offsets into the whole text tell; empty where there are no two."""
    boundaries = plan.get("boundaries") if isinstance(plan, dict) else None
    if not boundaries or len(boundaries) < 2:
        return []
    data = whole.encode()
    return [
        Page(
            int(one["page_number"]),
            data[one["byte_start"] : one["byte_end"]].decode("utf-8", "ignore"),
        )
        for one in boundaries
    ]


def _count(values: dict[str, Any]) -> int | None:
    for name in ("slide_count", "sheet_count", "page_count"):
        if isinstance(values.get(name), int) and values[name] > 0:
            return int(values[name])
    return None


def _line(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        value = ", ".join(str(one) for one in value)
    text = " ".join(str(value).split()) if value else ""
    return text[:500] or None


def _notes(values: dict[str, Any]) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    for name in ("created_at", "modified_at", "language", "sheet_names", "date", "to", "subject"):
        value = values.get(name)
        if isinstance(value, list):
            notes[name] = [str(one)[:200] for one in value[:50]]
        elif value:
            notes[name] = str(value)[:500]
    return notes
