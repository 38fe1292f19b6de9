"""What is read from pictures, and in which order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mammothbox.models.contracts import TextLine
from mammothbox.models.engines.ocr import OcrEngine, reading_order, weights

EXAMPLES = Path(__file__).parents[2] / "examples"


def line(text: str, x: float, y: float, height: float = 20) -> TextLine:
    return TextLine(text, 0.9, (x, y, x + 100, y + height))


def test_rows_from_the_top_and_left_to_right_within_a_row() -> None:
    lines = [line("total", 0, 63), line("9.50", 300, 60), line("b", 150, 3), line("a", 0, 0)]

    assert [each.text for each in reading_order(lines)] == ["a", "b", "total", "9.50"]


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(1, 50)), max_size=20))
def test_no_line_is_lost(places: list[tuple[float, float, float]]) -> None:
    lines = [line(str(n), x, y, height) for n, (x, y, height) in enumerate(places)]

    assert sorted(reading_order(lines), key=lambda each: int(each.text)) == lines


def test_the_weights_come_with_the_dependency() -> None:
    assert all(path.stat().st_size > 100_000 for path in weights().values())


def test_a_picture_without_text_costs_no_reading_and_changes_nothing_for_the_next() -> None:
    engine, scan = OcrEngine(threads=2), read("documents/scan_0001.jpg")
    fresh = engine.read(scan)

    assert engine.read(np.zeros((480, 640, 3), np.uint8)) == []
    assert engine.read(scan) == fresh
    assert len(fresh) > 3


def read(name: str) -> np.ndarray:
    with Image.open(EXAMPLES / name) as image:
        return np.asarray(image.convert("RGB"))
