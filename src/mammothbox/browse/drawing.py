"""Arrays from the decoders to small pictures: a cover, a strip of frames, a wave. Opens no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammothbox.arrays import Pixels, Samples
from mammothbox.records import Frame

if TYPE_CHECKING:
    from PIL.Image import Image

TILES = 8
"""Frames in a strip; a video with fewer repeats them."""

TILE_PX = 256
"""Width of one frame of a strip."""

_WAVE = (960, 320)
_INK = (124, 140, 180, 255)
"""Readable on light and on dark paper."""


def picture(pixels: Pixels) -> Image:
    """The pixels as an image."""
    from PIL import Image

    return Image.fromarray(pixels)


def cover(frames: Sequence[Frame]) -> Image:
    """The frame that tells most: the one with the widest range of light, early ones first."""
    best = max(frames, key=lambda frame: round(float(frame.pixels.std()) / 12))
    return picture(best.pixels)


def strip(frames: Sequence[Frame]) -> Image:
    """`TILES` frames beside each other, all of the first one's size."""
    from PIL import Image

    height, width = frames[0].pixels.shape[:2]
    size = (TILE_PX, max(1, round(TILE_PX * height / width)))
    image = Image.new("RGB", (TILE_PX * TILES, size[1]))
    for place in range(TILES):
        frame = frames[place * len(frames) // TILES]
        image.paste(picture(frame.pixels).resize(size), (place * TILE_PX, 0))
    return image


def wave(peaks: Samples) -> Image:
    """Peaks (0 to 1) as bars around the middle, on nothing."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", _WAVE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    step = _WAVE[0] / len(peaks)
    for place, peak in enumerate(np.clip(peaks, 0.02, 1.0)):
        left, half = place * step, float(peak) * _WAVE[1] * 0.46
        middle = _WAVE[1] / 2
        box = (left, middle - half, left + step * 0.55, middle + half)
        draw.rounded_rectangle(box, radius=2, fill=_INK)
    return image
