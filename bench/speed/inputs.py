"""Inputs of known size and all different, made from the files of ``examples/``.

Different bytes and different words each time, because equal ones would cost nothing: the product
knows content by its digest, and the writer's answers by their prompt.
"""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from bench.speed.voices import RATE, Track, sentences, talk

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_TEXT = """
harbour ladder mustard lantern violin orchard thunder bicycle marble feather kettle bridge
meadow copper anchor saddle velvet barley compass curtain glacier hammer island jasmine
lemon mirror needle oyster pepper quarry ribbon sparrow timber umbrella valley walnut yarn
zebra"""
WORDS = _TEXT.split()


class Inputs:
    """Makes files below `folder`; each method writes `count` of them and gives their paths.

    Args:
        folder: where.
        seed: of what is random.
        media: measuring media, whose sentences are spoken in recordings and videos; None for the
            three sentences of the examples.
    """

    def __init__(self, folder: Path, seed: int = 0, media: Path | None = None) -> None:
        self.folder = folder
        self._media = media
        self._random = np.random.default_rng(seed)

    def photos(self, count: int, size: tuple[int, int]) -> list[Path]:
        """JPEG photos of `size` pixels: pieces of the example photos with grain of their own."""
        return [self._photo(number, size) for number in range(count)]

    def documents(self, count: int) -> list[Path]:
        """PDF documents of three pages with a text layer, about 250 words a page."""
        return [self._document(number) for number in range(count)]

    def sounds(self, count: int, seconds: float = 30) -> list[Path]:
        """WAV recordings of speech of `seconds`."""
        paths = []
        for number in range(count):
            path = self._path(f"sound{seconds:.0f}", number, ".wav")
            with wave.open(str(path), "wb") as out:
                out.setparams((1, 2, RATE, 0, "NONE", ""))
                out.writeframes(self._speech(seconds).tobytes())
            paths.append(path)
        return paths

    def videos(self, count: int, seconds: float = 15) -> list[Path]:
        """MP4 videos of `seconds`, a cut every three, speech under them; 640 x 360, 12 a second."""
        return [self._video(number, seconds) for number in range(count)]

    def small_files(self, count: int) -> Path:
        """A folder with `count` files of 40 bytes, 1,000 a folder, that hold no known format."""
        top = self.folder / "small"
        for start in range(0, count, 1000):
            here = top / f"{start // 1000:04}"
            here.mkdir(parents=True)
            for number in range(start, min(start + 1000, count)):
                unlike_anything = b"\0\xfe\0\x01" + struct.pack(">Q", number) + bytes(28)
                (here / f"{number:06}.bin").write_bytes(unlike_anything)
        return top

    @cached_property
    def _pictures(self) -> list[Image.Image]:
        found = []
        for path in sorted((EXAMPLES / "photos").glob("IMG_21*.jpg")):
            try:
                with Image.open(path) as image:
                    found.append(ImageOps.exif_transpose(image).convert("RGB"))
            except OSError:
                continue  # one of the examples is broken on purpose
        return found

    @cached_property
    def _sentences(self) -> list[Track]:
        return sentences(self._media)

    def _path(self, kind: str, number: int, suffix: str) -> Path:
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{kind}{number:04}{suffix}"

    def _picture(self, size: tuple[int, int]) -> Image.Image:
        whole = self._pictures[int(self._random.integers(len(self._pictures)))]
        share = self._random.uniform(0.5, 1.0)
        wide, high = int(whole.width * share), int(whole.height * share)
        left = int(self._random.integers(whole.width - wide + 1))
        top = int(self._random.integers(whole.height - high + 1))
        return whole.crop((left, top, left + wide, top + high)).resize(
            size, Image.Resampling.BICUBIC
        )

    def _photo(self, number: int, size: tuple[int, int]) -> Path:
        pixels = np.asarray(self._picture(size), dtype=np.int16)
        grain = self._random.integers(-6, 7, size=(size[1], size[0], 1), dtype=np.int16)
        path = self._path(f"photo{size[0]}", number, ".jpg")
        image = Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))
        image.save(path, quality=90)
        return path

    def _document(self, number: int) -> Path:
        from tools.example_documents import write_pdf

        pages = []
        for page in range(3):
            words = self._random.choice(WORDS, 250).tolist()
            lines = [" ".join(words[at : at + 9]) for at in range(0, len(words), 9)]
            pages.append(
                (f"Report {number} on {words[0]} and {words[1]}, part {page + 1}", "|".join(lines))
            )
        path = self._path("document", number, ".pdf")
        write_pdf(path, pages)
        return path

    def _speech(self, seconds: float) -> Track:
        return talk(self._sentences, seconds, self._random)

    def _video(self, number: int, seconds: float) -> Path:
        from tools.example_video import write_video

        shots = max(1, round(seconds / 3))
        slides = [
            (self._picture((640, 360)), " ".join(self._random.choice(WORDS, 3).tolist()))
            for _ in range(shots)
        ]
        path = self._path("video", number, ".mp4")
        write_video(path, slides, seconds / shots, self._speech(seconds))
        return path


def pixels_of(paths: Sequence[Path]) -> list[npt.NDArray[np.uint8]]:
    """The photos' pixels by Pillow alone, for the bare engines: H x W x 3."""
    found = []
    for path in paths:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            found.append(np.asarray(image.convert("RGB")))
    return found
