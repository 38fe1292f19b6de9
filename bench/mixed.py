"""A folder of so many different small files of all kinds, made of the test media.

Photos are cut, turned and shrunk from Flickr8k's; notes, web pages and tables are made of its
captions; documents and recordings are copies; a few files are bad. So a few thousand files take
minutes, not a night. Equal arguments make equal bytes.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SHARES = (("photo", 0.15), ("document", 0.03), ("sound", 0.005), ("broken", 0.02), ("copy", 0.02))
"""What so much of the files is; the rest are texts."""
SIDE_PX = 256


def build(folder: Path, count: int, media: Path) -> None:
    """Write `count` files below `folder`.

    Raises:
        FileNotFoundError: `media` has no Flickr8k.
    """
    chance = np.random.default_rng(7)
    flickr = media / "photos" / "flickr8k"
    with (flickr / "captions.csv").open(newline="") as lines:
        sentences = [" ".join(row[1:]) for row in csv.reader(lines)]
    pictures = sorted(flickr.rglob("*.jpg"))
    papers = _small(media / "docs", (".pdf", ".docx", ".odt", ".rtf"), 60_000)
    sounds = _small(media / "speech", (".wav", ".mp3", ".flac"), 200_000)
    for number, kind in enumerate(_kinds(count, chance)):
        place = folder / f"shelf{number % 20:02}"
        place.mkdir(parents=True, exist_ok=True)
        name = place / f"{kind}{number:05}"
        if kind == "photo":
            _photo(name.with_suffix(".jpg"), pictures, chance)
        elif kind == "document":
            _copy(name, papers, chance)
        elif kind == "sound":
            _copy(name, sounds, chance)
        elif kind == "broken":
            _broken(name, number, chance)
        elif kind == "copy":
            written = sorted(folder.rglob("text*"))
            _copy(name, written, chance)
        else:
            _text(name, number, sentences, chance)


def _kinds(count: int, chance: np.random.Generator) -> Iterator[str]:
    kinds = [kind for kind, share in SHARES for _ in range(round(share * count))]
    kinds += ["text"] * (count - len(kinds))
    order = chance.permutation(len(kinds))
    return (kinds[at] if number else "text" for number, at in enumerate(order))


def _small(folder: Path, endings: Sequence[str], most_bytes: int) -> list[Path]:
    files = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in endings)
    return [path for path in files if path.stat().st_size <= most_bytes]


def _copy(name: Path, some: Sequence[Path], chance: np.random.Generator) -> None:
    source = some[int(chance.integers(len(some)))]
    shutil.copyfile(source, name.with_suffix(source.suffix))


def _photo(path: Path, pictures: Sequence[Path], chance: np.random.Generator) -> None:
    """A piece of at least half a photo's sides, perhaps mirrored, at most `SIDE_PX` long."""
    with Image.open(pictures[int(chance.integers(len(pictures)))]) as opened:
        picture = opened.convert("RGB")
    width, height = (int(side * chance.uniform(0.5, 1)) for side in picture.size)
    left = int(chance.integers(picture.width - width + 1))
    top = int(chance.integers(picture.height - height + 1))
    piece = picture.crop((left, top, left + width, top + height))
    if chance.integers(2):
        piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    piece.thumbnail((SIDE_PX, SIDE_PX))
    piece.save(path, quality=85)


def _broken(name: Path, number: int, chance: np.random.Generator) -> None:
    """A file that cannot be read, or that is left alone."""
    noise = chance.bytes(2_000)
    if number % 3 == 0:
        name.with_suffix(".pdf").write_bytes(b"%PDF-1.4\n" + noise)
    elif number % 3 == 1:
        name.with_suffix(".jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise)
    else:
        name.with_suffix(".bin").write_bytes(b"\x00\x01\x02" + noise)


def _text(name: Path, number: int, sentences: Sequence[str], chance: np.random.Generator) -> None:
    """A note, a web page or a table of a few sentences."""
    some = [
        sentences[at] for at in chance.integers(len(sentences), size=int(chance.integers(3, 9)))
    ]
    if number % 10 == 0:
        rows = "".join(f"<li>{one}</li>" for one in some)
        page = f"<html><title>Page {number}</title><body><ul>{rows}</ul></body></html>"
        name.with_suffix(".html").write_text(page)
    elif number % 10 == 1:
        with name.with_suffix(".csv").open("w", newline="") as out:
            csv.writer(out).writerows([["number", "what"], *enumerate(some)])
    else:
        name.with_suffix(".txt").write_text(f"Note {number}\n\n" + "\n".join(some) + "\n")
