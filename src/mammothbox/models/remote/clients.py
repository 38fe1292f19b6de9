"""Captions, joint vectors and written answers from services.

Place in the flow: `lease` hands these out where an endpoint is set; speech is in `speech`. Pictures
travel as PNG, which every server reads and which loses nothing.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mammothbox.arrays import Pixels, Vectors
from mammothbox.errors import BadAnswer
from mammothbox.models.client import data_of
from mammothbox.models.contracts import Caption, ModelCard
from mammothbox.models.remote.endpoint import Endpoint
from mammothbox.models.wire import decode_vector

AT_ONCE = 4
BATCH = 16
LONGEST_CAPTION = 300
DESCRIBE = "Describe this picture in one plain sentence."
UNKNOWN = 0.5
"""Confidence of a caption whose service tells none."""


def png(image: Pixels) -> str:
    """The image as a data URL."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(out, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


class RemoteCaptioner:
    """See `contracts.Captioner`."""

    def __init__(self, endpoint: Endpoint, card: ModelCard) -> None:
        self._endpoint, self.card = endpoint, card

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        """One caption an image, in order."""
        words = f"{DESCRIBE} Context: {context}" if context else DESCRIBE
        if len(images) == 1:
            return [self._look(images[0], words)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(lambda image: self._look(image, words), images))

    def ask(self, image: Pixels, question: str) -> Caption:
        """Answer a question about one image.

        Raises:
            Unsupported: the model behind the service cannot look again.
        """
        return self._look(image, question if question.endswith("?") else f"{question}?")

    def _look(self, image: Pixels, words: str) -> Caption:
        parts = [
            {"type": "text", "text": words},
            {"type": "image_url", "image_url": {"url": png(image)}},
        ]
        message = {"role": "user", "content": parts}
        body = {"model": self.card.id, "messages": [message], "max_tokens": 80, "temperature": 0.0}
        answer = self._endpoint.post("/v1/chat/completions", body)
        text = " ".join(content_of(answer, self._endpoint.name).split())[:LONGEST_CAPTION]
        if not text:
            raise BadAnswer(f"{self._endpoint.name} gave an empty caption")
        return _caption(text, answer.get("mammothbox"))


def _caption(text: str, own: Any) -> Caption:
    """With what a service of ours says beside the sentence."""
    if not isinstance(own, dict):
        return Caption(text, UNKNOWN)
    labels = tuple((str(name), float(share)) for name, share in own.get("labels", ()))
    sure = float(own.get("confidence", UNKNOWN))
    return Caption(text, sure, labels, bool(own.get("from_labels")))


def content_of(answer: dict[str, Any], name: str) -> str:
    """The words of a chat completion.

    Raises:
        BadAnswer: there are none where they should be.
    """
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise BadAnswer(f"{name} gave no message") from error
    return content if isinstance(content, str) else ""


class RemoteEmbedder:
    """See `contracts.Embedder`."""

    def __init__(self, endpoint: Endpoint, card: ModelCard) -> None:
        self._endpoint, self.card = endpoint, card

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """N x 512, rows L2-normalised."""
        return self._embed([png(image) for image in images], {"modality": "image"})

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512, rows L2-normalised."""
        return self._embed(texts, {})

    def _embed(self, inputs: Sequence[str], more: dict[str, str]) -> Vectors:
        rows: list[Any] = []
        for start in range(0, len(inputs), BATCH):
            batch = list(inputs[start : start + BATCH])
            body = {"model": self.card.id, "input": batch, **more}
            answer = self._endpoint.post("/v1/embeddings", body)
            data = data_of(answer, len(batch))
            data.sort(key=lambda item: int(item.get("index", 0)))
            rows += [decode_vector(item.get("embedding")) for item in data]
        return _unit(rows, self.card.dimensions, self._endpoint.name)


def _unit(rows: Sequence[Any], dimensions: int, name: str) -> Vectors:
    if any(row.shape != (dimensions,) for row in rows):
        raise BadAnswer(f"{name} gives vectors that are not {dimensions} long")
    if not rows:
        return np.zeros((0, dimensions), np.float32)
    matrix = np.stack(rows).astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths < 1e-9).any():
        raise BadAnswer(f"{name} gives vectors without a direction")
    return np.asarray(matrix / lengths, np.float32)
