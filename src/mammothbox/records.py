"""The nouns that flow through the program, all frozen and equal by value.

    FileRef → Content → Result → Hit | Cluster | Plan

Identity is content: a `Digest` names bytes, wherever they lie. Arrays inside records are
read-only. This module knows nothing of decoding, models, storage or interfaces.

Example:
    >>> FileRef(path="/p/a.jpg", size=3, mtime_ns=0, kind=Kind.IMAGE, mime="image/jpeg",
    ...         digest=Digest("00" * 32)).name
    'a.jpg'
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from mammothbox.arrays import Pixels, Samples, Vector

Digest = NewType("Digest", str)
"""BLAKE3 of a file's bytes, 64 lower-case hexadecimal digits."""

Seconds = NewType("Seconds", float)
"""A time or a duration in seconds from the start of the recording."""

Json = Mapping[str, Any]
"""A JSON object as Python values."""


class Kind(StrEnum):
    """What a file is, judged by its content."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FileRef:
    """One path and the content found there.

    Attributes:
        path: absolute; bytes that are not UTF-8 are kept as surrogate escapes (`os.fsdecode`).
        size: bytes.
        mtime_ns: modification time, nanoseconds since 1970.
        kind: judged by content, not by extension.
        mime: media type, e.g. ``image/heic``; ``application/octet-stream`` when unknown.
        digest: BLAKE3 of the bytes.
    """

    path: str
    size: int
    mtime_ns: int
    kind: Kind
    mime: str
    digest: Digest

    @property
    def name(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.path)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file itself says, before any model.

    Attributes:
        width, height: pixels of the upright image or of the video frame.
        duration_s: seconds of sound or video.
        pages: pages (PDF), slides, or sheets.
        taken_at: ISO 8601, with offset when the file tells it, else local time without one.
        camera: maker and model as one string.
        gps: (latitude, longitude) in degrees, WGS 84.
        title, author: as embedded in the file.
        phash: 64-bit perceptual hash as 16 hexadecimal digits, images only.
        extra: other things worth keeping, JSON values only.
    """

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    pages: int | None = None
    taken_at: str | None = None
    camera: str | None = None
    gps: tuple[float, float] | None = None
    title: str | None = None
    author: str | None = None
    phash: str | None = None
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video: seconds from its start, and the upright pixels."""

    time_s: float
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One page of a document, counted from 1.

    Attributes:
        number: from 1; 0 where the format has no pages.
        text: as extracted, may be empty.
        pixels: rendered page, only where the text layer is missing and OCR is needed.
    """

    number: int
    text: str
    pixels: Pixels | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ImageContent:
    """A decoded photo.

    Attributes:
        facts: what the file says of itself.
        pixels: upright, longer side at most `Settings.image_side_px`.
        text_likelihood: 0 to 1, a cheap guess from edges that there is text to read (OCR gate).
    """

    facts: Facts
    pixels: Pixels
    text_likelihood: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class AudioContent:
    """Decoded sound. `samples` is None when the file has no sound track."""

    facts: Facts
    samples: Samples | None


@dataclass(frozen=True, slots=True, eq=False)
class VideoContent:
    """A decoded video.

    Attributes:
        facts: what the file says of itself.
        frames: keyframes in time order, at least one.
        cuts: seconds at which a new shot begins (0 is not a cut).
        samples: the sound track, or None.
    """

    facts: Facts
    frames: tuple[Frame, ...]
    cuts: tuple[float, ...]
    samples: Samples | None


@dataclass(frozen=True, slots=True, eq=False)
class DocumentContent:
    """The text of a document, page by page (one page numbered 0 where there are none)."""

    facts: Facts
    pages: tuple[Page, ...]


Content = ImageContent | AudioContent | VideoContent | DocumentContent


@dataclass(frozen=True, slots=True)
class Done:
    """A step's result: a JSON object whose shape the step documents."""

    value: Json


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step has nothing to do for this file, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The step could not do this file.

    Attributes:
        error: class name from `mammothbox.errors`, e.g. ``Corrupt``.
        message: one line a person understands.
    """

    error: str
    message: str


Outcome = Done | Skipped | Failed


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that search can find, and where in the file it stands.

    Attributes:
        field: what it is: ``caption``, ``labels``, ``ocr``, ``transcript``, ``text``, ``title``,
            ``summary``, ``name``, ``context`` (its owner's words).
        text: the words.
        page: from 1, for documents.
        start_s, end_s: seconds, for sound and video.
    """

    field: str
    text: str
    page: int | None = None
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A vector of one part of a file, in a named space.

    Attributes:
        space: ``joint`` (images and sentences, 512-d) or ``text`` (passages, 384-d).
        vector: float32, L2-normalised.
        page, start_s: the part's place in the file, None for the whole of it.
        text: the embedded passage (at most 300 characters are kept), empty for pictures.
    """

    space: str
    vector: Vector
    page: int | None = None
    start_s: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one step found out about one content, the unit of a transaction.

    The key is (digest, step, model, revision). Passages and embeddings of an earlier result of the
    same (digest, step) are replaced with it.

    `revision` covers the model, the code around it and the steps it reads; `model_revision` is that
    of the model alone, by which vectors may be compared (empty: the same as `revision`).
    """

    digest: Digest
    step: str
    model: str
    revision: str
    outcome: Outcome
    passages: tuple[Passage, ...] = ()
    embeddings: tuple[Embedding, ...] = ()
    seconds: float = 0.0
    model_revision: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason for a hit.

    Attributes:
        how: ``words`` (matched text), ``meaning`` (text vectors), ``looks`` (joint vectors),
            ``name`` (the file's name).
        field: the passage's field, see `Passage`.
        text: the passage or a snippet of it.
        page, start_s: where in the file.
    """

    how: str
    field: str
    text: str
    page: int | None = None
    start_s: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One file found by a search: higher `score` is better, `why` strongest first."""

    path: str
    digest: Digest
    kind: Kind
    score: float
    why: tuple[Why, ...]
