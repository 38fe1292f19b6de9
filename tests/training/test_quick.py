"""The whole recipe in small on real photos of Flickr8k: every loss falls, and what it makes speaks.

Needs PyTorch (the extra ``train``): skipped where it is absent, fails where it is absent in CI.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if not os.environ.get("CI"):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install '.[train]')")

from mammothbox.models.engines.eyes import EyesEngine
from mammothbox.models.pulling import where
from mammothbox.settings import load_settings
from training.__main__ import recipe


def _losses(curve: Path) -> list[float]:
    return [point["loss"] for point in json.loads(curve.read_text())]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_quick_recipe_learns_from_real_photos_and_what_it_makes_runs(
    media: Path, examples: Path, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    recipe(media, run, out, quick=True)

    words = [_losses(path) for path in sorted(run.glob("captioner/member*/xe.json"))]
    assert len(words) == 2
    for losses in words:
        assert losses[-1] < 0.75 * losses[0]
    (joint,) = (_losses(path) for path in sorted(run.glob("joint/member*.json")))
    assert joint[-1] < 0.9 * joint[0]

    folders = where(load_settings())
    backbone = run / "train/backbone.onnx"
    eyes = EyesEngine(backbone, folders["minilm"], threads=2, shipped=out)
    with Image.open(examples / "photos/IMG_2101.jpg") as file:
        pixels = np.asarray(file.convert("RGB"))
    (sentence,) = eyes.sentences([pixels])
    assert sentence.text
    known = (out / "caption_words.txt").read_text().split()
    assert set(sentence.text.split()) <= set(known)
    (look,) = eyes.look([pixels])
    assert look.vector @ look.vector == pytest.approx(1.0, abs=1e-3)
