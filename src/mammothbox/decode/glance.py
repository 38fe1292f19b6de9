"""What a person sees of a file at first glance: a small picture, a few frames, a wave, a page.

Cheaper than a full decode: a video is opened at a few places only, a document gives one page. Runs
in the child like every decoder. Knows nothing of where the pictures are kept.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mammothbox.arrays import Pixels
from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source
from mammothbox.errors import Corrupt, Unsupported
from mammothbox.records import (
    AudioContent,
    Content,
    DocumentContent,
    Facts,
    Frame,
    ImageContent,
    Kind,
    VideoContent,
)

if TYPE_CHECKING:
    import pypdfium2

FRAMES = 8
"""Pictures of one video, evenly spread."""

PEAKS = 240
"""Values of one sound's wave."""

_SHEET = (816, 1056)
"""Pixels of the sheet that text without pages is written on."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What is asked for.

    Attributes:
        side: longer side of the pictures, pixels.
        page: of a document, from 1.
    """

    side: int = 512
    page: int = 1


def glance(source: Source, kind: Kind, limits: Limits, wanted: Glance) -> Content:
    """Pictures, frames, peaks (in `AudioContent.samples`, 0 to 1) or a page as a picture.

    Raises:
        InputError: one of its leaves.
    """
    limits = replace(limits, image_side_px=min(wanted.side, limits.image_side_px))
    if kind is Kind.IMAGE:
        from mammothbox.decode.image import read_image

        return read_image(source, limits)
    if kind is Kind.VIDEO:
        return _frames(source, limits)
    if kind is Kind.AUDIO:
        return _wave(source, limits)
    if kind is Kind.DOCUMENT:
        return ImageContent(Facts(), _sheet(source, limits, wanted))
    raise Unsupported(f"{source.name}: there is nothing to see in {source.mime}")


def _frames(source: Source, limits: Limits) -> Content:
    from mammothbox.decode.opening import opened
    from mammothbox.decode.recording import _is_video
    from mammothbox.decode.video import upright_pixels

    with opened(source) as container:
        stream = next((s for s in container.streams.video if _is_video(s)), None)
        if stream is None:
            raise Unsupported(f"{source.name}: there are no pictures in it")
        stream.thread_type = "AUTO"
        stream.codec_context.skip_frame = "NONKEY"
        aspect = float(stream.sample_aspect_ratio or 1)
        duration = (container.duration or 0) / 1_000_000
        found: dict[float, Pixels] = {}
        for number in range(FRAMES if duration > 1 else 1):
            if duration > 1:
                container.seek(int(duration * (number + 0.5) / FRAMES * 1_000_000))
            frame = next(iter(container.decode(stream)), None)
            if frame is not None and (frame.time or 0.0) not in found:
                found[frame.time or 0.0] = upright_pixels(frame, limits.image_side_px, aspect)
    if not found:
        raise Corrupt(f"{source.name}: no picture of the video decodes")
    return VideoContent(Facts(), tuple(Frame(at, found[at]) for at in sorted(found)), (), None)


def _wave(source: Source, limits: Limits) -> Content:
    from mammothbox.decode.recording import read_recording

    content = read_recording(source, limits, lambda _: None, pictures=False)
    if not isinstance(content, AudioContent) or content.samples is None:
        raise Unsupported(f"{source.name}: there is no sound in it")
    parts = np.array_split(content.samples, PEAKS)
    peaks = np.array([float(np.abs(part).max(initial=0.0)) for part in parts], np.float32)
    return AudioContent(content.facts, peaks / max(float(peaks.max()), 1e-6))


def _sheet(source: Source, limits: Limits, wanted: Glance) -> Pixels:
    if source.mime == "application/pdf":
        return _pdf_page(source, wanted)
    from mammothbox.decode.document import read_document

    return _written(read_document(source, limits), source.name, wanted)


def _pdf_page(source: Source, wanted: Glance) -> Pixels:
    import pypdfium2

    from mammothbox.decode.borders import pdfium_border

    with pdfium_border(source.name):
        document = pypdfium2.PdfDocument(source.read())
        try:
            if not 1 <= wanted.page <= len(document):
                raise Unsupported(f"{source.name} has {len(document)} pages, no {wanted.page}")
            return _drawn(document[wanted.page - 1], wanted.side)
        finally:
            document.close()


def _drawn(page: pypdfium2.PdfPage, side: int) -> Pixels:
    from mammothbox.decode.pdf import pixels_of

    width, height = page.get_size()
    return pixels_of(page, min((side - 1) / max(width, height, 1.0), 4.0))


def _written(content: DocumentContent, name: str, wanted: Glance) -> Pixels:
    """The beginning of a page's text on white paper."""
    from PIL import Image, ImageDraw, ImageFont

    if not 1 <= wanted.page <= len(content.pages):
        raise Unsupported(f"{name} has {len(content.pages)} pages, no {wanted.page}")
    lines: list[str] = []
    for line in content.pages[wanted.page - 1].text.splitlines():
        lines += textwrap.wrap(line.expandtabs(4), 54) or [""]
        if len(lines) > 40:
            break
    image = Image.new("RGB", _SHEET, (255, 255, 255))
    draw = ImageDraw.Draw(image)
    draw.multiline_text(
        (64, 64), "\n".join(lines[:38]), (40, 40, 44), ImageFont.load_default(24), spacing=5
    )
    scale = min(1.0, wanted.side / max(image.size))
    size = round(image.width * scale), round(image.height * scale)
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))
