"""CLIP: pictures and sentences to one space, on ONNX Runtime.

Place in the flow: the clip host holds one `ClipEngine`. The towers load apart, each when its first
input comes: a search needs the sentence side alone. Pictures are prepared as the model's own
`preprocessor_config.json` says. Knows nothing of HTTP.

Example:
    >>> engine = ClipEngine(Path("clip-vit-base-patch32"), threads=2)       # doctest: +SKIP
    >>> float(engine.embed_images([photo])[0] @ engine.embed_texts(["a dog"])[0])  # doctest: +SKIP
    0.27
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels
from mammothbox.errors import WeightsMissing
from mammothbox.models.engines.sessions import open_session
from mammothbox.models.graphs.clip import EXACT_IMAGES, EXACT_TEXTS, IMAGES, TEXTS
from mammothbox.records import Json

Vectors = npt.NDArray[np.float32]

BATCH = 16
MEAN = (0.48145466, 0.4578275, 0.40821073)
SPREAD = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue, where the model's own file says nothing else."""

SIDE = 224
LONGEST = 77


class ClipEngine:
    """One loaded model. Not for several threads at once.

    Args:
        folder: holds both graphs, `tokenizer.json`, `config.json`, `preprocessor_config.json`.
        threads: compute threads.
        exact: run the graphs whose matrices are as published.
        gpu: compute on the GPU.
    """

    def __init__(
        self, folder: Path, threads: int, *, exact: bool = False, gpu: bool = False
    ) -> None:
        self._folder, self._threads = folder, threads
        self._exact, self._gpu = exact, gpu
        self._config = _json(folder / "config.json")
        self._how = _json(folder / "preprocessor_config.json")

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return int(self._config.get("projection_dim", 512))

    @cached_property
    def _images(self) -> Any:
        return self._open(EXACT_IMAGES if self._exact else IMAGES)

    @cached_property
    def _texts(self) -> Any:
        return self._open(EXACT_TEXTS if self._exact else TEXTS)

    def _open(self, name: str) -> Any:
        return open_session(self._folder / name, self._threads, gpu=self._gpu)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        if not path.is_file():
            raise WeightsMissing(f"{path} is missing; run: mammothbox models pull full")
        tokenizer = Tokenizer.from_file(str(path))
        text = self._config.get("text_config", {})
        tokenizer.enable_truncation(int(text.get("max_position_embeddings", LONGEST)))
        tokenizer.no_padding()
        return tokenizer

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """N x dimensions, rows L2-normalised."""
        rows = [np.zeros((0, self.dimensions), np.float32)]
        for start in range(0, len(images), BATCH):
            batch = np.stack([self.prepare(image) for image in images[start : start + BATCH]])
            rows += self._images.run(["embedding"], {"pixels": batch})
        return np.concatenate(rows)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x dimensions, rows L2-normalised; a long text is cut at the model's own length."""
        rows = [np.zeros((0, self.dimensions), np.float32)]
        for start in range(0, len(texts), BATCH):
            ids = self.tokenize(texts[start : start + BATCH])
            rows += self._texts.run(["embedding"], {"ids": ids})
        return np.concatenate(rows)

    def tokenize(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """N x longest; short ones are filled up with the end token, which nothing looks at."""
        encoded = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        longest = max(map(len, encoded))
        return np.array([ids + ids[-1:] * (longest - len(ids)) for ids in encoded], np.int64)

    def prepare(self, image: Pixels) -> Vectors:
        """3 x side x side: shorter side scaled, middle cut out, colours normalised."""
        from PIL import Image

        shorter = _side(self._how.get("size"), "shortest_edge")
        side = _side(self._how.get("crop_size"), "height")
        height, width = image.shape[:2]
        # The longer side is cut down to whole pixels, as the reference does.
        new = (
            (shorter, int(shorter * height / width))
            if width <= height
            else (int(shorter * width / height), shorter)
        )
        picture = Image.fromarray(np.ascontiguousarray(image))
        pixels = np.asarray(picture.resize(new, Image.Resampling.BICUBIC))
        top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
        cut = pixels[top : top + side, left : left + side].astype(np.float32) / 255
        mean = np.array(self._how.get("image_mean", MEAN), np.float32)
        spread = np.array(self._how.get("image_std", SPREAD), np.float32)
        return np.ascontiguousarray(((cut - mean) / spread).transpose(2, 0, 1), np.float32)


def _json(path: Path) -> Json:
    if not path.is_file():
        raise WeightsMissing(f"{path} is missing; run: mammothbox models pull full")
    found: Json = json.loads(path.read_text("utf-8"))
    return found


def _side(size: Any, key: str) -> int:
    """A size as a number, or as an object that holds it."""
    return int(size.get(key, SIDE) if isinstance(size, dict) else size or SIDE)
