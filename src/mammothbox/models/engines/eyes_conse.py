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

from mammothbox.arrays import Vectors
from mammothbox.models.engines.eyes_labels import softmax

TEMPERATURE = 2.0
TOP = 50
DIMENSIONS = 512


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row divided by its length; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def widen(vectors: Vectors) -> Vectors:
    """N x 384 padded with zeros to N x 512."""
    return np.pad(vectors, ((0, 0), (0, DIMENSIONS - vectors.shape[1])))


def label_vectors(logits: npt.NDArray[np.float32], names: Vectors) -> Vectors:
    """N x 384, rows L2-normalised: the 50 most probable labels' mean, from N x 1000 logits.

    Args:
        logits: of the backbone.
        names: 1000 x 384, the sentence vectors of `label_names`.
    """
    weights = softmax(logits, TEMPERATURE)
    floor = np.partition(weights, -TOP, axis=1)[:, -TOP, None]
    return unit_rows(np.where(weights >= floor, weights, 0) @ names)


class ConseSpace:
    """Both sides of the space; `embed` gives L2-normalised sentence vectors, N x 384."""

    def __init__(self, embed: Callable[[Sequence[str]], Vectors], names: Vectors) -> None:
        self._embed, self._names = embed, names

    def images(self, logits: npt.NDArray[np.float32]) -> Vectors:
        """N x 512 from N x 1000 logits, rows L2-normalised."""
        return widen(label_vectors(logits, self._names))

    def texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512, rows L2-normalised."""
        return widen(self._embed(texts))
