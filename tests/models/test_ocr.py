"""What is read from pictures, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from PIL import Image

from mammothbox.errors import WeightsMissing
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import OCR
from mammothbox.models.contracts import TextLine
from mammothbox.models.derived import build_missing
from mammothbox.models.engines.ocr import OcrEngine, reading_order
from mammothbox.models.engines.sessions import open_session
from mammothbox.models.graphs import pp_ocr

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
    assert all(path.stat().st_size > 100_000 for path in pp_ocr.weights().values())


def test_a_picture_without_text_costs_no_reading_and_changes_nothing_for_the_next(
    tmp_path: Path,
) -> None:
    detector = pp_ocr.build(tmp_path / pp_ocr.GRAPH)
    engine, scan = OcrEngine(detector, threads=2), read("documents/scan_0001.jpg")
    fresh = engine.read(scan)

    assert engine.read(np.zeros((480, 640, 3), np.uint8)) == []
    assert engine.read(scan) == fresh
    assert len(fresh) > 3


def test_the_detector_has_no_subnormal_weight_and_finds_the_very_same(tmp_path: Path) -> None:
    built = pp_ocr.build(tmp_path / pp_ocr.GRAPH)
    published = pp_ocr.weights()[pp_ocr.DETECTOR]
    scan = read("documents/scan_0001.jpg")[:320, :320].astype(np.float32) / 255
    feed = {"x": scan.transpose(2, 0, 1)[None]}

    ours, theirs = (open_session(path, 1).run(None, feed)[0] for path in (built, published))

    assert subnormal(published) > 100_000
    assert subnormal(built) == 0
    assert np.array_equal(ours, theirs)
    assert ours.max() > 0.5, "nothing was found, so equality says nothing"


def test_where_nothing_can_be_written_it_says_so_instead_of_failing_every_picture(
    tmp_path: Path,
) -> None:
    (tmp_path / "models").write_text("a file where the weights' directory should be")

    with pytest.raises(WeightsMissing, match=r"no graph can be built.*MAMMOTHBOX_CACHE"):
        build_missing(OCR, Cache(tmp_path))


def test_a_graph_that_nobody_builds_is_not_taken_for_another(tmp_path: Path) -> None:
    unknown = replace(OCR, derived=(("", "another.onnx"),))
    with pytest.raises(WeightsMissing, match=r"nothing here builds another\.onnx"):
        build_missing(unknown, Cache(tmp_path))


def subnormal(graph: Path) -> int:
    constants = map(numpy_helper.to_array, onnx.load(str(graph)).graph.initializer)
    floats = [each for each in constants if each.dtype == np.float32]
    return sum(int(((each != 0) & (np.abs(each) < 2.0**-126)).sum()) for each in floats)


def read(name: str) -> np.ndarray:
    with Image.open(EXAMPLES / name) as image:
        return np.asarray(image.convert("RGB"))
