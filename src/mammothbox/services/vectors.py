"""The services of vectors: ``/v1/embeddings`` for sentences, and for pictures by data URL.

Place in the flow: `clip` takes ``"modality": "image"`` (infinity's shape) beside text, `text` takes
text alone. Inputs of several clients are embedded together.
"""

from __future__ import annotations

import base64
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.arrays import Vectors
from mammothbox.errors import UsageError
from mammothbox.services.batching import Batcher
from mammothbox.services.desk import Desk
from mammothbox.services.intake import check_model, json_body, picture, strings

BATCH = 32
MOST_INPUTS = 2048
"""Inputs of one request, as the original has it."""


def routes(desk: Desk) -> list[Route]:
    """The service's own routes."""

    async def together(modality: Hashable, inputs: list[Any]) -> Sequence[Any]:
        desk.batches.observe(len(inputs))
        return list(await desk.work(lambda: _embed(desk, str(modality), inputs)))

    batcher: Batcher[Any, Any] = Batcher(together, BATCH)

    async def embeddings(request: Request) -> Response:
        with desk.place():
            body = await json_body(request)
            modality, inputs = _checked(body, desk)
            if modality == "image":
                inputs = [
                    await desk.work(lambda url=url: picture(desk.decoder, url))  # type: ignore[misc]
                    for url in inputs
                ]
            vectors = await batcher.submit(modality, inputs)
        packed = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": _packed(vector) if packed else vector.tolist(),
            }
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        answer = {"object": "list", "model": desk.card().id, "data": data, "usage": usage}
        return JSONResponse(answer)

    return [Route("/v1/embeddings", embeddings, methods=["POST"])]


def _checked(body: dict[str, Any], desk: Desk) -> tuple[str, list[Any]]:
    card = desk.card()
    check_model(body.get("model"), card, desk.kind.name)
    modality = body.get("modality", "text")
    known = ("text", "image") if desk.kind.contract == "embedder" else ("text",)
    if modality not in known:
        raise UsageError(f"'modality' must be one of {', '.join(known)}")
    if body.get("dimensions", card.dimensions) != card.dimensions:
        raise UsageError(f"'dimensions' can only be {card.dimensions}")
    if body.get("encoding_format", "float") not in ("float", "base64"):
        raise UsageError("'encoding_format' must be float or base64")
    inputs = strings(body, "input")
    if len(inputs) > MOST_INPUTS:
        raise UsageError(f"at most {MOST_INPUTS} inputs a request")
    return modality, inputs


def _embed(desk: Desk, modality: str, inputs: Sequence[Any]) -> Vectors:
    if desk.kind.contract == "text_embedder":
        with desk.models.text_embedder() as texts:
            return texts.embed_texts(inputs)
    with desk.models.embedder() as embedder:
        if modality == "image":
            return embedder.embed_images(inputs)
        return embedder.embed_texts(inputs)


def _packed(vector: Vectors) -> str:
    return base64.b64encode(np.ascontiguousarray(vector, "<f4").tobytes()).decode("ascii")
