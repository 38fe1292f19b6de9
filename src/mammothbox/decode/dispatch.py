"""One file to one Content, inside the child: chooses the decoder by kind and media type.

`decode_path` may also be called directly, without a child, where the bytes are trusted (tests).
Knows nothing of processes.
"""

from __future__ import annotations

from collections.abc import Callable

from mammothbox.decode.glance import Glance, glance
from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source, open_source
from mammothbox.errors import Unsupported
from mammothbox.records import Content, Kind

OnDuration = Callable[[float], None]
"""Told the seconds of a recording as soon as they are known, so that the clock can allow them."""


def preload() -> None:
    """Import what nearly every file needs, before limits are taken and time is counted."""
    from mammothbox.decode import image

    image.preload()


def decode_path(
    path: str,
    kind: Kind,
    mime: str,
    limits: Limits,
    on_duration: OnDuration = lambda _: None,
    wanted: Glance | None = None,
) -> Content:
    """What the file at `path` holds; with `wanted` only a glance at it.

    Raises:
        InputError: one of its leaves.
    """
    with open_source(path, mime, limits.file_bytes) as source:
        if wanted is not None:
            return glance(source, kind, limits, wanted)
        return _decode(source, kind, limits, on_duration)


def _decode(source: Source, kind: Kind, limits: Limits, on_duration: OnDuration) -> Content:
    if kind is Kind.IMAGE:
        from mammothbox.decode.image import read_image

        return read_image(source, limits)
    if kind in (Kind.AUDIO, Kind.VIDEO):
        from mammothbox.decode.recording import read_recording

        return read_recording(source, limits, on_duration, pictures=kind is Kind.VIDEO)
    if kind is Kind.DOCUMENT:
        from mammothbox.decode.document import read_document

        return read_document(source, limits)
    raise Unsupported(f"{source.name}: nothing here reads {source.mime}")
