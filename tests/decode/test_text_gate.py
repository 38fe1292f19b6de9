"""The gate before OCR: pages pass, photos do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mammothbox.decode.dispatch import decode_path
from mammothbox.decode.limits import Limits
from mammothbox.decode.text_gate import TEXT_LIKELY, text_likelihood
from mammothbox.records import ImageContent, Kind
from mammothbox.settings import Settings

LIMITS = Limits.of(Settings())


def _page(paper: str, ink: str) -> np.ndarray:
    image = Image.new("RGB", (640, 480), paper)
    draw = ImageDraw.Draw(image)
    for line in range(12):
        words = f"Line {line} of a letter with words in it"
        draw.text((40, 30 + 34 * line), words, fill=ink, font_size=20)
    return np.asarray(image)


@pytest.mark.parametrize(("paper", "ink"), [("white", "black"), ("navy", "white")])
def test_a_page_passes(paper: str, ink: str) -> None:
    assert text_likelihood(_page(paper, ink)) >= TEXT_LIKELY


@pytest.mark.parametrize("shape", [(480, 640, 3), (10, 10, 3), (1, 1, 3), (3, 900, 3)])
def test_an_even_surface_and_grain_do_not_pass(shape: tuple[int, int, int]) -> None:
    grain = np.random.default_rng(0).integers(100, 140, shape, np.uint8)
    assert text_likelihood(np.full(shape, 200, np.uint8)) < TEXT_LIKELY
    assert text_likelihood(grain) < TEXT_LIKELY


def _pass_rate(files: list[Path]) -> float:
    passed = []
    for file in files:
        content = decode_path(str(file), Kind.IMAGE, "image/x", LIMITS)
        assert isinstance(content, ImageContent)
        passed.append(content.text_likelihood >= TEXT_LIKELY)
    assert len(passed) > 10
    return float(np.mean(passed))


def test_pages_with_known_text_pass(media: Path) -> None:
    folders = ["docs/tesseract", "docs/easyocr", "docs/sroie_receipts", "generated/docs"]
    endings = {".jpg", ".png", ".tif"}
    files = [f for d in folders for f in sorted((media / d).rglob("*")) if f.suffix in endings]
    assert _pass_rate(files) >= 0.95


def test_few_photos_pass(media: Path) -> None:
    flickr = sorted((media / "photos" / "flickr8k" / "val").glob("*.jpg"))[::10]
    coco = sorted((media / "photos" / "coco128").rglob("*.jpg"))
    assert _pass_rate(flickr) <= 0.05
    assert _pass_rate(coco) <= 0.15
