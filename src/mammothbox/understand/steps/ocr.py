"""Step `ocr`: text in pictures, behind a cheap gate.

Photos and video frames are read only where edges look like text; document pages where the text
layer is missing. `Done.value`: ``{"text", "lines": [{"text", "confidence", "box"}]}``, each line
with ``page`` or ``start_s`` where it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mammothbox.arrays import Pixels
from mammothbox.models.contracts import TextLine
from mammothbox.records import Done, Outcome, Page, Passage, Skipped
from mammothbox.understand.chunking import page_passages, split

NOTHING_TO_READ = Skipped("no sign of text")
LINE_FLOOR = 0.5
"""Lines that the reader itself doubts more than this are noise more often than words."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A picture to be read, and where it stands in its file."""

    pixels: Pixels
    page: int | None = None
    start_s: float | None = None


def ocr_result(
    sheets: Sequence[Sheet], read: Sequence[Sequence[TextLine]]
) -> tuple[Outcome, tuple[Passage, ...]]:
    """The result for a file from the lines of each of its `sheets`."""
    lines: list[dict[str, Any]] = []
    passages: list[Passage] = []
    spoken: set[str] = set()
    for sheet, found in zip(sheets, read, strict=True):
        sure = [line for line in found if line.confidence >= LINE_FLOOR]
        text = "\n".join(line.text for line in sure)
        # The same words stay on screen over many frames; once is enough.
        if not text or (sheet.start_s is not None and text in spoken):
            continue
        spoken.add(text)
        lines += [_line(line, sheet) for line in sure]
        passages += _passages(text, sheet)
    if not lines:
        return Skipped("no text found"), ()
    return Done({"text": _joined(lines), "lines": lines}), tuple(passages)


def _line(line: TextLine, sheet: Sheet) -> dict[str, Any]:
    value: dict[str, Any] = {
        "text": line.text,
        "confidence": round(line.confidence, 3),
        "box": [round(edge) for edge in line.box],
    }
    if sheet.page is not None:
        value["page"] = sheet.page
    if sheet.start_s is not None:
        value["start_s"] = round(sheet.start_s, 3)
    return value


def _joined(lines: Sequence[dict[str, Any]]) -> str:
    return "\n".join(line["text"] for line in lines)


def _passages(text: str, sheet: Sheet) -> list[Passage]:
    if sheet.page is not None:
        return page_passages([Page(sheet.page, text)], "ocr")
    return [Passage("ocr", piece, start_s=sheet.start_s) for piece in split(text)]
