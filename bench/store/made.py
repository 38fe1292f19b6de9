"""What the engines are filled with: vectors, files, results and documents, made from numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np

from mammothbox.models import open_models
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.settings import load_settings
from mammothbox.store import Space
from mammothbox.store.rows import VectorRow

SPACE = Space("joint", "bench", "1")
TEXT = Space("text", "stub-text-embedder", "1")
NOUNS = (
    *("dog", "cat", "boat", "beach", "mountain", "child", "car", "bridge", "flower", "bird"),
    *("train", "house", "market", "river", "horse", "bicycle", "guitar", "castle", "kitchen"),
    *("garden", "forest", "desert", "tower", "church", "airplane", "bus", "football", "mirror"),
    *("window", "chair", "bread", "apple", "fish", "elephant", "waterfall", "library", "stadium"),
    *("island", "farm", "snowman"),
)
SCENES = (
    *("at night", "in the rain", "by the sea", "on a table", "in a park", "under snow"),
    *("at sunset", "in a crowd", "behind a fence", "on a hill", "in black and white"),
    *("from above", "in a mirror", "near a road", "in the morning fog"),
)
LOOKS = (
    *("a photo of a small", "a blurred picture of a red", "a painting of an old", "two of the"),
    *("a drawing of a green", "a close-up of a wet", "a wooden", "a broken", "someone beside a"),
    "a very large",
)
NOISE = 0.6
"""Length of the noise on a real vector of length one."""
CHUNK = 5_000


def real_vectors() -> np.ndarray:
    """Vectors of 6,000 different sentences in the joint space: N x 512."""
    sentences = [f"{a} {b} {c}" for a, b, c in itertools.product(LOOKS, NOUNS, SCENES)]
    with open_models(load_settings()) as models, models.embedder() as embedder:
        return np.asarray(embedder.embed_texts(sentences), np.float32)


def noisy(base: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` vectors near those of `base`, float16, L2-normalised."""
    random = np.random.default_rng(seed)
    rows = np.empty((count, base.shape[1]), np.float16)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        noise = random.standard_normal((size, base.shape[1]), dtype=np.float32)
        some = base[random.integers(0, len(base), size)] + NOISE * noise / base.shape[1] ** 0.5
        rows[start : start + size] = some / np.linalg.norm(some, axis=1, keepdims=True)
    return rows


def digest_of(number: int) -> Digest:
    """A digest for a made-up content; as real ones, they come in no order."""
    return Digest(sha256(str(number).encode()).hexdigest())


def file_row(number: int) -> tuple[Any, ...]:
    """A row of `schema.FILES`, without its id."""
    path, digest = f"/bench/{number}".encode(), digest_of(number)
    return path, 1, number, "image", "image/jpeg", digest, "bench", None


def vector_row(number: int, row: np.ndarray, space: Space = SPACE) -> VectorRow:
    """A vector of a made-up content."""
    made = (digest_of(number), "embed", space.name, space.model, space.revision, 0)
    return VectorRow(*made, page=None, start_s=None, text="", vector=row.astype("<f2").tobytes())


def ref(digest: Digest) -> FileRef:
    """A file with this content that was scanned."""
    return FileRef(f"/new/{digest}", 1, 1, Kind.IMAGE, "image/jpeg", digest)


def result(number: int, row: np.ndarray) -> Result:
    """A result with a passage and a vector."""
    words = (Passage("caption", f"a new photo number {number} of a dog"),)
    parts = (Embedding(SPACE.name, row.astype(np.float32)),)
    made = (digest_of(number), "embed", SPACE.model, SPACE.revision, Done({}))
    return Result(*made, words, parts)


def documents(count: int, base: np.ndarray, size: int = 500) -> Iterator[list[Result]]:
    """Batches of documents: 60 words as frequent as in a language, and a vector of 384 each."""
    random = np.random.default_rng(9)
    words, often = _language()
    vectors = noisy(base[:, :384], count, 4)
    for start in range(0, count, size):
        numbers = range(start, min(start + size, count))
        drawn = random.choice(words, (len(numbers), 60), p=often)
        yield [
            Result(
                *(digest_of(10**7 + number), "chunks", TEXT.model, TEXT.revision, Done({})),
                (Passage("text", " ".join(some)),),
                (Embedding(TEXT.name, vectors[number].astype(np.float32), text=some[0]),),
            )
            for number, some in zip(numbers, drawn, strict=True)
        ]


def questions(count: int) -> list[str]:
    """Queries of three words, neither the rarest nor the most frequent."""
    words, _ = _language()
    ranks = np.random.default_rng(10).integers(20, 5_000, (count, 3))
    return [" ".join(words[row]) for row in ranks]


def _language() -> tuple[np.ndarray, np.ndarray]:
    words = np.array([f"word{number}" for number in range(30_000)])
    often = 1 / np.arange(1, len(words) + 1)
    return words, often / often.sum()
