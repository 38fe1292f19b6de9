"""The application: the routes, the page and the gate put together. Starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from mammothbox import __version__
from mammothbox.interfaces import web
from mammothbox.interfaces.api import problems
from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.guard import Guard
from mammothbox.interfaces.api.routes import ROUTERS
from mammothbox.jobs import Desk

PREFIX = "/api/v1"
_SILENT: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Else a variable of the environment could make the framework report to another machine."""

_ABOUT = "Everything in a MammothBox library: list, show, search, arrange. Nothing leaves here."


def build(desk: Desk) -> FastAPI:
    """The routes over an open library, without the gate."""
    app = FastAPI(
        title="MammothBox",
        version=__version__,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        default_response_class=Answer,
        separate_input_output_schemas=False,
        telemetry=_SILENT,
    )
    app.state.desk = desk
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, responses=problems.ALWAYS)
    app.mount("/", StaticFiles(directory=Path(web.__file__).parent / "static", html=True))

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _schema(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    parts["Problem"] = problems.Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    return schema


def create_app(desk: Desk, access: Access) -> ASGIApp:
    """The whole application over an open library."""
    return Guard(build(desk), access)
