"""What a photo's EXIF says: when, where, with which camera, and which way is up.

Wrong EXIF never fails a photo: each value that does not read or makes no sense is left out.
Knows nothing of pixels.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION, _MAKE, _MODEL, _DATE = 0x0112, 0x010F, 0x0110, 0x0132
_DESCRIPTION, _ARTIST = 0x010E, 0x013B
_SUB, _GPS = 0x8769, 0x8825
_TAKEN, _DIGITIZED, _OFFSET, _TAKEN_OFFSET = 0x9003, 0x9004, 0x9010, 0x9011
_DATE_TEXT = re.compile(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_BROKEN = (Exception,)
"""A stated border: a broken EXIF block may raise anything, and none of it matters."""

_NAMELESS = re.compile(r"(?i)^(olympus digital camera|default|untitled|\s*)$")


def read_exif(image: Image) -> tuple[dict[str, Any], int]:
    """Values for `Facts` (taken_at, camera, gps, title, author) and the orientation, 1 to 8.

    Args:
        image: opened by Pillow.
    """
    exif = _tolerant(image.getexif, {})
    sub = _tolerant(lambda: exif.get_ifd(_SUB), {}) if exif else {}
    gps = _tolerant(lambda: exif.get_ifd(_GPS), {}) if exif else {}
    title = _text(exif.get(_DESCRIPTION))
    facts = {
        "taken_at": _tolerant(lambda: _taken_at(exif, sub), None),
        "camera": _camera(exif),
        "gps": _tolerant(lambda: _position(gps), None),
        "title": None if title is None or _NAMELESS.match(title) else title,
        "author": _text(exif.get(_ARTIST)),
    }
    orientation = exif.get(_ORIENTATION)
    return facts, orientation if orientation in range(1, 9) else 1


def _tolerant(read: Callable[[], Any], default: Any) -> Any:
    try:
        return read()
    except _BROKEN:
        return default


def _text(value: object) -> str | None:
    """Printable text of a tag that is text; up to its first zero byte."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        # Pillow reads bytes as Latin-1; many cameras and programs write UTF-8
        value = value.encode("latin-1").decode("utf-8")
    value = "".join(c for c in value.split("\0")[0] if c.isprintable()).strip()
    return value[:500] or None


def _camera(exif: Any) -> str | None:
    make, model = _text(exif.get(_MAKE)), _text(exif.get(_MODEL))
    if make and model and model.lower().startswith(make.split()[0].lower()):
        return model
    return " ".join(filter(None, [make, model])) or None


def _taken_at(exif: Any, sub: Any) -> str | None:
    from datetime import datetime

    for value, offset in (
        (sub.get(_TAKEN), sub.get(_TAKEN_OFFSET)),
        (sub.get(_DIGITIZED), sub.get(_TAKEN_OFFSET)),
        (exif.get(_DATE), sub.get(_OFFSET)),
    ):
        found = _DATE_TEXT.match(_text(value) or "")
        if not found:
            continue
        try:
            moment = datetime.strptime(" ".join(found.groups()), "%Y %m %d %H %M %S")
        except ValueError:
            continue
        zone = _text(offset) or ""
        known = re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone)
        return moment.isoformat() + (zone if known else "")
    return None


def _position(gps: Any) -> tuple[float, float] | None:
    latitude = _degrees(gps.get(2), gps.get(1), "S")
    longitude = _degrees(gps.get(4), gps.get(3), "W")
    if latitude is None or longitude is None:
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        return None  # cameras without a fix write zeros
    return (round(latitude, 6), round(longitude, 6))


def _degrees(value: Any, reference: object, negative: str) -> float | None:
    if value is None:
        return None
    parts = [float(part) for part in value] if hasattr(value, "__iter__") else [float(value)]
    total = sum((part / 60.0**i for i, part in enumerate(parts[:3])), 0.0)
    if not math.isfinite(total):
        return None
    return -total if (_text(reference) or "").upper().startswith(negative) else total
