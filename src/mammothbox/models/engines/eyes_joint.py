"""The trained joint space: photos and sentences as 512 numbers each, comparable by dot product.

Place in the flow: the eyes engine's default space. Two shipped graphs: ``eyes_image.onnx`` reads
the backbone's cells and the label vector, ``eyes_sentence.onnx`` MiniLM's sentence vector and
tokens. Knows nothing of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.models.engines.sessions import open_session
from mammothbox.models.engines.text import TextEngine

DIMENSIONS = 512
BATCH = 32

Array = npt.NDArray[np.float32]


class JointSpace:
    """Both sides of the space; several threads may turn photos into vectors once that is loaded.

    Args:
        shipped: directory with the two graphs; each is loaded when first needed.
        text: gives the loaded sentence model.
        threads: compute threads of the sentences' side.
        each: compute threads of the photos' side.
    """

    def __init__(
        self, shipped: Path, text: Callable[[], TextEngine], threads: int, each: int
    ) -> None:
        self._shipped, self._text = shipped, text
        self._threads, self._each = threads, each

    def load_image_side(self) -> None:
        """Load what `images` needs, unless that is done."""
        _ = self._image

    def load_sentence_side(self) -> None:
        """Load what `texts` needs besides the sentence model, unless that is done."""
        _ = self._sentence

    @cached_property
    def _image(self) -> Any:
        return open_session(self._shipped / "eyes_image.onnx", self._each, one_arena=True)

    @cached_property
    def _sentence(self) -> Any:
        return open_session(self._shipped / "eyes_sentence.onnx", self._threads, one_arena=True)

    def images(self, cells: Array, labels: Array) -> Array:
        """N x 512, rows L2-normalised.

        Args:
            cells: N x 81 x 1280 features of the backbone.
            labels: N x 384 label vectors (`eyes_conse.label_vectors`).
        """
        (vectors,) = self._image.run(["vector"], {"cells": cells, "labels": labels})
        return np.asarray(vectors, np.float32)

    def texts(self, texts: Sequence[str]) -> Array:
        """N x 512, rows L2-normalised, in the order of `texts`."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            sentence, tokens, mask = self._text().states([texts[index] for index in chosen])
            feed = {"sentence": sentence, "tokens": tokens, "mask": mask}
            (vectors[chosen],) = self._sentence.run(["vector"], feed)
        return vectors
