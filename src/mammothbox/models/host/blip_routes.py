"""BLIP-2 over HTTP: captions of pictures, and answers to questions about one.

Place in the flow: the blip host serves these over a `BlipEngine`. ``/v1/captions`` is our own:
several pictures, one prompt for all. ``/v1/chat/completions`` takes one picture and a question, in
the ecosystem's shape.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.errors import UsageError
from mammothbox.models.engines.blip import BlipEngine, Said
from mammothbox.models.host.app import json_body
from mammothbox.models.host.eyes_routes import picture_of, strings
from mammothbox.models.host.service import Service
from mammothbox.models.wire import decode_image


def routes(service: Service[BlipEngine]) -> list[Route]:
    """The host's own routes."""

    async def captions(request: Request) -> Response:
        body = await json_body(request)
        urls, prompt = strings(body, "images"), str(body.get("prompt", ""))
        found = await service.compute(
            lambda engine: engine.caption([decode_image(url) for url in urls], prompt)
        )
        return JSONResponse({"data": [asdict(said) for said in found]})

    async def chat(request: Request) -> Response:
        body = await json_body(request)
        url, question = picture_of(body), _text_of(body)
        said = await service.compute(lambda engine: _answer(engine, url, question))
        message = {"role": "assistant", "content": said.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "answer", "object": "chat.completion", "created": int(time.time())}
        more = {"model": body.get("model", ""), "choices": [choice]}
        return JSONResponse({**answer, **more, "confidence": said.confidence})

    return [
        Route("/v1/captions", captions, methods=["POST"]),
        Route("/v1/chat/completions", chat, methods=["POST"]),
    ]


def _answer(engine: BlipEngine, url: str, question: str) -> Said:
    image = decode_image(url)
    return engine.ask(image, question) if question else engine.caption([image])[0]


def _text_of(body: dict[str, Any]) -> str:
    """The words beside the picture; empty where there are none.

    Raises:
        UsageError: they are no text.
    """
    found = []
    for message in body.get("messages") or []:
        parts = message.get("content") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if part.get("type") == "text":
                if not isinstance(part.get("text"), str):
                    raise UsageError("a part of the type text has no text")
                found.append(part["text"].strip())
    return " ".join(filter(None, found))
