"""A raw photo as a camera writes it: one uncompressed Bayer plane in a DNG.

No raw photo may be committed and the measuring media hold none, so tests write their own.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_SIZES = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 10: "ii"}
_D65 = 21
_XYZ_TO_SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)
"""In ten thousandths: a camera that sees in sRGB."""


def write_dng(path: Path, width: int = 640, height: int = 480) -> None:
    """Write a photo whose left half is red and whose right half is blue, with RGGB filters."""
    plane = np.full((height, width), 600, "<u2")
    plane[0::2, 0 : width // 2 : 2] = 14_000  # red filters stand at even rows and columns
    plane[1::2, width // 2 + 1 :: 2] = 14_000  # blue ones at odd rows and columns
    whole = plane.tobytes()
    tags: dict[int, tuple[int, tuple[int, ...] | bytes]] = {
        254: (4, (0,)), 256: (4, (width,)), 257: (4, (height,)), 258: (3, (16,)), 259: (3, (1,)),
        262: (3, (32803,)), 271: (2, b"Mammoth\0"), 272: (2, b"Tusk 1\0"), 273: (4, (8,)),
        274: (3, (1,)), 277: (3, (1,)), 278: (4, (height,)), 279: (4, (len(whole),)),
        284: (3, (1,)), 33421: (3, (2, 2)), 33422: (1, (0, 1, 1, 2)), 50706: (1, (1, 4, 0, 0)),
        50707: (1, (1, 1, 0, 0)), 50708: (2, b"Mammoth Tusk 1\0"), 50717: (4, (16_383,)),
        50721: (10, tuple(n for part in _XYZ_TO_SRGB for n in (part, 10_000))),
        50728: (5, (1, 1) * 3), 50778: (3, (_D65,)),
    }  # fmt: skip
    path.write_bytes(_tiff(whole, tags))


def _tiff(whole: bytes, tags: dict[int, tuple[int, tuple[int, ...] | bytes]]) -> bytes:
    """Header, the plane, then the one directory and what does not fit into its entries."""
    begin = 8 + len(whole)
    rest = begin + 2 + 12 * len(tags) + 4
    entries, more = b"", b""
    for tag, (kind, value) in sorted(tags.items()):
        letters = _SIZES[kind]
        if isinstance(value, bytes):
            data, count = value, len(value)
        else:
            data = struct.pack(f"<{len(value)}{letters[0]}", *value)
            count = len(value) // len(letters)
        if len(data) > 4:
            place = struct.pack("<I", rest + len(more))
            more += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + place
    head = struct.pack("<2sHI", b"II", 42, begin)
    return head + whole + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + more
