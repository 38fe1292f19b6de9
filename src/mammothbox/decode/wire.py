"""Messages between parent and child: a length, a JSON header, then the bytes of its arrays.

Nothing is ever unpickled: a child whose codec was taken over can send wrong values, never code.
The parent checks each array's type and size against `Bounds` before it makes room for it. Sound
longer than `SPOOL_SAMPLES` goes to an unlinked temporary file. Knows nothing of what is sent.
"""

from __future__ import annotations

import json
import math
import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SPOOL_SAMPLES = 10 * 60 * 16_000
"""Longer sound (10 minutes) lives in an unlinked temporary file instead of memory."""

PAGE_SIDE_PX = 2200
"""Longer side of a rendered document page, at most."""

RENDERED_PAGES = 20
"""Pages of one document rendered for OCR, at most."""

_LENGTH = struct.Struct("<Q")
_DTYPES: dict[str, np.dtype[Any]] = {"uint8": np.dtype(np.uint8), "float32": np.dtype(np.float32)}
_CHUNK = 1 << 22


class ProtocolError(Exception):
    """The other side sent what it must not; for the parent this is a crash of the child."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the parent accepts in one message.

    Attributes:
        header_bytes: length of the JSON header.
        side_px: height and width of a picture.
        pictures: number of pictures.
        samples: length of the sound.
    """

    header_bytes: int
    side_px: int
    pictures: int
    samples: int


def spool(samples: int) -> npt.NDArray[np.float32]:
    """Room for `samples` float32 values in a temporary file that has no name any more."""
    with tempfile.TemporaryFile(prefix="mammothbox-") as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=(samples,))


def _bytes_of(array: Array) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


def encode(header: dict[str, Any], arrays: Sequence[Array] = ()) -> list[memoryview]:
    """The buffers of one message, in order; arrays are not copied when contiguous."""
    parts = [np.ascontiguousarray(array) for array in arrays]
    shapes = [{"dtype": part.dtype.name, "shape": part.shape} for part in parts]
    text = json.dumps({**header, "arrays": shapes}).encode("ascii")
    views = [_bytes_of(part) for part in parts if part.size]
    return [memoryview(_LENGTH.pack(len(text)) + text), *views]


Fill = Callable[[memoryview], None]
"""Fills the whole buffer from the other side, or raises."""


def decode(fill: Fill, bounds: Bounds) -> tuple[dict[str, Any], list[Array]]:
    """One message read through `fill`.

    Raises:
        ProtocolError: the header is no JSON object, or something is out of bounds.
    """
    (length,) = _LENGTH.unpack(_take(fill, _LENGTH.size))
    if length > bounds.header_bytes:
        raise ProtocolError(f"header of {length} bytes")
    try:
        header = json.loads(_take(fill, length))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("header is not JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), list):
        raise ProtocolError("header is not a message")
    return header, _receive_arrays(fill, header.pop("arrays"), bounds)


def _take(fill: Fill, size: int) -> bytes:
    buffer = bytearray(size)
    if size:
        fill(memoryview(buffer))
    return bytes(buffer)


def _receive_arrays(fill: Fill, descriptions: list[Any], bounds: Bounds) -> list[Array]:
    if len(descriptions) > bounds.pictures + 1:
        raise ProtocolError(f"{len(descriptions)} arrays")
    return [_receive_array(fill, description, bounds) for description in descriptions]


def _receive_array(fill: Fill, description: Any, bounds: Bounds) -> Array:
    dtype, shape = _checked(description, bounds)
    long = dtype == np.float32 and shape[0] > SPOOL_SAMPLES
    array: Array = spool(shape[0]) if long else np.empty(shape, dtype)
    if array.size:
        view = _bytes_of(array)
        for start in range(0, view.nbytes, _CHUNK):
            fill(view[start : start + _CHUNK])
    array.flags.writeable = False
    return array


def _checked(description: Any, bounds: Bounds) -> tuple[np.dtype[Any], tuple[int, ...]]:
    try:
        dtype = _DTYPES[description["dtype"]]
        shape = tuple(description["shape"])
    except (KeyError, TypeError) as error:
        raise ProtocolError("array of unknown type") from error
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ProtocolError(f"array of shape {shape}")
    picture = dtype == np.uint8 and len(shape) == 3 and shape[2] == 3 and math.prod(shape) > 0
    if picture and max(shape[:2]) <= bounds.side_px:
        return dtype, shape
    if dtype == np.float32 and len(shape) == 1 and shape[0] <= bounds.samples:
        return dtype, shape
    raise ProtocolError(f"array {dtype} of shape {shape}")
