"""Names of what the backbone knows, and the honest sentence made of them.

Place in the flow: the eyes engine turns logits into labels here, and falls back to `label_sentence`
where the captioner is not sure. Knows nothing of networks.

Example:
    >>> label_sentence([("golden retriever", 0.71), ("tennis ball", 0.12)])
    'probably: golden retriever, tennis ball'
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

SHIPPED = Path(__file__).parent.parent / "weights"
"""Directory of the data files that come with the package."""

LABELS_KEPT = 5
LABEL_FLOOR = 0.05
"""A label less probable than this is not worth saying."""

Label = tuple[str, float]


@cache
def label_names() -> tuple[str, ...]:
    """The 1,000 ImageNet classes in the order of the logits, as people say them."""
    return tuple((SHIPPED / "imagenet_labels.txt").read_text("utf-8").splitlines())


@cache
def name_vectors() -> npt.NDArray[np.float32]:
    """1000 x 384, MiniLM's vector of each name; shipped: a photo needs no sentence model."""
    stored: npt.NDArray[np.float16] = np.load(SHIPPED / "imagenet_label_vectors.npy")
    return stored.astype(np.float32)


def softmax(logits: npt.NDArray[np.float32], temperature: float = 1.0) -> npt.NDArray[np.float32]:
    """Probabilities along the last axis; a higher temperature is less sure."""
    scaled = logits / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def top_labels(probabilities: npt.NDArray[np.float32], kept: int = LABELS_KEPT) -> list[Label]:
    """The most probable labels of one photo, at least one, at most `kept`, none under the floor."""
    names = label_names()
    best = np.argsort(-probabilities, kind="stable")[:kept]
    labels = [(names[index], float(probabilities[index])) for index in best]
    return labels[:1] + [label for label in labels[1:] if label[1] >= LABEL_FLOOR]


def label_sentence(labels: Sequence[Label], most: int = 3) -> str:
    """Labels as one honest phrase: marked as a guess, the most probable first."""
    return "probably: " + ", ".join(name for name, _ in labels[:most])
