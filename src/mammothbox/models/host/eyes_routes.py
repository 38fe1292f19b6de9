"""Pictures and sentences over HTTP: captions, joint vectors, text vectors.

Place in the flow: one host holds the eyes and MiniLM, since the eyes' sentence side is MiniLM.
``/v1/embeddings`` takes ``model: minilm`` for text vectors and any other name for joint ones;
``modality: image`` marks data URLs (infinity's shape). ``/v1/looks`` is our own: bitmaps in (see
`wire.encode_images`), caption, labels and vector of each picture from one pass out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.arrays import Pixels, Vectors
from mammothbox.errors import UsageError
from mammothbox.models.engines.eyes import EyesEngine
from mammothbox.models.engines.text import TextEngine
from mammothbox.models.host.app import json_body, whole_body
from mammothbox.models.host.service import Service
from mammothbox.models.wire import decode_image, decode_images, encode_vector

TEXT_MODEL = "minilm"


class Senses:
    """MiniLM at once, and the eyes' two sides when they are first needed, or before.

    Args:
        backbone: `.onnx` of EfficientNet-Lite2.
        text: directory of MiniLM.
        threads: compute threads.
    """

    def __init__(self, backbone: Path, text: Path, threads: int) -> None:
        self.text = TextEngine(text, threads)
        self.eyes = EyesEngine(backbone, self.text, threads)

    def load_sentence_side(self) -> None:
        """What turns MiniLM's vectors into joint ones: there when a search has been imported."""
        self.eyes.load_sentence_side()

    def load_sight(self) -> None:
        """What sees: there when the first pictures of a run have been decoded."""
        self.eyes.load_sight()

    def look(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        """Caption, labels and vector of each image."""
        return [
            {
                "caption": look.caption,
                "confidence": look.confidence,
                "labels": look.labels,
                "from_labels": look.from_labels,
                "vector": encode_vector(look.vector),
            }
            for look in self.eyes.look(images)
        ]

    def embed(self, model: str, modality: str, inputs: Sequence[str]) -> Vectors:
        """N x 512 of the joint space, or N x 384 of the text space for `TEXT_MODEL`."""
        if modality == "image":
            return self.eyes.embed_images([decode_image(url) for url in inputs])
        if model == TEXT_MODEL:
            return self.text.embed(inputs)
        return self.eyes.embed_texts(inputs)


def strings(body: dict[str, Any], key: str) -> list[str]:
    """The value of `key` as a list; one string counts as a list of one.

    Raises:
        UsageError: it is neither.
    """
    value = body.get(key)
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{key!r} must be a string or a list of strings")
    return value


def picture_of(body: dict[str, Any]) -> str:
    """The address of the first picture in a conversation.

    Raises:
        UsageError: there is none.
    """
    for message in body.get("messages") or []:
        parts = message.get("content") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if part.get("type") == "image_url":
                return str(part["image_url"]["url"])
    raise UsageError("no image_url in the messages")


class Seeing(Protocol):
    """What looks and embeds: `Senses`, or another model in the same shapes."""

    def look(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        """What is seen in each image, ``vector`` at least."""

    def embed(self, model: str, modality: str, inputs: Sequence[str]) -> Vectors:
        """One row an input."""


def routes(service: Service[Seeing]) -> list[Route]:
    """The host's own routes."""

    async def looks(request: Request) -> Response:
        body = await whole_body(request)
        data = await service.compute(lambda senses: senses.look(decode_images(body)))
        return JSONResponse({"data": data})

    async def chat(request: Request) -> Response:
        body = await json_body(request)
        url = picture_of(body)
        (look,) = await service.compute(lambda senses: senses.look([decode_image(url)]))
        message = {"role": "assistant", "content": look["caption"]}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "look", "object": "chat.completion", "created": int(time.time())}
        return JSONResponse({**answer, "model": body.get("model", ""), "choices": [choice]})

    async def embeddings(request: Request) -> Response:
        body = await json_body(request)
        inputs = strings(body, "input")
        model, modality = str(body.get("model", "")), str(body.get("modality", "text"))
        vectors = await service.compute(lambda senses: senses.embed(model, modality, inputs))
        packed = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": encode_vector(vector) if packed else vector.tolist(),
            }
            for index, vector in enumerate(vectors)
        ]
        return JSONResponse({"object": "list", "model": model, "data": data})

    return [
        Route("/v1/looks", looks, methods=["POST"]),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
    ]
