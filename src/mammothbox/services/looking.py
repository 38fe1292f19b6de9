"""The captioning service: ``/v1/chat/completions`` with a picture in it.

Place in the flow: data URL → the decoder's child → captioner. Words that end in a question mark are
a question about the picture; an order to describe it is what a captioner does anyway; other words
are context for its caption. Pictures of several clients are looked at together.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mammothbox.arrays import Pixels
from mammothbox.errors import UsageError
from mammothbox.models.contracts import Caption
from mammothbox.models.host.streaming import events_of
from mammothbox.services.answers import chat_answer, chat_chunks
from mammothbox.services.batching import Batcher
from mammothbox.services.desk import Desk
from mammothbox.services.intake import asked, check_model, json_body, picture

BATCH = 16

_ORDER = re.compile(r"^(please )?(describe|caption)\b[^.?!]*[.!]?\s*(context:\s*)?", re.IGNORECASE)


def routes(desk: Desk) -> list[Route]:
    """The service's own routes."""

    async def together(context: Hashable, images: list[Pixels]) -> Sequence[Caption]:
        desk.batches.observe(len(images))
        return await desk.work(lambda: _caption(desk, images, str(context)))

    batcher: Batcher[Pixels, Caption] = Batcher(together, BATCH)

    async def chat(request: Request) -> Response:
        with desk.place():
            body = await json_body(request)
            check_model(body.get("model"), desk.card(), desk.kind.name)
            wanted = asked(body)
            if len(wanted.images) > 1 or body.get("n", 1) != 1:
                raise UsageError("one picture and one answer a request")
            image = await desk.work(lambda: picture(desk.decoder, wanted.images[0]))
            if wanted.text.endswith("?"):
                caption = await desk.work(lambda: _ask(desk, image, wanted.text))
            else:
                caption = (await batcher.submit(context_of(wanted.text), [image]))[0]
        name = desk.card().id
        if body.get("stream"):
            events = events_of(chat_chunks(name, caption.text))
            return StreamingResponse(events, media_type="text/event-stream")
        return JSONResponse(chat_answer(name, caption.text, mammothbox=asdict(caption)))

    return [Route("/v1/chat/completions", chat, methods=["POST"])]


def context_of(text: str) -> str:
    """The words of a request without the order to describe: a captioner would go on with them.

    Example:
        >>> context_of("Describe this picture in one sentence. Context: a wedding in 1950")
        'a wedding in 1950'
        >>> context_of("a photo of")
        'a photo of'
    """
    return _ORDER.sub("", text.strip())


def _caption(desk: Desk, images: Sequence[Pixels], context: str) -> list[Caption]:
    with desk.models.captioner() as captioner:
        return captioner.caption(images, context)


def _ask(desk: Desk, image: Pixels, question: str) -> Caption:
    with desk.models.captioner() as captioner:
        return captioner.ask(image, question)
