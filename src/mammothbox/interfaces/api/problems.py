"""Errors as problem details (RFC 9457), from the tree in `errors` and from the framework.

`type` is a reference into the API's own list of errors, `reason` the class's name: stable words for
programs. `detail` is for people: what happened, and what to do next.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from mammothbox.errors import MammothboxError
from mammothbox.interfaces.api.answer import Answer

_LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "The request is not understood",
    401: "A token is needed",
    403: "Refused",
    404: "Not found",
    405: "There is no such method here",
    413: "Too large",
    416: "The range is not satisfiable",
    421: "Another server is meant",
    422: "The request does not fit its form",
    500: "A fault of the program",
}


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field(examples=["/api/docs/errors#NotFound"])
    title: str = Field(examples=["No such file, run, plan or model in this library."])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["the library knows no such content"])
    instance: str = Field(examples=["/api/v1/files/00"])
    reason: str = Field(examples=["NotFound"])


def problem(
    status: int, reason: str, detail: str, scope: Scope, title: str = "", **more: Any
) -> Response:
    """An answer that tells of a problem."""
    found = {
        "type": f"/api/docs/errors#{reason}",
        "title": title or _TITLES.get(status, "The request failed"),
        "status": status,
        "detail": detail,
        "instance": str(scope.get("path", "")),
        "reason": reason,
        **more,
    }
    return Answer(found, status, media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What routes document besides their answer, as FastAPI takes it."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _TITLES.get(status, "See `reason`"), "content": content}
        for status in statuses
    }


ALWAYS = responses(400, 401, 403, 404, 409, 413, 415, 421, 422, 423, 500, 502, 503, 504, 507)
"""What any route may answer: statuses of the tree of errors and of the gate."""


def install(app: FastAPI) -> None:
    """Let every error of the application leave as a problem."""
    app.add_exception_handler(MammothboxError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, MammothboxError)
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    return problem(error.http_status, error.reason, str(error), request.scope, title)


async def _form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])} for one in error.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in found[:5])
    return problem(422, "BadForm", detail, request.scope, errors=found)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, "Http", str(error.detail), request.scope)
    answer.headers.update(error.headers or {})
    return answer


async def _bug(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = f"a fault of the program ({type(error).__name__}); its log tells more"
    return problem(500, "Bug", detail, request.scope)
