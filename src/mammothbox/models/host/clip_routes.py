"""CLIP over HTTP, in the shapes of `eyes_routes`: vectors of pictures and of sentences.

Place in the flow: the clip host serves `eyes_routes.routes` over a `ClipSenses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mammothbox.arrays import Pixels
from mammothbox.models.engines.clip import ClipEngine, Vectors
from mammothbox.models.wire import decode_image, encode_vector


class ClipSenses:
    """What the routes ask for, by CLIP; it has no captions."""

    def __init__(self, engine: ClipEngine) -> None:
        self._engine = engine

    def look(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        """The vector of each image."""
        vectors = self._engine.embed_images(images)
        return [{"vector": encode_vector(vector)} for vector in vectors]

    def embed(self, model: str, modality: str, inputs: Sequence[str]) -> Vectors:
        """N x 512."""
        if modality == "image":
            return self._engine.embed_images([decode_image(url) for url in inputs])
        return self._engine.embed_texts(inputs)
