"""The writer's service: ``/v1/chat/completions``, streamed on request, JSON schemas kept.

Place in the flow: the request passes to the writer's engine as it came; several are worked on at
once there. A stream keeps its place in the queue until its last word, and the engine stops when the
client leaves.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mammothbox.errors import MammothboxError, UsageError
from mammothbox.models.host.streaming import Put, chunks_of, events
from mammothbox.services.desk import Desk
from mammothbox.services.intake import check_model, json_body


def routes(desk: Desk) -> list[Route]:
    """The service's own routes."""

    async def chat(request: Request) -> Response:
        body = await json_body(request)
        check_model(body.get("model"), desk.card(), desk.kind.name)
        body = _checked(body)
        if body.get("stream"):
            chunks = _chunks(desk, body)
            first = await anext(chunks)  # what is refused at once still has its status
            return StreamingResponse(
                events(first, chunks, _problem), media_type="text/event-stream"
            )
        with desk.place():
            answer = await desk.work(lambda: _chat(desk, body))
        return JSONResponse({**answer, "model": desk.card().id})

    return [Route("/v1/chat/completions", chat, methods=["POST"])]


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise UsageError("'messages' must be a list that is not empty")
    if not all(isinstance(message, dict) for message in messages):
        raise UsageError("every message must be an object")
    if body.get("n", 1) != 1:
        raise UsageError("'n' can only be 1")
    most = body.pop("max_completion_tokens", None)
    return {**body, "max_tokens": most} if most is not None else body


def _chat(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    with desk.models.writer() as writer:
        return writer.chat(body)


async def _chunks(desk: Desk, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
    """Chunks as they are written; closing the iterator stops the writer."""

    def write(put: Put) -> None:
        with desk.models.writer() as writer:
            for chunk in writer.chat_stream(body):
                if not put(chunk):
                    break

    with desk.place():
        name = desk.card().id
        async with aclosing(chunks_of(lambda put: desk.work(lambda: write(put)))) as chunks:
            async for chunk in chunks:
                yield {**chunk, "model": name}


def _problem(error: MammothboxError) -> dict[str, Any]:
    return {"message": str(error), "type": "server_error", "code": error.reason}
