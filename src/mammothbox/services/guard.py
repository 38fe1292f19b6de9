"""The doorkeeper: who may come in, how large a request may be, and what is counted.

Place in the flow: `app` puts it around everything. ``/health`` and ``/ready`` are open to all, so
that probes need no secret. Plain ASGI, so that streams pass untouched.
"""

from __future__ import annotations

import hmac
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mammothbox.errors import TooLarge
from mammothbox.services.answers import error_answer
from mammothbox.services.desk import Desk

MAX_JSON = 64_000_000
MAX_UPLOAD = 1_000_000_000
"""Bytes of a request's body; uploads of sound go to disk."""

OPEN = ("/health", "/ready")


class Guard:
    """Middleware.

    Args:
        app: what is guarded.
        desk: whose counters are kept.
        token: what clients must bring; empty for none.
    """

    def __init__(self, app: ASGIApp, desk: Desk, token: str) -> None:
        self._app, self._desk = app, desk
        self._wanted = f"Bearer {token}".encode() if token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, begun, status = scope["path"], time.perf_counter(), 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if self._allowed(scope):
            await self._app(scope, _limited(scope, receive), counted)
        else:
            answer = error_answer(401, "invalid_api_key", "the bearer token is missing or wrong")
            await answer(scope, receive, counted)
        known = path if status not in (401, 404) else "other"
        self._desk.requests.labels(known, str(status)).inc()
        self._desk.seconds.labels(known).observe(time.perf_counter() - begun)

    def _allowed(self, scope: Scope) -> bool:
        if not self._wanted or scope["path"] in OPEN:
            return True
        given = Request(scope).headers.get("authorization", "").encode()
        return hmac.compare_digest(given, self._wanted)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that refuses a body over the limit as soon as that is known."""
    headers = Request(scope).headers
    upload = headers.get("content-type", "").startswith("multipart/")
    limit, seen = MAX_UPLOAD if upload else MAX_JSON, 0
    announced = headers.get("content-length", "")

    async def inner() -> Message:
        nonlocal seen
        if announced.isdigit() and int(announced) > limit:
            raise TooLarge(f"the request has {int(announced):,} bytes, the limit is {limit:,}")
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge(f"the request is over {limit:,} bytes")
        return message

    return inner
