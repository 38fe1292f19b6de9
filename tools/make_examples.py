"""Make `examples/` anew from its public-domain sources and from nothing.

The photos come out of two wheels and the voice out of one Debian package, which are read as
archives and never installed:

    pip download --no-deps scikit-image==0.25.2 scipy==1.9.3
    apt-get download pocketsphinx-testdata
    python tools/make_examples.py --sources . --out examples

Origin and licence of each: `examples/SOURCES.md`. Documents and the video are made here, by
`example_documents` and `example_video`; the people and firms in them are invented. Two runs with
the same versions of Pillow and PyAV give the same bytes for all but the PDFs' and the video's
container details.
"""

from __future__ import annotations

import argparse
import bz2
import io
import lzma
import shutil
import tarfile
import zipfile
from pathlib import Path

import example_documents
import example_video
import numpy as np
import pillow_heif
from PIL import Image, ImageEnhance

LIBRIVOX = "sense_and_sensibility_01_austen_64kb-"

PHOTOS = {
    "IMG_2101.jpg": "astronaut.png",
    "IMG_2102.jpg": "chelsea.png",
    "IMG_2103.jpg": "coffee.png",
    "IMG_2104.jpg": "rocket.jpg",
    "IMG_2105.jpg": "hubble_deep_field.jpg",
    "IMG_2106.jpg": "camera.png",
    "IMG_2107.jpg": "clock_motion.png",
    "IMG_2108.jpg": "brick.png",
    "IMG_2109.jpg": "grass.png",
    "IMG_2110.webp": "gravel.png",
    "IMG_2111.jpg": "retina.jpg",
    "IMG_2112.png": "horse.png",
    "IMG_2113.png": "cell.png",
}
"""Name in examples/photos → file of scikit-image's sample data."""


def read_sources(folder: Path) -> tuple[dict[str, Image.Image], dict[str, bytes]]:
    """Photos by their name in scikit-image (and ``raccoon``), and recordings by their number."""
    photos: dict[str, Image.Image] = {}
    with zipfile.ZipFile(next(folder.glob("scikit_image-*.whl"))) as wheel:
        for name in PHOTOS.values():
            photos[name] = Image.open(io.BytesIO(wheel.read(f"skimage/data/{name}"))).copy()
    with zipfile.ZipFile(next(folder.glob("scipy-1.9.*.whl"))) as wheel:
        raw = np.frombuffer(bz2.decompress(wheel.read("scipy/misc/face.dat")), dtype=np.uint8)
        photos["raccoon"] = Image.fromarray(raw.reshape(768, 1024, 3))
    return photos, _recordings(next(folder.glob("pocketsphinx-testdata_*.deb")))


def _recordings(package: Path) -> dict[str, bytes]:
    """The LibriVox recordings inside a Debian package: an `ar` archive holding a tar archive."""
    archive = package.read_bytes()
    offset, data = 8, b""
    while offset < len(archive):
        name = archive[offset : offset + 16].decode().strip()
        size = int(archive[offset + 48 : offset + 58])
        if name.startswith("data.tar.xz"):
            data = lzma.decompress(archive[offset + 60 : offset + 60 + size])
        offset += 60 + size + size % 2
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tree:
        for member in tree:
            if LIBRIVOX in member.name and (stream := tree.extractfile(member)):
                found[member.name.rsplit("-", 1)[1].removesuffix(".wav")] = stream.read()
    return found


def _jpeg(
    picture: Image.Image, path: Path, quality: int = 88, exif: Image.Exif | None = None
) -> None:
    options = {"exif": exif} if exif else {}
    picture.convert("RGB").save(path, quality=quality, optimize=True, **options)


def _launch_exif() -> Image.Exif:
    """When and where the rocket photo was taken: DSCOVR's launch, Cape Canaveral, 11 Feb 2015."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example", "Model 1"
    details = exif.get_ifd(0x8769)
    details[0x9003] = "2015:02:11 18:03:00"
    details[0x9011] = "-05:00"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (28.0, 33.0, 43.2)
    place[3], place[4] = "W", (80.0, 34.0, 37.2)
    return exif


def write_photos(photos: dict[str, Image.Image], out: Path) -> None:
    """The photos, one lying on its side with an orientation tag, duplicates, one broken file."""
    out.mkdir(parents=True)
    for name, source in PHOTOS.items():
        picture, path = photos[source], out / name
        if source == "retina.jpg":
            picture = picture.resize((900, 900))
        if name.endswith(".jpg"):
            sideways = Image.Exif()
            sideways[0x0112] = 6
            if source == "coffee.png":
                _jpeg(picture.transpose(Image.Transpose.ROTATE_90), path, exif=sideways)
            else:
                _jpeg(picture, path, exif=_launch_exif() if source == "rocket.jpg" else None)
        else:
            picture.save(path)
    pillow_heif.register_heif_opener()
    photos["raccoon"].save(out / "IMG_2114.heic", quality=70)
    shutil.copy(out / "IMG_2103.jpg", out / "IMG_2103 (copy).jpg")
    near = photos["chelsea.png"].convert("RGB").resize((360, 240))
    _jpeg(ImageEnhance.Brightness(near).enhance(1.15), out / "IMG_2102_small.jpg", quality=60)
    broken = bytearray((out / "IMG_2104.jpg").read_bytes()[:20_000])
    broken[2_000:] = bytes(len(broken) - 2_000)
    (out / "IMG_2115.jpg").write_bytes(bytes(broken))


def main() -> None:
    """Write everything but SOURCES.md, which is kept by hand."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the three packages")
    parser.add_argument("--out", type=Path, default=Path("examples"))
    options = parser.parse_args()
    photos, voice = read_sources(options.sources)
    for part in ("photos", "documents", "sound", "video"):
        shutil.rmtree(options.out / part, ignore_errors=True)
    write_photos(photos, options.out / "photos")
    example_documents.write(options.out / "documents")
    example_video.write_sound(voice, options.out / "sound")
    example_video.write_videos(photos, voice, options.out / "video")


if __name__ == "__main__":
    main()
