"""Text in pictures over HTTP: ``/v1/ocr`` takes bitmaps, gives lines with boxes.

Our own shape, since no shape is common: what `wire.encode_images` puts together gives
``{"data": [[{"text", "confidence", "box": [x0, y0, x1, y1]}, …], …]}``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.models.engines.ocr import OcrEngine
from mammothbox.models.host.app import whole_body
from mammothbox.models.host.service import Service
from mammothbox.models.wire import decode_images


def routes(service: Service[OcrEngine]) -> list[Route]:
    """The host's own routes."""

    async def ocr(request: Request) -> Response:
        data = await whole_body(request)

        def work(engine: OcrEngine) -> list[list[dict[str, Any]]]:
            pages = engine.read_all(decode_images(data))
            return [[asdict(line) for line in lines] for lines in pages]

        return JSONResponse({"data": await service.compute(work)})

    return [Route("/v1/ocr", ocr, methods=["POST"])]
