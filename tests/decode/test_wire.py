"""Messages between parent and child: what goes through, and what the parent refuses."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest

from mammothbox.decode import wire
from mammothbox.decode.parcel import pack, unpack
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

BOUNDS = wire.Bounds(header_bytes=10_000, side_px=100, pictures=3, samples=1000)
PICTURE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
SOUND = np.linspace(-1, 1, 7, dtype=np.float32)


def _read(data: bytes) -> tuple[dict[str, Any], list[wire.Array]]:
    stream = io.BytesIO(data)

    def fill(view: memoryview) -> None:
        assert stream.readinto(view) == len(view)

    return wire.decode(fill, BOUNDS)


def _raw(header: object) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


FACTS = Facts(width=5, gps=(1.5, -2.0), taken_at="2020-01-01T00:00:00", extra={"a": [1, None]})
CONTENTS: list[Content] = [
    ImageContent(FACTS, PICTURE, 0.25),
    AudioContent(Facts(duration_s=1.0), SOUND),
    AudioContent(Facts(), None),
    VideoContent(Facts(), (Frame(0.0, PICTURE), Frame(1.5, PICTURE)), (1.0,), SOUND),
    DocumentContent(Facts(pages=2), (Page(1, "a \ud800 ü"), Page(2, "", PICTURE))),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda c: type(c).__name__)
def test_content_arrives_as_it_was(content: Content) -> None:
    header, arrays = pack(content)
    message = b"".join(bytes(part) for part in wire.encode(header, arrays))
    again = unpack(*_read(message))
    assert type(again) is type(content)
    assert again.facts == content.facts
    assert json.dumps(pack(again)[0]) == json.dumps(header)
    for one, other in zip(pack(again)[1], arrays, strict=True):
        assert one.dtype == other.dtype
        assert (one == other).all()


@pytest.mark.parametrize(
    "message",
    [
        struct.pack("<Q", 1 << 60),
        struct.pack("<Q", 3) + b"{]}",
        _raw([]),
        _raw({}),
        _raw({"arrays": [{"dtype": "object", "shape": [1]}]}),
        _raw({"arrays": [{"dtype": "uint8", "shape": [101, 4, 3]}]}),
        _raw({"arrays": [{"dtype": "uint8", "shape": [4, 4, 4]}]}),
        _raw({"arrays": [{"dtype": "uint8", "shape": [-4, 4, 3]}]}),
        _raw({"arrays": [{"dtype": "uint8", "shape": [0, 4, 3]}]}),
        _raw({"arrays": [{"dtype": "float32", "shape": [1001]}]}),
        _raw({"arrays": [{"dtype": "float32", "shape": [1.5]}]}),
        _raw({"arrays": [{"dtype": "float32", "shape": [1]}] * 5}),
        _raw({"arrays": [7]}),
    ],
)
def test_what_is_out_of_bounds_is_refused_before_room_is_made(message: bytes) -> None:
    with pytest.raises(wire.ProtocolError):
        _read(message)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "shell"},
        {"pixels": 1},
        {"pixels": -1},
        {"pixels": True},
        {"text_likelihood": "x"},
        {"text_likelihood": float("nan")},
        {"facts": {}},
        {"facts": {**pack(CONTENTS[0])[0]["facts"], "width": "5"}},
        {"facts": {**pack(CONTENTS[0])[0]["facts"], "gps": [1.0]}},
        {"facts": {**pack(CONTENTS[0])[0]["facts"], "extra": []}},
        {"type": "audio", "samples": 0},
        {"type": "video", "frames": [], "cuts": [], "samples": None},
        {"type": "document", "pages": [["1", "x", None]]},
    ],
)
def test_content_that_does_not_fit_its_record_is_refused(change: dict[str, Any]) -> None:
    header, arrays = pack(CONTENTS[0])
    with pytest.raises(wire.ProtocolError):
        unpack({**header, **change}, arrays)


def test_long_sound_lies_in_a_file_without_a_name() -> None:
    count = wire.SPOOL_SAMPLES + 10
    sound = np.arange(count, dtype=np.float32)
    stream = io.BytesIO(b"".join(bytes(part) for part in wire.encode({}, [sound])))

    def fill(view: memoryview) -> None:
        assert stream.readinto(view) == len(view)

    bounds = wire.Bounds(header_bytes=10_000, side_px=1, pictures=1, samples=count)
    (again,) = wire.decode(fill, bounds)[1]
    assert isinstance(again, np.memmap)
    assert not again.flags.writeable
    assert (again == sound).all()
