"""Photos to upright RGB pixels, with what their metadata says and a guess whether there is text.

Pillow reads most formats, pillow-heif HEIC, `raw_photo` the cameras' own. Pixels are counted
before they are decoded; a large JPEG is decoded at the reduced size that is asked for. A picture
that is cut short counts as decoded when a part of it is there, with ``truncated`` in the facts,
as every viewer shows it. Of an animation the first picture is taken. Knows nothing of models.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from mammothbox.arrays import Pixels
from mammothbox.decode.borders import pillow_border
from mammothbox.decode.exif import read_exif
from mammothbox.decode.limits import Limits
from mammothbox.decode.phash import perceptual_hash
from mammothbox.decode.source import Source
from mammothbox.decode.text_gate import text_likelihood
from mammothbox.errors import Corrupt, InputError, TooLarge, Unsupported
from mammothbox.records import Facts, ImageContent

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALABLE = ("L", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "F", "I")
"""Modes that Pillow resizes as they are; others are converted first."""

_LEAST_PART = 0.05
"""A cut-off picture counts when at least this part of its rows was there."""

_FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    "DIB",
    "TIFF",
    "WEBP",
    "AVIF",
    "HEIF",
    "ICO",
    "ICNS",
    "CUR",
    "JPEG2000",
    "PPM",
    "TGA",
    "PCX",
    "SGI",
    "PSD",
    "DDS",
    "XBM",
    "XPM",
    "QOI",
)
"""Pillow's readers in use. The others are for files nobody keeps, or start other programs (EPS)."""

_UNSUPPORTED = ("image/svg+xml", "image/svg")


@functools.cache
def preload() -> None:
    """Import Pillow with its plug-ins and set what holds for the whole process."""
    import warnings

    import cv2  # noqa: F401
    import pillow_heif
    from PIL import Image, ImageFile, ImageOps  # noqa: F401

    pillow_heif.register_heif_opener(thumbnails=False)
    Image.init()
    Image.MAX_IMAGE_PIXELS = None  # counted here, against the settings
    warnings.simplefilter("ignore")


def read_image(source: Source, limits: Limits) -> ImageContent:
    """Decode a photo.

    Raises:
        Corrupt: no picture, or nothing of it, decodes.
        TooLarge: more pixels than the limit.
        Unsupported: a format of drawings (SVG), or a raw format nobody knows.
    """
    if source.mime in _UNSUPPORTED:
        raise Unsupported(f"{source.name}: drawings in SVG are not rendered")
    from PIL import UnidentifiedImageError

    from mammothbox.decode.raw_photo import is_raw, read_raw

    if is_raw(source):
        return read_raw(source, limits)
    preload()
    with pillow_border(source.name):
        try:
            return _read(source, limits)
        except UnidentifiedImageError as error:
            raise _unidentified(source) from error


def _unidentified(source: Source) -> InputError:
    """Damaged, or of a format that is not read? Pillow does not say."""
    import pillow_heif
    from PIL import Image

    known = {mime for name, mime in Image.MIME.items() if name in _FORMATS}
    if source.mime.startswith("image/hei"):
        source.file.seek(0)
        try:
            pillow_heif.open_heif(source.file)
        except ValueError as error:
            if "nsupported" in str(error):
                return Unsupported(f"{source.name}: its codec is not supported ({error})")
    elif source.mime not in known and source.mime.startswith("image/"):
        return Unsupported(f"{source.name}: nothing here reads {source.mime}")
    return Corrupt(f"{source.name}: no picture is recognised in these bytes")


def _read(source: Source, limits: Limits) -> ImageContent:
    image, notes = _load(source, limits)
    facts, orientation = read_exif(image)
    pixels = to_pixels(image, orientation, limits.image_side_px)
    width, height = image.info["mammothbox_size"]
    if orientation >= 5:
        width, height = height, width
    return finish(pixels, facts, width, height, notes)


def finish(
    pixels: Pixels, facts: dict[str, Any], width: int, height: int, notes: dict[str, Any]
) -> ImageContent:
    """The record of upright `pixels`; `width` and `height` are those of the full picture."""
    known = Facts(**facts, width=width, height=height, phash=perceptual_hash(pixels), extra=notes)
    return ImageContent(known, pixels, text_likelihood(pixels))


def _load(source: Source, limits: Limits) -> tuple[Image, dict[str, Any]]:
    notes: dict[str, Any] = {}
    image = _open(source, limits, notes)
    try:
        image.load()
    except OSError as error:
        if error.errno is not None:
            raise
        image = _load_part(source, limits, error)
        notes["truncated"] = True
    return image, notes


def _open(source: Source, limits: Limits, notes: dict[str, Any]) -> Image:
    from PIL import Image

    source.file.seek(0)
    image = Image.open(source.file, formats=_FORMATS)
    width, height = image.size
    if width * height > limits.pixels:
        raise TooLarge(f"{source.name}: {width} × {height} pixels, the limit is {limits.pixels:,}")
    if width < 1 or height < 1:
        raise Corrupt(f"{source.name}: the picture has no pixels")
    if getattr(image, "is_animated", False):
        notes["frames"] = int(getattr(image, "n_frames", 1))
    image.info["mammothbox_size"] = image.size
    image.draft("RGB" if image.mode == "YCbCr" else None, (limits.image_side_px,) * 2)
    return image


def _load_part(source: Source, limits: Limits, error: OSError) -> Image:
    """What is there of a picture that ends too early."""
    from PIL import ImageFile

    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image = _open(source, limits, {})
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    rows = np.asarray(image.convert("L").resize((64, 64)))
    if float(np.mean(np.ptp(rows, axis=1) > 0)) < _LEAST_PART:
        raise Corrupt(f"{source.name}: the picture is cut off before anything of it") from error
    return image


def to_pixels(image: Image, orientation: int, side: int) -> Pixels:
    """Upright RGB pixels of a loaded image, longer side at most `side`.

    Args:
        image: any mode.
        orientation: EXIF orientation, 1 to 8.
        side: pixels.
    """
    image = _flat(_shrunk(image, side), side)
    array = np.asarray(image)
    return np.ascontiguousarray(_TURNS[orientation](array))


_TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}
"""What makes a picture upright, by EXIF orientation."""


def _shrunk(image: Image, side: int) -> Image:
    width, height = image.size
    if max(width, height) <= side or image.mode not in _SCALABLE:
        return image
    import PIL.Image

    scale = side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if image.mode == "RGB" and scale >= 0.5:
        # What `draft` leaves is less than twice too large: two taps do, in a fifth of the time.
        import cv2

        small = cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_LINEAR)
        shrunk = PIL.Image.fromarray(small)
        shrunk.info = image.info
        return shrunk
    gap = None if image.mode in ("F", "I") else 2.0
    return image.resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=gap)


def _flat(image: Image, side: int) -> Image:
    """RGB of any mode: deep greys scaled to 8 bits, transparency laid on white."""
    import PIL.Image

    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    if image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        image = _shrunk(image, side)
        white = PIL.Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = PIL.Image.alpha_composite(white, image)
    if image.mode != "RGB":
        image = image.convert("RGB")
    return _shrunk(image, side)


def _eight_bits(image: Image) -> Image:
    import PIL.Image

    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values)
    top = 65535.0 if image.mode.startswith("I;16") else float(max(values.max(initial=0.0), 1.0))
    if image.mode == "I" and 255 < top <= 65535:
        top = 65535.0  # 16-bit PNG and TIFF arrive in 32-bit integers
    if image.mode == "F" and top <= 1.0:
        top = 1.0
    return PIL.Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8))
