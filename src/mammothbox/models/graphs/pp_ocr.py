"""The networks of PP-OCR as rapidocr brings them, and its detector made fit for Intel processors.

Place in the flow: after a pull, and before a host starts, `derived` writes the detector anew; the
ocr engine runs it beside the other two. A quarter of a million weights of the published one are
smaller than the smallest normal float32. A processor counts these as good as zero, but many need
eighty times as long for it: two of the detector's 83 convolutions took seven tenths of its time.
Here they are zero; on pictures its answers are the same bit by bit.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mammothbox.errors import WeightsMissing
from mammothbox.models.graphs.builder import write_atomic

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"
CLASSIFIER = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"

GRAPH = DETECTOR
"""Name of the file that `build` writes: another detector makes another file."""


def weights() -> dict[str, Path]:
    """Name → path of the weights that rapidocr brings; nothing is imported for this.

    Raises:
        WeightsMissing: this rapidocr brings others.
    """
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
    paths = {name: folder / name for name in (DETECTOR, RECOGNISER, CLASSIFIER)}
    for path in paths.values():
        if not path.is_file():
            raise WeightsMissing(f"rapidocr brings no {path.name}; run: pip install -U rapidocr")
    return paths


def build(target: Path) -> Path:
    """Write the detector to `target`, every subnormal weight zero, and return it.

    Raises:
        WeightsMissing: rapidocr brings another one.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(weights()[DETECTOR]))
    smallest = np.finfo(np.float32).tiny
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype == np.float32:
            normal = np.where(np.abs(values) < smallest, np.float32(0), values)
            constant.CopyFrom(numpy_helper.from_array(normal, constant.name))
    write_atomic(target, model.SerializeToString(deterministic=True))
    return target
