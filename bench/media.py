"""Reading a directory of media with ground truth.

Such a directory has an ``index.csv`` (``path, kind, source, licence, truth, bytes``), and may have
``photos/flickr8k/captions.csv`` and ``organise.csv``. This module turns the truths, which are
written for people, into values; it knows nothing of models or metrics.

Example:
    >>> spoken_truth("en; go forward [noisy]")
    SpokenTruth(language='en', text='go forward', note='noisy', written=True, exact=True)
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UNWRITTEN = re.compile(
    r"no (?:exact )?transcript|not human truth|^contains the word|formats? variants", re.IGNORECASE
)
"""Marks of a truth whose words no person wrote down."""

_LOOSE = re.compile(r"\.\.\.|\(from |\(said ", re.IGNORECASE)
"""Marks of words that are guessed, shortened, or not all there is to hear."""

_SPEAKERS = re.compile(r"^(?:\d+|one|two|three|four|several) speakers?;\s*", re.IGNORECASE)
_IDENTIFIER = re.compile(r"^[A-Z]{2}\d+-\d+$")
_NO_SPEECH = re.compile(r"^no speech\b|\bno words\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of ``index.csv`` whose file exists.

    Attributes:
        path: of the file on disk.
        name: the path inside the media directory, with forward slashes.
        kind: the index's own word, e.g. ``photo``, ``speech``, ``ocr``.
        truth: as written.
    """

    path: Path
    name: str
    kind: str
    truth: str


@dataclass(frozen=True, slots=True)
class SpokenTruth:
    """What is said in a recording.

    Attributes:
        language: ISO 639-1.
        text: the words, empty when nobody wrote them down.
        note: what stood in square brackets, e.g. ``pink noise, SNR 5 dB``.
        written: whether a person wrote the words down; such a clip's language is known.
        exact: whether they are besides all the words there are, so that they can be counted.
    """

    language: str
    text: str
    note: str
    written: bool
    exact: bool


@dataclass(frozen=True, slots=True)
class PhotoTruth:
    """What a photo shows: reference captions, and how often each object occurs."""

    captions: tuple[str, ...]
    objects: Mapping[str, int]


def load_index(media: Path) -> list[Item]:
    """The lines of ``index.csv`` whose files exist, in its order; empty when there is no index."""
    index = media / "index.csv"
    if not index.is_file():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    items = (Item(media / row["path"], row["path"], row["kind"], row["truth"]) for row in rows)
    return [item for item in items if item.path.is_file()]


def flickr_captions(media: Path, split: str) -> dict[Path, list[str]]:
    """Photos of Flickr8k's `split` and their captions, in order; missing photos left out."""
    folder = media / "photos" / "flickr8k"
    table = folder / "captions.csv"
    found: dict[Path, list[str]] = {}
    if not table.is_file():
        return found
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == split:
                found.setdefault(folder / split / row["image"], []).append(row["caption"])
    return {path: captions for path, captions in found.items() if path.is_file()}


def spoken_truth(truth: str) -> SpokenTruth | None:
    """The truth of a recording written ``<lang>; <transcript> [note]``, or None if it is none."""
    match = re.match(r"^([a-z]{2})\s*;\s*(.*)$", truth.strip(), re.DOTALL)
    if not match:
        return None
    language, rest = match.groups()
    notes = re.findall(r"\[([^\]]*)\]", rest)
    text = re.sub(r"\[[^\]]*\]", " ", rest).strip()
    text = _SPEAKERS.sub("", text)
    written = bool(text) and not _UNWRITTEN.search(text) and not _IDENTIFIER.match(text)
    exact = written and not _LOOSE.search(text)
    return SpokenTruth(language, text, "; ".join(notes), written, exact)


def is_wordless(truth: str) -> bool:
    """Whether the truth says that nobody speaks."""
    return bool(_NO_SPEECH.search(truth.strip()))


def noise_db(note: str) -> float | None:
    """The signal-to-noise ratio a note states, dB; None when it states none."""
    match = re.search(r"SNR\s*(-?\d+(?:\.\d+)?)\s*dB", note)
    return float(match.group(1)) if match else None


def photo_truth(truth: str) -> PhotoTruth:
    """Captions and objects of a truth written ``captions: a || b ; objects: cat x1, dog x2``."""
    captions: tuple[str, ...] = ()
    objects: dict[str, int] = {}
    found = re.match(r"^\s*captions:\s*(.*?)(?:\s;\s*objects:|$)", truth, re.DOTALL)
    if found:
        captions = tuple(part.strip() for part in found.group(1).split("||") if part.strip())
    named = re.search(r"(?:^|\s;\s*|^\s*)objects:\s*(.*)$", truth, re.DOTALL)
    if named:
        for name, count in re.findall(r"([^,;]+?)\s+x(\d+)", named.group(1)):
            objects[name.strip()] = int(count)
    return PhotoTruth(captions, objects)


def text_truth(item: Item) -> str:
    """The text a picture holds, lines joined by newlines; empty when the index does not have it.

    Three forms exist: ``OCR text: a / b [note]``, ``... ; full text: a / b``, and a text file with
    the picture's stem beside it where the truth says so.
    """
    for mark in ("full text:", "OCR text:"):
        if mark in item.truth:
            body = item.truth.split(mark, 1)[1]
            body = re.sub(r"\s*\[[^\]]*\]\s*$", "", body)
            return "\n".join(line.strip() for line in body.split(" / ")).strip()
    beside = item.path.with_suffix(".txt")
    says_so = re.search(r"same stem \.txt|truth text in", item.truth)
    if says_so and beside.is_file() and beside != item.path:
        return beside.read_text(encoding="utf-8", errors="replace").strip()
    return ""


def field_truth(item: Item) -> dict[str, Any]:
    """The fields of a receipt or invoice as the index gives them; empty when it gives none.

    An index may cut a long truth off; then the plain fields before the cut are taken.
    """
    start = item.truth.find("fields:")
    if start < 0:
        return {}
    body = item.truth[start + len("fields:") :].lstrip()
    try:
        value, _ = json.JSONDecoder().raw_decode(body)
    except json.JSONDecodeError:
        pairs = re.findall(r'"(\w+)":\s*(?:"([^"]*)"|(-?[\d.]+))(?=\s*[,}])', body)
        return {name: text or number for name, text, number in pairs}
    if isinstance(value, list):
        value = value[0] if value else {}
    return value if isinstance(value, dict) else {}


def truth_file(path: Path) -> Any:
    """The JSON beside a generated file (``NAME.truth.json``), or None."""
    beside = path.with_name(path.name + ".truth.json")
    return json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else None
