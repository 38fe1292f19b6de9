"""What clients send: JSON bodies, messages with pictures, data URLs, uploads of sound.

Place in the flow: routes call these before they compute. Bytes of pictures and sound are decoded by
`Decoder`'s children; nothing is ever fetched from an address. Knows nothing of models.
"""

from __future__ import annotations

import base64
import binascii
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from mammothbox.arrays import Pixels, Samples
from mammothbox.decode import Decoder
from mammothbox.errors import Corrupt, NotFound, UsageError
from mammothbox.models.contracts import ModelCard
from mammothbox.records import AudioContent, ImageContent, Kind


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        UsageError: it is not one.
    """
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError("the request is not a JSON object")
    return body


def check_model(asked: object, card: ModelCard, service: str) -> None:
    """Make sure that nobody gets another model than the one they named.

    Raises:
        NotFound: the name is neither the model's, nor the service's, nor empty.
    """
    known = ("", None, "default", "whisper-1" if service == "whisper" else service)
    if asked not in (card.id, service, *known):
        raise NotFound(f"there is no model {asked!r} here; this service has {card.id!r}")


def strings(body: dict[str, Any], key: str) -> list[str]:
    """A field that is a string or a list of strings, as a list.

    Raises:
        UsageError: it is neither, or empty.
    """
    value = body.get(key)
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise UsageError(f"{key!r} must be a string or a list of strings")
    return value


@dataclass(frozen=True, slots=True)
class Asked:
    """The last message of a conversation about a picture: data URLs, and the words beside them."""

    images: list[str]
    text: str


def asked(body: dict[str, Any]) -> Asked:
    """Pictures and words of the last message with a picture.

    Raises:
        UsageError: the messages are not as they should be, or there is no picture in them.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise UsageError("'messages' must be a list that is not empty")
    for message in reversed(messages):
        parts = message.get("content") if isinstance(message, dict) else None
        parts = (
            [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        )
        images = [_url(part) for part in parts if part.get("type") == "image_url"]
        if images:
            words = [str(part.get("text", "")) for part in parts if part.get("type") == "text"]
            return Asked(images, " ".join(words).strip())
    raise UsageError("no image_url in the messages")


def _url(part: dict[str, Any]) -> str:
    link = part.get("image_url")
    url = link.get("url") if isinstance(link, dict) else link
    if not isinstance(url, str):
        raise UsageError("image_url must hold a url")
    return url


def picture(decoder: Decoder, url: str) -> Pixels:
    """The pixels of a data URL. Blocking.

    Raises:
        UsageError: it is an address; this service fetches nothing.
        InputError: the bytes do not decode.
    """
    head, comma, body = url.partition(",")
    if not head.startswith("data:") or not comma:
        raise UsageError("an image must be a data: URL; this service fetches nothing")
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Corrupt("the data URL is not base64") from error
    mime = head[5:].partition(";")[0]
    mime = mime if mime.startswith("image/") else "image/unknown"
    content = decoder.decode_bytes(data, Kind.IMAGE, mime, "image")
    assert isinstance(content, ImageContent)
    return content.pixels


def sound(decoder: Decoder, upload: UploadFile) -> Samples | None:
    """The sound of an upload, mono at 16 kHz; None where there is none in it. Blocking.

    Raises:
        InputError: the bytes do not decode.
    """
    name = Path(upload.filename or "upload").name or "upload"
    with tempfile.TemporaryDirectory(prefix="mammothbox-") as folder:
        path = Path(folder) / name[-100:].replace("\0", "_")
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file, 1 << 20)
        mime = upload.content_type or "application/octet-stream"
        content = decoder.decode(str(path), Kind.AUDIO, mime)
    assert isinstance(content, AudioContent)
    return content.samples
