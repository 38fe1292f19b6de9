"""Photos in the cameras' own raw formats: the embedded preview where it is large enough.

Developing the sensor's data takes seconds, and nearly every camera stores a full-size JPEG beside
it; only where that is missing or small is the picture developed, at half size. Knows nothing of
models.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from mammothbox.decode.borders import pillow_border, rawpy_border
from mammothbox.decode.exif import read_exif
from mammothbox.decode.limits import Limits
from mammothbox.decode.source import Source
from mammothbox.errors import TooLarge
from mammothbox.records import ImageContent

if TYPE_CHECKING:
    from PIL.Image import Image

_MIMES = frozenset({"image/x-raw", "image/dng", "image/x-dcraw"})
_PREFIXES = (
    "image/x-adobe",
    "image/x-canon",
    "image/x-epson",
    "image/x-fuji",
    "image/x-hasselblad",
    "image/x-kodak",
    "image/x-leica",
    "image/x-minolta",
    "image/x-nikon",
    "image/x-olympus",
    "image/x-panasonic",
    "image/x-pentax",
    "image/x-sigma",
    "image/x-sony",
)
# fmt: off
_ENDINGS = (
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef",
    ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2",
    ".srf", ".srw", ".x3f",
)
# fmt: on
_FLIPS = {3: 3, 5: 8, 6: 6}
"""LibRaw's flip to EXIF orientation."""


def is_raw(source: Source) -> bool:
    """Whether LibRaw is to read it: by media type, or by ending where that says only TIFF."""
    if source.mime in _MIMES or source.mime.startswith(_PREFIXES):
        return True
    vague = source.mime in ("image/tiff", "application/octet-stream", "image/unknown")
    return vague and source.name.lower().endswith(_ENDINGS)


def read_raw(source: Source, limits: Limits) -> ImageContent:
    """Decode a raw photo.

    Raises:
        Corrupt, Unsupported, TooLarge: see `image.read_image`.
    """
    from mammothbox.decode.image import finish, preload, to_pixels

    preload()
    image, width, height, orientation, notes = _image(source, limits)
    with pillow_border(source.name):
        facts, own = read_exif(image)
        turn = orientation or own
        pixels = to_pixels(image, turn, limits.image_side_px)
    if turn >= 5:
        width, height = height, width
    return finish(pixels, facts, width, height, notes)


def _image(source: Source, limits: Limits) -> tuple[Image, int, int, int, dict[str, Any]]:
    import rawpy
    from PIL import Image

    with rawpy_border(source.name), rawpy.imread(io.BytesIO(source.read())) as raw:
        sizes = raw.sizes
        width, height = int(sizes.width), int(sizes.height)
        if width * height > limits.pixels:
            raise TooLarge(f"{source.name}: {width} × {height} pixels, over {limits.pixels:,}")
        preview = _preview(raw, source.name, limits)
        if preview is not None:
            return preview, width, height, 0, {"raw": "preview"}
        # postprocess() turns the picture upright by itself
        image = Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
        flipped = _FLIPS.get(int(sizes.flip), 1) >= 5
        if flipped:
            width, height = height, width
        return image, width, height, 1, {"raw": "developed"}


def _preview(raw: Any, name: str, limits: Limits) -> Image | None:
    import rawpy
    from PIL import Image

    try:
        thumbnail = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if thumbnail.format != rawpy.ThumbFormat.JPEG:
        return None
    with pillow_border(name):
        image = Image.open(io.BytesIO(thumbnail.data))
        if max(image.size) < min(limits.image_side_px, max(raw.sizes.width, raw.sizes.height)):
            return None
        image.draft("RGB", (limits.image_side_px,) * 2)
        image.load()
    return image
