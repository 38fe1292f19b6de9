"""Formats without a signature: MPEG sound and transport streams, bitmaps, and other old pictures.

Each is believed only when several of its fields make sense together, since a few bytes agree by
chance with almost anything.
"""

from __future__ import annotations

import re

from mammothbox.records import Kind
from mammothbox.scan.signatures import Verdict

_BITRATES = {  # kbit/s by (is MPEG 1, layer)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)


def _frame_bytes(head: bytes, at: int) -> int:
    """Length of the MPEG sound frame whose header stands at `at`; 0 where none does."""
    if at + 4 > len(head) or head[at] != 0xFF or head[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[at + 1] >> 3 & 3, 4 - (head[at + 1] >> 1 & 3)
    bitrate, rate, padding = head[at + 2] >> 4, head[at + 2] >> 2 & 3, head[at + 2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    first = version == 3
    hertz = _RATES[rate] >> (0 if first else 1 if version == 2 else 2)
    bits = _BITRATES[first, layer][bitrate] * 1000
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and not first else 144) * bits // hertz + padding


def mpeg_sound(head: bytes) -> Verdict | None:
    """MP3 (three frames in a row, or an ID3 tag), or AAC in ADTS frames."""
    if head.startswith(b"ID3") and len(head) > 10 and head[3] < 10:
        return Kind.AUDIO, "audio/mpeg"
    for start in (found.start() for found in re.finditer(b"\xff[\xe2-\xff]", head[:4096])):
        at, frames = start, 0
        while frames < 3 and (length := _frame_bytes(head, at)):
            at, frames = at + length, frames + 1
        if frames >= (2 if at >= len(head) or start == 0 else 3):
            return Kind.AUDIO, "audio/mpeg"
    if head[:1] == b"\xff" and len(head) > 6 and head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        following = head[length : length + 2]
        if length > 7 and following[:1] == b"\xff" and following[1] & 0xF6 == 0xF0:
            return Kind.AUDIO, "audio/aac"
    return None


def transport_stream(head: bytes) -> Verdict | None:
    """MPEG transport stream: packets of 188 bytes, or of 192 with a time code before each."""
    for offset, step in ((0, 188), (4, 192)):
        marks = head[offset : offset + 4 * step + 1 : step]
        if len(marks) == 5 and marks == b"\x47" * 5:
            return Kind.VIDEO, "video/mp2t"
    return None


def old_picture(head: bytes, tail: bytes) -> Verdict | None:
    """BMP, icons, portable maps, SGI, PCX, TGA."""
    if head[:2] == b"BM" and head[14:18] in {bytes((n, 0, 0, 0)) for n in _BMP_HEADERS}:
        return Kind.IMAGE, "image/bmp"
    if head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and 0 < int.from_bytes(head[4:6], "little") < 256:
        return Kind.IMAGE, "image/vnd.microsoft.icon"
    if re.match(rb"P[1-7]\s+(#[^\n]*\n\s*|WIDTH )*\d", head[:512]):
        return Kind.IMAGE, "image/x-portable-anymap"
    if head[:2] == b"\x01\xda" and head[2:3] in (b"\0", b"\1") and head[3:4] in (b"\1", b"\2"):
        return Kind.IMAGE, "image/sgi"
    if re.match(rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", head):
        return Kind.IMAGE, "image/x-pcx"
    if tail.endswith(b"TRUEVISION-XFILE.\0"):
        return Kind.IMAGE, "image/x-tga"
    return None


_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
