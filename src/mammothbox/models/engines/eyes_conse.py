"""A joint space without training: label distribution times embeddings of the label names.

ConSE (Norouzi et al. 2013): a photo's vector is the mean of the sentence vectors of its 50 most
probable labels. Place in the flow: one of the eyes engine's spaces, kept so that the trained one
can be measured against it. The 384 numbers are padded with zeros to the 512 of the contract, which
leaves every dot product as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from mammothbox.models.engines.eyes_labels import label_names, softmax

TEMPERATURE = 2.0
TOP = 50
DIMENSIONS = 512

Vectors = npt.NDArray[np.float32]


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row divided by its length; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def widen(vectors: Vectors) -> Vectors:
    """N x 384 padded with zeros to N x 512."""
    return np.pad(vectors, ((0, 0), (0, DIMENSIONS - vectors.shape[1])))


class ConseSpace:
    """Both sides of the space; `embed` gives L2-normalised sentence vectors, N x 384."""

    def __init__(self, embed: Callable[[Sequence[str]], Vectors]) -> None:
        self._embed = embed
        self._names: Vectors | None = None

    def images(self, logits: npt.NDArray[np.float32]) -> Vectors:
        """N x 512 from N x 1000 logits, rows L2-normalised."""
        if self._names is None:
            self._names = self._embed(label_names())
        weights = softmax(logits, TEMPERATURE)
        floor = np.partition(weights, -TOP, axis=1)[:, -TOP, None]
        return widen(unit_rows(np.where(weights >= floor, weights, 0) @ self._names))

    def texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512, rows L2-normalised."""
        return widen(self._embed(texts))
