"""Photos: orientation, modes, sizes, metadata, and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mammothbox.decode.dispatch import decode_path
from mammothbox.decode.image import _FORMATS, preload
from mammothbox.decode.limits import Limits
from mammothbox.errors import Corrupt, TooLarge, Unsupported
from mammothbox.records import ImageContent, Kind
from mammothbox.settings import Settings

LIMITS = Limits.of(Settings())
RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 255)


def _decode(path: Path, mime: str = "image/jpeg", limits: Limits = LIMITS) -> ImageContent:
    content = decode_path(str(path), Kind.IMAGE, mime, limits)
    assert isinstance(content, ImageContent)
    assert content.pixels.dtype == np.uint8
    assert content.pixels.flags.c_contiguous
    return content


def _corners(pixels: np.ndarray) -> list[str]:
    """Names of the colours in the corners, row by row."""
    names = {"red": RED, "blue": BLUE, "green": GREEN, "white": WHITE}
    height, width = pixels.shape[:2]
    points = [(2, 2), (2, width - 3), (height - 3, 2), (height - 3, width - 3)]

    def name(at: tuple[int, int]) -> str:
        return min(
            names, key=lambda n: int(np.abs(np.array(names[n]) - pixels[at].astype(int)).sum())
        )

    return [name(at) for at in points]


def _quarters() -> Image.Image:
    """Upright: red, blue / green, white; 64 wide, 32 high."""
    image = Image.new("RGB", (64, 32), RED)
    image.paste(BLUE, (32, 0, 64, 16))
    image.paste(GREEN, (0, 16, 32, 32))
    image.paste(WHITE, (32, 16, 64, 32))
    return image


STORED = {  # how an upright picture is stored under each EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int, tmp_path: Path) -> None:
    image = _quarters()
    if STORED[orientation] is not None:
        image = image.transpose(STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    content = _decode(tmp_path / "a.jpg")
    assert _corners(content.pixels) == ["red", "blue", "green", "white"]
    assert (content.facts.width, content.facts.height) == (64, 32)


def test_a_large_photo_is_reduced_and_keeps_its_true_size(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 3000), GREEN).save(tmp_path / "a.jpg")
    content = _decode(tmp_path / "a.jpg")
    assert content.pixels.shape == (960, 1280, 3)
    assert (content.facts.width, content.facts.height) == (4000, 3000)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "YCbCr", "PA"])
def test_every_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    if mode == "I;16":
        ramp = np.linspace(0, 65535, 64 * 32, dtype=np.uint16).reshape(32, 64)
        image = Image.fromarray(ramp)
    else:
        image = _quarters().convert("RGBA" if mode == "PA" else mode)
    image.save(tmp_path / "a.tif" if mode != "PA" else tmp_path / "a.png")
    pixels = _decode(tmp_path / "a.tif" if mode != "PA" else tmp_path / "a.png", "image/x").pixels
    assert pixels.shape == (32, 64, 3)
    assert np.ptp(pixels) > 200


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (_decode(tmp_path / "a.png", "image/png").pixels == 255).all()


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in (RED, BLUE, GREEN)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    content = _decode(tmp_path / "a.gif", "image/gif")
    assert tuple(content.pixels[5, 5]) == RED
    assert content.facts.extra["frames"] == 3


def test_heic_is_read(tmp_path: Path) -> None:
    preload()
    _quarters().resize((256, 128)).save(tmp_path / "a.heic", quality=95)
    content = _decode(tmp_path / "a.heic", "image/heic")
    assert _corners(content.pixels) == ["red", "blue", "green", "white"]


def test_when_where_and_which_camera(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 80D"
    exif.get_ifd(0x8769).update({0x9003: "2021:07:04 12:30:00", 0x9011: "+02:00"})
    gps = {1: "S", 2: (33.0, 51.0, 36.0), 3: "E", 4: (151.0, 12.0, 0.0)}
    exif.get_ifd(0x8825).update(gps)
    _quarters().save(tmp_path / "a.jpg", exif=exif)
    facts = _decode(tmp_path / "a.jpg").facts
    assert facts.taken_at == "2021-07-04T12:30:00+02:00"
    assert facts.camera == "Canon EOS 80D"
    assert facts.gps == (-33.86, 151.2)


@pytest.mark.parametrize(
    ("tag", "value"), [(0x9003, "0000:00:00 00:00:00"), (0x9003, "2021:13:45 12:30:00")]
)
def test_nonsense_in_exif_is_left_out(tag: int, value: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[tag] = value
    exif.get_ifd(0x8825).update({1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)})
    _quarters().save(tmp_path / "a.jpg", exif=exif)
    facts = _decode(tmp_path / "a.jpg").facts
    assert facts.taken_at is None
    assert facts.gps is None


def test_garbage_for_exif_does_not_fail_the_photo(tmp_path: Path) -> None:
    _quarters().save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xfe" * 40)
    assert _decode(tmp_path / "a.jpg").facts.width == 64


def test_a_photo_cut_in_half_counts_and_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    content = _decode(tmp_path / "a.jpg")
    assert content.facts.extra["truncated"] is True
    assert content.pixels[50].std() > 20


def test_a_photo_of_which_only_the_head_is_there_is_corrupt(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:700])
    with pytest.raises(Corrupt, match=r"^a\.jpg: "):
        _decode(tmp_path / "a.jpg")


def test_pixels_are_counted_before_they_are_decoded(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "a.png")
    few = Limits.of(Settings(max_pixels=19_999))
    with pytest.raises(TooLarge, match="200 × 100"):
        _decode(tmp_path / "a.png", "image/png", few)


def test_drawings_are_not_rendered(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(Unsupported):
        _decode(tmp_path / "a.svg", "image/svg+xml")


def test_near_copies_have_near_hashes(media: Path) -> None:
    source = next((media / "photos" / "coco128").rglob("*.jpg"))
    one = int(_decode(source).facts.phash or "", 16)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "b.jpg"
        Image.open(source).resize((400, 300)).save(copy, quality=60)
        other = int(_decode(copy).facts.phash or "", 16)
    assert (one ^ other).bit_count() <= 8


def test_every_format_in_use_has_a_reader_in_pillow() -> None:
    preload()
    from PIL.Image import OPEN

    assert set(_FORMATS) <= set(OPEN)
    assert "EPS" not in _FORMATS  # it starts Ghostscript


def test_the_shared_orientations_are_all_alike(media: Path) -> None:
    folder = media / "exif" / "orientation"
    files = sorted(folder.rglob("*.jpg"))
    assert len(files) >= 6
    groups: dict[str, list[ImageContent]] = {}
    for file in files:
        groups.setdefault(file.stem.partition("_")[0], []).append(_decode(file))
    compared = 0
    for contents in groups.values():
        first = contents[0]
        for other in contents[1:]:
            if other.pixels.shape != first.pixels.shape:
                pytest.fail(f"shapes differ: {other.pixels.shape} {first.pixels.shape}")
            gap = np.abs(other.pixels.astype(int) - first.pixels.astype(int)).mean()
            assert gap < 20
            compared += 1
    assert compared >= 4
