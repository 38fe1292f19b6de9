"""Files and results that tests put into a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mammothbox.arrays import Vector
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.store import Store, open_store


@dataclass(frozen=True)
class Place:
    """Where a library lies: its directory, and the address of its database or nothing."""

    directory: Path
    url: str

    def open(self, *, write: bool, shared: bool = False) -> Store:
        return open_store(self.directory, write=write, url=self.url, shared=shared)


def digest(name: str) -> Digest:
    """A digest that is easy to tell: the name's bytes in hexadecimal, filled up."""
    return Digest(name.encode().hex().ljust(64, "0")[:64])


def ref(
    path: str, content: str | None = None, *, kind: Kind = Kind.IMAGE, mtime_s: int = 1_700_000_000
) -> FileRef:
    """A file at `path` whose bytes are named `content` (default: the path itself)."""
    return FileRef(path, 3, mtime_s * 10**9, kind, "image/jpeg", digest(content or path))


def unit(*values: float, dimensions: int = 8) -> Vector:
    """A unit vector that begins with `values`."""
    vector = np.zeros(dimensions, np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def done(
    content: str,
    step: str = "caption",
    *,
    revision: str = "1",
    text: str = "",
    vectors: Sequence[Vector] = (),
    **value: object,
) -> Result:
    """A Done result of model ``m``, with one caption passage and joint vectors."""
    return Result(
        digest(content),
        step,
        "m",
        revision,
        Done(value),
        (Passage("caption", text),) if text else (),
        tuple(Embedding("joint", vector) for vector in vectors),
        0.5,
    )
