"""Content to header and arrays, and back with every value checked.

`pack` runs in the child, `unpack` in the parent, which trusts nothing: unknown keys, wrong types
and arrays out of place are a `ProtocolError`. Knows nothing of sockets or formats.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mammothbox.decode.wire import Array, ProtocolError
from mammothbox.records import (
    AudioContent,
    Content,
    DocumentContent,
    Facts,
    Frame,
    ImageContent,
    Page,
    VideoContent,
)

_OPTIONAL: Mapping[str, type] = {
    "width": int,
    "height": int,
    "duration_s": float,
    "pages": int,
    "taken_at": str,
    "camera": str,
    "title": str,
    "author": str,
    "phash": str,
}


def pack(content: Content) -> tuple[dict[str, Any], list[Array]]:
    """The JSON header of `content` and the arrays it names by index."""
    arrays: list[Array] = []

    def put(array: Array | None) -> int | None:
        if array is None:
            return None
        arrays.append(array)
        return len(arrays) - 1

    header: dict[str, Any] = {"facts": dataclasses.asdict(content.facts)}
    if isinstance(content, ImageContent):
        header |= {"type": "image", "text_likelihood": content.text_likelihood}
        header["pixels"] = put(content.pixels)
    elif isinstance(content, AudioContent):
        header |= {"type": "audio", "samples": put(content.samples)}
    elif isinstance(content, VideoContent):
        frames = [[frame.time_s, put(frame.pixels)] for frame in content.frames]
        header |= {"type": "video", "frames": frames, "cuts": list(content.cuts)}
        header["samples"] = put(content.samples)
    else:
        pages = [[page.number, page.text, put(page.pixels)] for page in content.pages]
        header |= {"type": "document", "pages": pages}
    return header, arrays


def unpack(header: Mapping[str, Any], arrays: Sequence[Array]) -> Content:
    """The inverse of `pack`.

    Raises:
        ProtocolError: a value is missing, of a wrong type, or names an array that is not there.
    """
    try:
        return _unpack(header, arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ProtocolError(f"content does not fit its record ({error})") from error


def _unpack(header: Mapping[str, Any], arrays: Sequence[Array]) -> Content:
    facts, kind = _facts(header["facts"]), header["type"]
    if kind == "image":
        likelihood = _finite(header["text_likelihood"])
        return ImageContent(facts, _picture(arrays, header["pixels"]), likelihood)
    if kind == "audio":
        return AudioContent(facts, _sound(arrays, header["samples"]))
    if kind == "video":
        frames = tuple(Frame(_finite(at), _picture(arrays, i)) for at, i in header["frames"])
        if not frames:
            raise ValueError("video without frames")
        cuts = tuple(_finite(at) for at in header["cuts"])
        return VideoContent(facts, frames, cuts, _sound(arrays, header["samples"]))
    if kind == "document":
        return DocumentContent(facts, tuple(_page(arrays, *row) for row in header["pages"]))
    raise ValueError(f"type {kind!r}")


def _page(arrays: Sequence[Array], number: Any, text: Any, picture: Any) -> Page:
    pixels = None if picture is None else _picture(arrays, picture)
    return Page(_typed(number, int), _typed(text, str), pixels)


def _facts(values: Mapping[str, Any]) -> Facts:
    if set(values) != {field.name for field in dataclasses.fields(Facts)}:
        raise ValueError("facts")
    known = {
        name: None if values[name] is None else _typed(values[name], kind)
        for name, kind in _OPTIONAL.items()
    }
    gps = None
    if values["gps"] is not None:
        latitude, longitude = values["gps"]
        gps = (_finite(latitude), _finite(longitude))
    return Facts(**known, gps=gps, extra=_typed(values["extra"], dict))


def _typed(value: Any, kind: type) -> Any:
    if kind is float:
        return _finite(value)
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} where {kind.__name__} is due")
    return value


def _finite(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TypeError("not a finite number")
    return float(value)


def _array(arrays: Sequence[Array], index: Any) -> Array:
    if type(index) is not int or index < 0:
        raise TypeError("array index")
    return arrays[index]


def _picture(arrays: Sequence[Array], index: Any) -> Array:
    array = _array(arrays, index)
    if array.dtype != np.uint8:
        raise TypeError("sound where a picture is due")
    return array


def _sound(arrays: Sequence[Array], index: Any) -> Array | None:
    if index is None:
        return None
    array = _array(arrays, index)
    if array.dtype != np.float32:
        raise TypeError("a picture where sound is due")
    return array
