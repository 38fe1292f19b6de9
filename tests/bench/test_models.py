"""Made-up networks of the bench have the published sizes; its plot and its watch tell the truth."""

from __future__ import annotations

import math
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from bench.models import clip_file, phi_file
from bench.models.plot import write_svg
from bench.models.sampling import Samples
from mammothbox.models.planning import BYTES_A_WEIGHT
from mammothbox.models.shapes import PUBLISHED, clip, phi3


def test_the_writer_has_the_published_size() -> None:
    shapes = dict(phi_file._tensors())
    weights = sum(rows * columns for rows, columns, _ in shapes.values())
    assert weights == phi3(PUBLISHED["phi-3.5-mini-instruct"]).parameters
    blocks = phi_file._Blocks.BYTES
    size = sum(r * c // 256 * blocks[kind] if kind else 4 * c for r, c, kind in shapes.values())
    assert size == pytest.approx(2.39e9, rel=0.005)
    # and the plan knows how many bytes such a file has for each weight
    assert BYTES_A_WEIGHT["q4_k_m"] == pytest.approx(size / weights, rel=0.002)


@pytest.mark.parametrize("kind", ["Q4_K", "Q5_K", "Q6_K"])
def test_its_blocks_stand_around_nought(kind: str) -> None:
    import gguf

    made = phi_file._Blocks().take(kind, 400)
    values = gguf.quants.dequantize(made, getattr(gguf.GGMLQuantizationType, kind))
    assert abs(float(values.mean())) < 0.1 * phi_file.SPREAD
    assert float(values.std()) == pytest.approx(phi_file.SPREAD, rel=0.1)


def test_the_joint_space_has_the_published_size() -> None:
    config = PUBLISHED[clip_file.MODEL]
    tensors = dict(clip_file._tensors(config))
    assert sum(map(math.prod, tensors.values())) == pytest.approx(clip(config).parameters, rel=1e-4)


def test_a_watch_sees_the_highest_of_what_it_measures() -> None:
    sizes = iter([1, 7, 3])
    with Samples(lambda: next(sizes, 2)) as watch:
        time.sleep(0.5)
    assert watch.most == 7
    assert [size for _, size in watch.points[:4]] == [1, 7, 3, 2]
    assert list(np.diff([at for at, _ in watch.points]) > 0.05).count(False) == 0


def test_the_plot_has_each_sample_and_the_limit(tmp_path: Path) -> None:
    points = [(0.0, 0), (1.0, 2 * 10**9), (2.0, 10**9)]
    drawn = write_svg(tmp_path / "a.svg", points, 6 * 10**9, "memory")
    root = ElementTree.fromstring(drawn.read_text("utf-8"))
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    heights = [float(pair.split(",")[1]) for pair in line.attrib["points"].split()]
    assert heights[1] < heights[2] < heights[0], "more memory is higher up"
    red = [e for e in root.iter("{http://www.w3.org/2000/svg}line") if e.attrib["stroke"] == "#c00"]
    assert float(red[0].attrib["y1"]) < min(heights)
