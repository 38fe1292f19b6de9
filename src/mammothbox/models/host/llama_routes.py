"""The writer over HTTP: ``/v1/chat/completions`` with ``response_format: json_schema``.

Place in the flow: hands the request to llama.cpp's own handler inside the process, several at once.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.models.engines.llama import LlamaEngine
from mammothbox.models.host.app import json_body
from mammothbox.models.host.service import Service


def routes(service: Service[LlamaEngine]) -> list[Route]:
    """The host's own routes."""

    async def chat(request: Request) -> Response:
        body = await json_body(request)
        return JSONResponse(await service.compute(lambda engine: engine.chat(body)))

    async def props(_: Request) -> Response:
        tokens = await service.compute(lambda engine: engine.context_tokens)
        return JSONResponse({"context_tokens": tokens})

    return [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/props", props),
    ]
