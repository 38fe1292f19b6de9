"""Cuts text into chunks of a size that embeds well, at paragraph and sentence borders.

Used for document pages, OCR text and transcripts alike. Knows nothing of models.

Example:
    >>> split("One. Two. Three.", size=9)
    ['One. Two.', 'Three.']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mammothbox.models.contracts import Segment
from mammothbox.records import Page, Passage

CHUNK_CHARS = 800
"""About 200 tokens: the text embedder reads 256, and shorter chunks lose their context."""

_BORDERS = re.compile(r"(?<=[.!?。！？])\s+|\n\s*\n|(?<=。)|(?<=！)|(?<=？)")


def split(text: str, size: int = CHUNK_CHARS) -> list[str]:
    """Pieces of at most `size` characters, in order, cut at sentence or paragraph borders.

    A sentence longer than `size` is cut at spaces, or anywhere if it has none.
    """
    pieces: list[str] = []
    current = ""
    for sentence in _sentences(text, size):
        if current and len(current) + 1 + len(sentence) > size:
            pieces.append(current)
            current = sentence
        else:
            current = f"{current} {sentence}" if current else sentence
    if current:
        pieces.append(current)
    return pieces


def _sentences(text: str, size: int) -> Iterator[str]:
    for part in _BORDERS.split(text):
        sentence = " ".join(part.split())
        while len(sentence) > size:
            cut = sentence.rfind(" ", size // 2, size)
            cut = cut if cut > 0 else size
            yield sentence[:cut].strip()
            sentence = sentence[cut:].strip()
        if sentence:
            yield sentence


def page_passages(pages: Iterable[Page], field: str) -> list[Passage]:
    """Chunks of document pages, each with its page number (None where there are no pages)."""
    return [
        Passage(field, piece, page=page.number or None)
        for page in pages
        for piece in split(page.text)
    ]


def spoken_passages(segments: Sequence[Segment], size: int = CHUNK_CHARS) -> list[Passage]:
    """Neighbouring segments joined to chunks, each with the time of its first and last word."""
    chunks: list[Passage] = []
    group: list[Segment] = []
    length = 0
    for segment in segments:
        if group and length + len(segment.text) > size:
            chunks.append(_joined(group))
            group, length = [], 0
        group.append(segment)
        length += len(segment.text) + 1
    if group:
        chunks.append(_joined(group))
    return chunks


def _joined(group: Sequence[Segment]) -> Passage:
    text = " ".join(segment.text.strip() for segment in group)
    return Passage("transcript", text, start_s=group[0].start_s, end_s=group[-1].end_s)
