"""Speech over HTTP: ``/v1/audio/transcriptions`` with ``verbose_json`` answers.

Place in the flow: the body is 16 kHz mono float32 (``application/octet-stream``). It is written to
a file as it comes and memory-mapped, so that hours of sound cost disk, not memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mammothbox.errors import Corrupt
from mammothbox.models.contracts import Transcript
from mammothbox.models.engines.whisper import WhisperEngine
from mammothbox.models.host.service import Service
from mammothbox.models.host.verbose import as_verbose_json

RATE = 16_000


def routes(service: Service[WhisperEngine]) -> list[Route]:
    """The host's own routes."""

    async def transcriptions(request: Request) -> Response:
        with tempfile.NamedTemporaryFile(prefix="sound-") as spool:
            size = 0
            async for piece in request.stream():
                size += spool.write(piece)
            spool.flush()
            if size % 4:
                raise Corrupt("the body is not float32 samples")
            work = _transcribe(spool.name, size // 4)
            transcript = await service.compute(work)
        return JSONResponse(as_verbose_json(transcript, size / 4 / RATE))

    return [Route("/v1/audio/transcriptions", transcriptions, methods=["POST"])]


def _transcribe(path: str, count: int) -> Callable[[WhisperEngine], Transcript]:
    def work(engine: WhisperEngine) -> Transcript:
        if not count:
            return Transcript("", 0.0, ())
        return engine.transcribe(np.memmap(path, np.float32, "r", shape=(count,)))

    return work
