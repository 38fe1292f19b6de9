"""Text in pictures: PP-OCR through rapidocr on ONNX Runtime, with the weights that rapidocr brings.

Place in the flow: the ocr host holds one `OcrEngine`, whose detector `graphs.pp_ocr.build` made.
Model paths are given explicitly, so rapidocr never looks for a download. Knows nothing of pages or
HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from mammothbox.arrays import Pixels
from mammothbox.models.contracts import TextLine
from mammothbox.models.graphs.pp_ocr import CLASSIFIER, RECOGNISER, weights

MIN_CONFIDENCE = 0.5

GLANCE_PX = 640
"""Longer side at which a picture is first searched for text at all: on 18 pictures with text,
receipts among them, it missed none."""

DETECT_PX = 960
"""Longer side at which lines are looked for; words are then read from all the pixels there are."""


AT_ONCE = 4
"""Pages read side by side at most, one on a core: two cores are no faster on one page than one is
(133 to 101 ms with the detector as published), and two pages on two cores take 57 ms each, in less
memory."""


class OcrEngine:
    """Loaded readers, one a thread up to `AT_ONCE`. Several threads may ask; more of them wait.

    Args:
        detector: the graph made by `graphs.pp_ocr.build`.
        threads: compute threads.

    Raises:
        WeightsMissing: rapidocr brings other weights.
    """

    def __init__(self, detector: Path, threads: int) -> None:
        self._free: SimpleQueue[_Reader] = SimpleQueue()
        self._readers = max(1, min(threads, AT_ONCE))
        for _ in range(self._readers):
            self._free.put(_Reader(detector))

    def read_all(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """`read` of each image, in order."""
        with ThreadPoolExecutor(self._readers) as threads:
            return list(threads.map(self.read, images))

    def read(self, image: Pixels) -> list[TextLine]:
        """Lines of H x W x 3 RGB pixels in reading order; empty where there is no text."""
        reader = self._free.get()
        try:
            return reader.read(image)
        finally:
            self._free.put(reader)


class _Reader:
    """The three models of rapidocr. Not for several threads at once."""

    def __init__(self, detector: Path) -> None:
        from rapidocr import RapidOCR

        paths = weights()
        self._reader = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.text_score": MIN_CONFIDENCE,
                "Det.model_path": str(detector),
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECT_PX,
                "Rec.model_path": str(paths[RECOGNISER]),
                "Cls.model_path": str(paths[CLASSIFIER]),
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, image: Pixels) -> list[TextLine]:
        """See `OcrEngine.read`."""
        pixels = np.ascontiguousarray(image[:, :, ::-1])  # it wants BGR
        # A small picture costs a glance as much as the search for lines itself.
        if max(pixels.shape[:2]) > GLANCE_PX and not self._glance(pixels):
            return []
        # The switches stay as the last call set them, so each call sets them all.
        found = self._reader(pixels, use_det=True, use_cls=True, use_rec=True)
        if found.boxes is None or found.txts is None:
            return []
        lines = [
            TextLine(text, float(score), _bounds(box))
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if text.strip()
        ]
        return reading_order(lines)

    def _glance(self, pixels: Pixels) -> bool:
        """Whether a small copy shows any line; most pictures sent by the gate in vain do not."""
        import cv2

        scale = GLANCE_PX / max(pixels.shape[:2])
        small: Any = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = self._reader(small, use_det=True, use_cls=False, use_rec=False)
        return found.boxes is not None


def _bounds(corners: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """Top to bottom in rows, left to right within a row.

    A line belongs to the row above it when their middles are nearer than half a line's height.
    """
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda each: each.box[1] + each.box[3]):
        middle, height = (line.box[1] + line.box[3]) / 2, line.box[3] - line.box[1]
        if rows:
            first = rows[-1][0]
            if abs((first.box[1] + first.box[3]) / 2 - middle) < height / 2:
                rows[-1].append(line)
                continue
        rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda each: each.box[0])]
