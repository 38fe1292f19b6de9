"""The numbers of a graph that is too large for one file: beside it, appended array by array.

Place in the flow: `builder` puts large constants here. A journal says what is already on disk, so
that a build that was killed goes on with the next array instead of from the beginning; only what a
line of the journal vouches for is believed. Knows nothing of graphs or networks.

Example:
    >>> with DataFile(Path("net.onnx"), seal="weights and code") as data:   # doctest: +SKIP
    ...     place = data.put("layer.0", lambda: make_layer(0))
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ALIGNED = 4096
"""Arrays start at multiples of this, so that ONNX Runtime can map them instead of reading."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies.

    Attributes:
        name: of the array.
        offset, length: bytes in the file.
        dtype: numpy's name.
        shape: sizes.
    """

    name: str
    offset: int
    length: int
    dtype: str
    shape: tuple[int, ...]


class DataFile:
    """The file of arrays beside the graph `target`; a context manager.

    Args:
        target: the `.onnx` file; the arrays go to the same name with `.data`.
        seal: names weights and code; what was begun under another seal is thrown away.
    """

    def __init__(self, target: Path, seal: str) -> None:
        self.path = target.with_suffix(".data")
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._notes = self.path.with_name(f"{self.path.name}.journal")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._known = self._resume(seal)
        self.kept = len(self._known)
        """Arrays that an earlier, broken off build left."""
        self._journal = self._notes.open("a", encoding="utf-8")
        self._file: BinaryIO = self._part.open("r+b")
        self._file.seek(0, os.SEEK_END)

    def __enter__(self) -> DataFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._journal.close()

    def _resume(self, seal: str) -> dict[str, Place]:
        known = self._vouched(seal)
        end = max((place.offset + place.length for place in known.values()), default=0)
        if not known or self._part.stat().st_size < end:
            known, end = {}, 0
            self._part.write_bytes(b"")
        os.truncate(self._part, end)
        lines = [json.dumps({"seal": seal}), *(json.dumps(asdict(p)) for p in known.values())]
        self._notes.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return known

    def _vouched(self, seal: str) -> dict[str, Place]:
        """What the journal of an earlier build under the same seal says; a torn line ends it."""
        if not (self._notes.is_file() and self._part.is_file()):
            return {}
        known: dict[str, Place] = {}
        first, *lines = self._notes.read_text("utf-8", "replace").splitlines() or [""]
        if first != json.dumps({"seal": seal}):
            return {}
        for line in lines:
            try:
                place = json.loads(line)
            except ValueError:
                break
            known[place["name"]] = Place(**{**place, "shape": tuple(place["shape"])})
        return known

    def put(self, name: str, make: Callable[[], Array]) -> Place:
        """Write the array that `make` gives, unless it is there already; where it lies."""
        return self.put_blocks(name, lambda: [make()])

    def put_blocks(self, name: str, make: Callable[[], Iterable[Array]]) -> Place:
        """The same of an array that comes in pieces along its first axis."""
        if name not in self._known:
            self._known[name] = self._write(name, make())
        return self._known[name]

    def _write(self, name: str, blocks: Iterable[Array]) -> Place:
        offset = -(-self._file.tell() // ALIGNED) * ALIGNED
        self._file.write(bytes(offset - self._file.tell()))
        rows, last = 0, np.zeros(0)
        for last in blocks:
            self._file.write(np.ascontiguousarray(last).data)
            rows += len(last)
        self._file.flush()
        os.fsync(self._file.fileno())
        shape = (rows, *last.shape[1:])
        place = Place(name, offset, self._file.tell() - offset, str(last.dtype), shape)
        self._journal.write(json.dumps(asdict(place)) + "\n")
        self._journal.flush()
        return place

    def finish(self) -> None:
        """Give the file its name; the journal goes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self.path)
        self._notes.unlink()
