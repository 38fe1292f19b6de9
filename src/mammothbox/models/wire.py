"""How pixels and vectors travel between a client and a model host: without loss, and cheaply.

Place in the flow: both sides of the socket import this; an image is a BMP (no compression: a tenth
of a millisecond at 384 px), as it is between our own processes and in a data URL for anyone else;
vectors are base64 of little-endian float32. Knows nothing of HTTP or of models.

Example:
    >>> red = np.full((2, 3, 3), (255, 0, 0), np.uint8)
    >>> (decode_image(encode_image(red)) == red).all()
    True
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels
from mammothbox.errors import Corrupt, TooLarge

_HEADER = struct.Struct("<2sIHHI IiiHHIIiiII")
_SIZE = struct.Struct("<I")
_PREFIX = "data:image/bmp;base64,"
MAX_PIXELS = 50_000_000


def encode_image(image: Pixels) -> str:
    """A data URL of the image (H x W x 3 RGB uint8) as an uncompressed, top-down 24-bit BMP."""
    return _PREFIX + base64.b64encode(_bitmap(image)).decode("ascii")


def encode_images(images: Sequence[Pixels]) -> bytes:
    """The images (each H x W x 3 RGB uint8) as BMPs, one after the other."""
    return b"".join(map(_bitmap, images))


def decode_images(data: bytes) -> list[Pixels]:
    """What `encode_images` put together.

    Raises:
        Corrupt: it is something else.
    """
    images, start = [], 0
    while start < len(data):
        size = _SIZE.unpack_from(data, start + 2)[0] if start + _HEADER.size <= len(data) else 0
        image = _own_bmp(data[start : start + size])
        if image is None:
            raise Corrupt(f"no picture of ours begins at byte {start}")
        images.append(image)
        start += size
    return images


def _bitmap(image: Pixels) -> bytes:
    height, width = image.shape[:2]
    stride = (width * 3 + 3) // 4 * 4
    rows = np.zeros((height, stride), np.uint8)
    rows[:, : width * 3] = image.take((2, 1, 0), axis=2).reshape(height, width * 3)
    size = _HEADER.size + rows.size
    header = _HEADER.pack(
        *(b"BM", size, 0, 0, _HEADER.size),
        *(40, width, -height, 1, 24, 0, rows.size, 2835, 2835, 0, 0),
    )
    return header + rows.tobytes()


def decode_image(url: str) -> Pixels:
    """The image of a data URL; our own BMP directly, any other format through Pillow.

    Raises:
        Corrupt: it is no data URL, or does not decode.
        TooLarge: over `MAX_PIXELS`.
    """
    head, comma, body = url.partition(",")
    if not head.startswith("data:") or not comma:
        raise Corrupt("an image must be a data: URL")
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Corrupt("the data URL is not base64") from error
    own = _own_bmp(data)
    return own if own is not None else _with_pillow(data)


def _own_bmp(data: bytes) -> Pixels | None:
    if len(data) < _HEADER.size or data[:2] != b"BM":
        return None
    fields = _HEADER.unpack_from(data)
    _, _, _, _, start, info, width, height, _, bits, compression = fields[:11]
    if (start, info, bits, compression) != (_HEADER.size, 40, 24, 0) or height >= 0 or width <= 0:
        return None
    height, stride = -height, (width * 3 + 3) // 4 * 4
    if len(data) != _HEADER.size + height * stride:
        raise Corrupt("the BMP's size does not fit its header")
    rows = np.frombuffer(data, np.uint8, offset=_HEADER.size).reshape(height, stride)
    return rows[:, : width * 3].reshape(height, width, 3).take((2, 1, 0), axis=2)


def _with_pillow(data: bytes) -> Pixels:
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise TooLarge(f"{picture.width} x {picture.height} pixels, over {MAX_PIXELS}")
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Corrupt(f"the image does not decode: {error}") from error


def encode_vector(vector: npt.NDArray[np.float32]) -> str:
    """Base64 of little-endian float32, as the ``encoding_format`` of that name has it."""
    return base64.b64encode(np.ascontiguousarray(vector, "<f4").tobytes()).decode("ascii")


def decode_vector(value: Any) -> npt.NDArray[np.float32]:
    """The vector of a base64 string or of a list of numbers.

    Raises:
        Corrupt: it is neither.
    """
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4")
        return np.asarray(value, np.float32)
    except (ValueError, TypeError) as error:
        raise Corrupt("not a vector") from error
