"""Errors and small answers in the shapes that clients of the OpenAI API expect.

Place in the flow: `app` registers `handlers`; routes raise errors of our own tree. `code` is the
name of our class, so that our own client can raise the same class again.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mammothbox.errors import MammothboxError

RETRY_AFTER_S = 1

Handler = Callable[[Request, Exception], Awaitable[Response]]


def error_answer(status: int, code: str, message: str) -> Response:
    """One error; 503 says when to come back, 401 how to identify oneself."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    headers: dict[str, str] = {}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"message": message, "type": kind, "param": None, "code": code}
    return JSONResponse({"error": body}, status, headers)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, MammothboxError)
    return error_answer(error.http_status, error.reason, str(error))


async def _frame(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_answer(error.status_code, "request", str(error.detail))


async def _foreign(_: Request, error: Exception) -> Response:
    return error_answer(500, type(error).__name__, "unexpected; the service's log tells more")


handlers: Mapping[Any, Handler] = {
    MammothboxError: _ours,
    HTTPException: _frame,
    Exception: _foreign,
}


def chat_answer(model: str, text: str, **more: Any) -> dict[str, Any]:
    """A finished ``chat.completion``; `more` stands beside the message. Tokens are not counted."""
    message = {"role": "assistant", "content": text}
    return {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        **more,
    }


def chat_chunks(model: str, text: str) -> list[dict[str, Any]]:
    """The same as ``chat.completion.chunk`` objects, a word each."""
    words = [word if at == 0 else f" {word}" for at, word in enumerate(text.split(" "))]
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word} for word in words]
    head = {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
    }
    chunks = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [*chunks, {**head, "choices": [end]}]
