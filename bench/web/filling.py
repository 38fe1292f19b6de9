"""A library of made-up photos, written through the store's own door.

The pictures are a few hundred drawn ones under many names, each name with a digest of its own, and
their thumbnails are there before, as they are after a first look through a library. Words occur as
unevenly as in real captions: the words of the questions are among the commonest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from bench.speed.searching import QUERIES
from mammothbox.library import Library
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.settings import Settings
from mammothbox.understand.steps import BY_NAME, author_of

DRAWN = 100
BATCH = 2000
WORDS = 4000
"""Different words that captions are made of."""

SHAPES = ((640, 480), (480, 640), (640, 427), (600, 600), (720, 405))


class Drawn(NamedTuple):
    """A picture, its thumbnail, and its size in pixels."""

    picture: Path
    thumbnail: Path
    width: int
    height: int


def fill(settings: Settings, scratch: Path, files: int) -> None:
    """Have `files` photos of ten years in a library; the pictures go below `scratch`.

    What an earlier call wrote there stays, and this one goes on after it.
    """
    random = np.random.default_rng(7)
    drawn = [_draw(scratch, number, random) for number in range(DRAWN)]
    folder = scratch / "files"
    folder.mkdir(exist_ok=True)
    with Library.open(settings, write=True) as library:
        library.store.record_files((), [str(folder)])
        for start in range(library.store.counts().files, files, BATCH):
            number = min(BATCH, files - start)
            placed = [
                _place(settings.library, folder, start + n, drawn[(start + n) % DRAWN], random)
                for n in range(number)
            ]
            library.store.record_files([ref for ref, _ in placed])
            library.store.commit(_results(placed, library.models.cards(), random))


def _results(
    placed: list[tuple[FileRef, dict[str, Any]]],
    cards: Mapping[str, ModelCard],
    random: np.random.Generator,
) -> list[Result]:
    """What a run would have found out: facts, a caption, and a vector in each space."""
    embed, chunks = (author_of(BY_NAME[name], Kind.IMAGE, cards) for name in ("embed", "chunks"))
    joint, text = _unit(random, len(placed), 512), _unit(random, len(placed), 384)
    made: list[Result] = []
    for n, (ref, facts) in enumerate(placed):
        sentence = _sentence(random)
        said, words = {"title": sentence, "tags": []}, (Passage("caption", sentence),)
        looks, means = Embedding("joint", joint[n]), Embedding("text", text[n], text=sentence)
        made += [
            Result(ref.digest, "facts", "decoder", "1", Done(facts)),
            Result(ref.digest, "outline", "code", "1", Done(said), words),
            Result(ref.digest, "embed", embed.model, embed.revision, Done({}), (), (looks,),
                   model_revision=cards["embedder"].revision),
            Result(ref.digest, "chunks", chunks.model, chunks.revision, Done({}), (), (means,),
                   model_revision=cards["text_embedder"].revision),
        ]  # fmt: skip
    return made


def _vocabulary() -> tuple[list[str], np.ndarray[Any, Any]]:
    """Words and how often each occurs, as 1 / (its place + 2): those of the questions first."""
    asked = list(dict.fromkeys(word for query in QUERIES for word in query.split()))
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    number = len(syllables)
    other = [
        syllables[n % number] + syllables[n // number % number] + "tion" * (n % 7 == 0)
        for n in range(WORDS - len(asked))
    ]
    share = 1 / (np.arange(WORDS) + 3)
    return asked + other, share / share.sum()


_VOCABULARY, _SHARE = _vocabulary()


def _sentence(random: np.random.Generator) -> str:
    return " ".join(_VOCABULARY[place] for place in random.choice(WORDS, 9, p=_SHARE))


def _unit(random: np.random.Generator, rows: int, dimensions: int) -> Any:
    vectors = random.standard_normal((rows, dimensions), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _draw(scratch: Path, number: int, random: np.random.Generator) -> Drawn:
    """A picture and its thumbnail, as large as real thumbnails are."""
    width, height = SHAPES[number % len(SHAPES)]
    noise = random.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).text((20, 20), str(number), fill=(255, 255, 255))
    picture, small = scratch / f"{number}.jpg", scratch / f"{number}.webp"
    if not picture.exists():  # a library that is kept remembers when it was written
        image.save(picture, quality=80)
        image.thumbnail((512, 512))
        image.save(small, quality=78, method=0)
    return Drawn(picture, small, width, height)


def _place(
    library: Path, folder: Path, number: int, drawn: Drawn, random: np.random.Generator
) -> tuple[FileRef, dict[str, Any]]:
    """One name for a picture, and the facts that a decoder would tell of it."""
    digest = Digest(f"{number * 7919:064x}"[::-1])
    path = folder / f"{number // 500:03}" / f"IMG_{number:06}.jpg"
    thumb = library / "previews" / digest[:2] / f"{digest}-thumb.webp"
    for parent in (path.parent, thumb.parent):
        parent.mkdir(parents=True, exist_ok=True)
    os.link(drawn.picture, path)
    os.link(drawn.thumbnail, thumb)
    status = path.stat()
    taken = datetime(2015, 1, 1) + timedelta(minutes=float(random.integers(0, 5_250_000)))
    ref = FileRef(str(path), status.st_size, status.st_mtime_ns, Kind.IMAGE, "image/jpeg", digest)
    facts = {"width": drawn.width, "height": drawn.height, "taken_at": taken.isoformat()}
    return ref, facts
