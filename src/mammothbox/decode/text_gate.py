"""A cheap guess whether a picture has text to read, so that OCR is spared for most photos.

Text is thin strokes on an even ground, in a row. Small tiles are looked at: a tile counts when
strokes (what a morphological closing fills) cover some of it, begin and end often in both
directions, and leave an even ground. The guess grows with the places where `RUN` such tiles stand
side by side. Foliage and fur have strokes too, but no even ground. Knows nothing of OCR.

Measured on photos and pages with known text: see docs/decoding.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels

TEXT_LIKELY = 0.5
"""From this likelihood on OCR is worth its time."""

SIDE_PX = 640
"""Longer side that is looked at; strokes are then at most `STROKE_PX` wide."""

STROKE_PX = 7
TILE_PX = 16
RUN = 3
HALF_AT = 2.0
"""Places at which the likelihood is one half."""

CONTRAST = 35
"""How much darker (or lighter) than its ground a stroke is, of 255."""

UNEVENNESS = 3.0
"""Standard deviation of the ground in a tile, at most."""

TINY_PX = 100
"""Pictures this small are cheap to read and too small to judge: contrast alone decides."""


def text_likelihood(pixels: Pixels) -> float:
    """0 to 1: how likely OCR finds words in `pixels`; compare with `TEXT_LIKELY`."""
    import cv2

    cv2.setNumThreads(1)
    grey: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if max(grey.shape) <= TINY_PX:
        return TEXT_LIKELY if float(grey.std()) > CONTRAST else 0.0
    scale = SIDE_PX / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = (side - side % TILE_PX for side in grey.shape)
    if not height or not width:
        return 0.0
    grey = grey[:height, :width]
    places = max(_places(grey), _places(255 - grey))
    return places / (places + HALF_AT)


def _places(grey: Any) -> int:
    """Where `RUN` tiles with dark strokes on an even ground stand side by side."""
    import cv2

    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((STROKE_PX, STROKE_PX), np.uint8))
    stroke = (cv2.subtract(ground, grey) > CONTRAST).view(np.uint8)
    across, down = np.zeros_like(stroke), np.zeros_like(stroke)
    np.not_equal(stroke[:, 1:], stroke[:, :-1], out=across[:, 1:].view(np.bool_))
    np.not_equal(stroke[1:], stroke[:-1], out=down[1:].view(np.bool_))
    light = ground.astype(np.float32)
    variance = _tiles(light * light) - _tiles(light) ** 2
    cover = _tiles(stroke.astype(np.float32))
    texty = (cover > 0.05) & (cover < 0.5) & (variance < UNEVENNESS**2)
    turns = _tiles(across.astype(np.float32))
    texty &= (turns > 0.06) & (turns < 0.35)  # strokes have a width, grain has none
    texty &= _tiles(down.astype(np.float32)) > 0.03
    columns = texty.shape[1] - RUN + 1
    if columns < 1:
        return 0
    side_by_side = np.logical_and.reduce([texty[:, i : i + columns] for i in range(RUN)])
    return int(side_by_side.sum())


def _tiles(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mean of each tile."""
    import cv2

    size = (values.shape[1] // TILE_PX, values.shape[0] // TILE_PX)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
