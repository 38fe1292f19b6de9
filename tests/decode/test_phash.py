"""The perceptual hash, beside the package that it agrees with."""

from __future__ import annotations

from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from mammothbox.decode.phash import perceptual_hash

EXAMPLES = Path(__file__).parents[2] / "examples"


def _theirs(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    factor = max(1, min(image.size) // 128)
    return str(imagehash.phash(image.reduce(factor) if factor > 1 else image))


def test_it_is_the_hash_of_the_package() -> None:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((1, 1), (7, 300), (64, 64))]
    for path in sorted((EXAMPLES / "photos").glob("*.jpg")):
        try:
            with Image.open(path) as image:
                pictures.append(np.asarray(image.convert("RGB")))
        except OSError:
            continue  # one of the examples is broken on purpose
    assert len(pictures) > 10
    assert [perceptual_hash(each) for each in pictures] == [_theirs(each) for each in pictures]


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_a_picture_of_nothing_has_no_bits_by_chance(grey: int) -> None:
    blank = perceptual_hash(np.full((48, 64, 3), grey, np.uint8))
    assert blank == ("8" if grey else "0") + "0" * 15
