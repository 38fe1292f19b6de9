"""The writer over HTTP: ``/v1/chat/completions`` with ``response_format: json_schema``.

Place in the flow: hands requests to the engine inside the process, several at once.
A streamed answer passes chunk by chunk from the engine's thread to the loop; when the client has
gone, the engine is told to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mammothbox.errors import MammothboxError, UsageError
from mammothbox.models.host.app import json_body
from mammothbox.models.host.service import Service
from mammothbox.models.host.streaming import chunks_of, events


class WriterEngine(Protocol):
    """What writes: llama.cpp, or the small writer on ONNX Runtime."""

    @property
    def context_tokens(self) -> int:
        """Prompt and answer together may be this long."""

    def chat(self, request: dict[str, Any]) -> dict[str, Any]:
        """One answer."""

    def stream(self, request: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool]) -> None:
        """The same, piece by piece, until `on_chunk` returns False."""


def routes(service: Service[WriterEngine]) -> list[Route]:
    """The host's own routes."""

    async def chat(request: Request) -> Response:
        body = await json_body(request)
        if body.get("stream"):
            chunks = chunks_of(lambda put: service.compute(lambda engine: engine.stream(body, put)))
            first = await anext(chunks)  # a refusal is still an error with its status
            if "error" in first:
                raise UsageError(f"the writer refuses: {first['error']}")
            return StreamingResponse(
                events(first, chunks, _problem), media_type="text/event-stream"
            )
        return JSONResponse(await service.compute(lambda engine: engine.chat(body)))

    async def props(_: Request) -> Response:
        tokens = await service.compute(lambda engine: engine.context_tokens)
        return JSONResponse({"context_tokens": tokens})

    return [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/props", props),
    ]


def _problem(error: MammothboxError) -> dict[str, Any]:
    return {"type": error.reason, "message": str(error)}
