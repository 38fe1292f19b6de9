"""The speech service: ``/v1/audio/transcriptions`` takes any sound, gives text with times.

Place in the flow: multipart upload → file → the decoder's child → transcriber. `language`, `prompt`
and `temperature` are hints that this model does not need: it finds the language by itself and is
always deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mammothbox.errors import UsageError
from mammothbox.models.contracts import Transcript
from mammothbox.models.host.verbose import as_verbose_json
from mammothbox.services.desk import Desk
from mammothbox.services.intake import check_model, sound
from mammothbox.services.subtitles import as_srt, as_text, as_vtt

RATE = 16_000


def _json(transcript: Transcript, _: float) -> Response:
    return JSONResponse({"text": as_text(transcript)})


def _verbose(transcript: Transcript, duration_s: float) -> Response:
    return JSONResponse(as_verbose_json(transcript, duration_s))


def _text(transcript: Transcript, _: float) -> Response:
    return PlainTextResponse(as_text(transcript))


def _srt(transcript: Transcript, _: float) -> Response:
    return PlainTextResponse(as_srt(transcript), media_type="application/x-subrip")


def _vtt(transcript: Transcript, _: float) -> Response:
    return PlainTextResponse(as_vtt(transcript), media_type="text/vtt")


FORMATS: Mapping[str, Callable[[Transcript, float], Response]] = {
    "json": _json,
    "verbose_json": _verbose,
    "text": _text,
    "srt": _srt,
    "vtt": _vtt,
}


def _checked(form: FormData, desk: Desk) -> tuple[UploadFile, str]:
    """The upload and the wanted format."""
    upload, form_of = form.get("file"), str(form.get("response_format", "json"))
    if not isinstance(upload, UploadFile):
        raise UsageError("'file' must be an uploaded file")
    if form_of not in FORMATS:
        raise UsageError(f"'response_format' must be one of {', '.join(FORMATS)}")
    if "word" in form.getlist("timestamp_granularities[]"):
        raise UsageError("times are given by segment, not by word")
    check_model(form.get("model"), desk.card(), desk.kind.name)
    return upload, form_of


def routes(desk: Desk) -> list[Route]:
    """The service's own routes."""

    async def transcriptions(request: Request) -> Response:
        with desk.place():
            async with request.form(max_files=1, max_fields=20) as form:
                upload, form_of = _checked(form, desk)
                transcript, duration_s = await desk.work(lambda: _transcribe(desk, upload))
        return FORMATS[form_of](transcript, duration_s)

    return [Route("/v1/audio/transcriptions", transcriptions, methods=["POST"])]


def _transcribe(desk: Desk, upload: UploadFile) -> tuple[Transcript, float]:
    samples: Any = sound(desk.decoder, upload)
    if samples is None or not len(samples):
        return Transcript("", 0.0, ()), 0.0
    with desk.models.transcriber() as transcriber:
        return transcriber.transcribe(samples), len(samples) / RATE
