"""Text in pictures over HTTP: ``/v1/ocr`` takes data URLs, gives lines with boxes.

Our own shape, since no shape is common: ``{"images": [data URL, …]}`` gives
``{"data": [[{"text", "confidence", "box": [x0, y0, x1, y1]}, …], …]}``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.errors import UsageError
from mammothbox.models.engines.ocr import OcrEngine
from mammothbox.models.host.app import json_body
from mammothbox.models.host.service import Service
from mammothbox.models.wire import decode_image


def routes(service: Service[OcrEngine]) -> list[Route]:
    """The host's own routes."""

    async def ocr(request: Request) -> Response:
        urls = (await json_body(request)).get("images")
        if not isinstance(urls, list):
            raise UsageError("'images' must be a list of data URLs")

        def work(engine: OcrEngine) -> list[list[dict[str, Any]]]:
            return [[asdict(line) for line in engine.read(decode_image(url))] for url in urls]

        return JSONResponse({"data": await service.compute(work)})

    return [Route("/v1/ocr", ocr, methods=["POST"])]
