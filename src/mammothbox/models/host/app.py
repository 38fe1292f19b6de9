"""The ASGI application in front of every engine: health, metrics, limits and errors, alike for all.

Place in the flow: `__main__` serves what `build_app` returns. An error of our own tree answers with
its HTTP status and its class name, so that the client can raise the same class again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mammothbox.errors import MammothboxError, TooLarge, UsageError
from mammothbox.models.host.service import Service

MAX_BODY = 512_000_000
"""Bytes of a request; sound is streamed and has no such limit here."""


async def whole_body(request: Request) -> bytes:
    """The request's bytes.

    Raises:
        TooLarge: over `MAX_BODY`.
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            raise TooLarge(f"the request is over {MAX_BODY} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        UsageError: it is not one.
        TooLarge: over `MAX_BODY`.
    """
    try:
        body = json.loads(await whole_body(request))
    except ValueError as error:
        raise UsageError(f"the request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError("the request is not a JSON object")
    return body


def _error(kind: str, message: str, status: int) -> Response:
    headers = {"Retry-After": "1"} if status == 503 else {}
    body = {"error": {"type": kind, "message": message, "code": status}}
    return JSONResponse(body, status, headers)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, MammothboxError)
    return _error(error.reason, str(error), error.http_status)


async def _foreign(_: Request, error: Exception) -> Response:
    return _error("BadAnswer", f"{type(error).__name__}: {error}", 500)


def build_app(name: str, service: Service[Any], routes: Sequence[Route]) -> Starlette:
    """The application of the engine `name`."""

    async def health(_: Request) -> Response:
        status = 500 if service.state == "failed" else 200
        return JSONResponse({"status": service.state, "engine": name}, status)

    async def metrics(_: Request) -> Response:
        values = {
            "requests_served_total": service.served,
            "requests_failed_total": service.failed,
            "requests_waiting": service.waiting,
            "busy_seconds_total": round(service.busy_s, 3),
        }
        lines = [f'mammothbox_{key}{{engine="{name}"}} {value}' for key, value in values.items()]
        return PlainTextResponse("\n".join(lines) + "\n")

    shared = [Route("/health", health), Route("/metrics", metrics)]
    return Starlette(
        routes=[*shared, *routes],
        exception_handlers={MammothboxError: _ours, Exception: _foreign},
    )
