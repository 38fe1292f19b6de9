"""The application of one service: its routes, and those that all services have.

Place in the flow: `serving` runs what `build_app` returns; tests run it over stubs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.errors import NotFound
from mammothbox.services import hearing, looking, vectors, writing
from mammothbox.services.answers import handlers
from mammothbox.services.desk import Desk
from mammothbox.services.guard import Guard

ROUTES: Mapping[str, Callable[[Desk], list[Route]]] = {
    "captioner": looking.routes,
    "embedder": vectors.routes,
    "text_embedder": vectors.routes,
    "transcriber": hearing.routes,
    "writer": writing.routes,
}


def build_app(desk: Desk, token: str = "") -> Starlette:
    """The application of the desk's service; the model begins to load when it starts."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        waking = asyncio.get_running_loop().run_in_executor(None, desk.wake)
        yield
        waking.cancel()
        desk.close()

    return Starlette(
        routes=[*_shared(desk), *ROUTES[desk.kind.contract](desk)],
        middleware=[Middleware(Guard, desk=desk, token=token)],
        exception_handlers=dict(handlers),
        lifespan=lifespan,
    )


def _shared(desk: Desk) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": desk.kind.name})

    async def ready(_: Request) -> Response:
        if desk.ready:
            return JSONResponse({"status": "ready"})
        body = {"status": "failed" if desk.trouble else "loading", "reason": desk.trouble}
        return JSONResponse(body, 503, {"Retry-After": "1"})

    async def metrics(_: Request) -> Response:
        text = generate_latest(desk.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(desk)]})

    async def model(request: Request) -> Response:
        wanted, found = request.path_params["name"], _model(desk)
        if wanted != found["id"]:
            raise NotFound(f"there is no model {wanted!r} here")
        return JSONResponse(found)

    return [
        Route("/health", health),
        Route("/ready", ready),
        Route("/metrics", metrics),
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
    ]


def _model(desk: Desk) -> dict[str, Any]:
    """The model as ``/v1/models`` lists it, with what a client may want to know of it."""
    card = desk.card()
    own = {"revision": card.revision, "dimensions": card.dimensions, "languages": card.languages}
    own |= {"answers": card.answers}
    return {
        "id": card.id,
        "object": "model",
        "created": 0,
        "owned_by": "mammothbox",
        "mammothbox": own,
    }
