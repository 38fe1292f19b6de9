"""One file as clustering and planning see it: what is known of it, no longer where that came from.

The library builds these from its store; nothing after this point opens a file or runs a model on
one. Knows nothing of stores, models or moves.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from mammothbox.arrays import Vector
from mammothbox.records import Digest, Kind


class Family(StrEnum):
    """What a person would call a file, by what is in it more than by its format."""

    PHOTOS = "Photos"
    VIDEOS = "Videos"
    DOCUMENTS = "Documents"
    RECORDINGS = "Recordings"
    OTHER = "Other files"


PAPER_WORDS = 25
"""Words read from a picture from which it counts as a paper (scan, receipt, screenshot)."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One file and what is known of it.

    Attributes:
        path: below the folder that is arranged, parts joined by "/".
        kind: judged by content.
        size, mtime_ns, digest: as when last scanned.
        looks: vector of the joint space, None where nothing was seen.
        reads: vector of the text space, None where there are no words.
        taken_at: ISO 8601, empty when not known.
        duration_s: seconds of sound or video, 0 for others.
        gps: degrees, WGS 84.
        caption: one sentence on a picture or video, empty if none.
        labels: (name, probability) of what is seen, most probable first.
        text: words in it: transcript, document or read from the picture; its beginning is enough.
        tags: a person's, which weigh more than anything a model says.
        model_tags: models'.
        category, title, summary: of the description, empty if none.
        language: ISO 639-1, empty if not known.
        family: photos, videos, documents (pictures full of words too), recordings, other files.
    """

    path: str
    kind: Kind
    size: int = -1
    mtime_ns: int = -1
    digest: Digest = Digest("")  # noqa: RUF009  (a NewType is the text itself)
    looks: Vector | None = None
    reads: Vector | None = None
    taken_at: str = ""
    duration_s: float = 0.0
    gps: tuple[float, float] | None = None
    caption: str = ""
    labels: tuple[tuple[str, float], ...] = ()
    text: str = ""
    tags: tuple[str, ...] = ()
    model_tags: tuple[str, ...] = ()
    category: str = ""
    title: str = ""
    summary: str = ""
    language: str = ""
    family: Family = field(init=False)

    @property
    def folder(self) -> str:
        """Folder it lies in, below the arranged one; empty for that one itself."""
        return posixpath.dirname(self.path)

    @property
    def when(self) -> str:
        """The day, ISO 8601: when taken, else when last changed; empty when neither is known."""
        if self.taken_at[:4].isdigit():
            return self.taken_at[:10]
        if self.mtime_ns < 0:
            return ""
        return datetime.fromtimestamp(self.mtime_ns / 1e9, tz=UTC).date().isoformat()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.path)

    def __post_init__(self) -> None:
        # Asked for many times of every file, so found out once.
        object.__setattr__(self, "family", _family(self.kind, self.text))


def _family(kind: Kind, text: str) -> Family:
    if kind == Kind.IMAGE:
        return Family.DOCUMENTS if len(text.split()) >= PAPER_WORDS else Family.PHOTOS
    return {
        Kind.VIDEO: Family.VIDEOS,
        Kind.AUDIO: Family.RECORDINGS,
        Kind.DOCUMENT: Family.DOCUMENTS,
    }.get(kind, Family.OTHER)
