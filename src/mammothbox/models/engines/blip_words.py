"""BLIP-2's language half at work: vectors of a picture and of a prompt in, words out.

Place in the flow: `engines.blip` holds one `Speaker`. The most probable word is taken each time
(greedy), several pictures side by side; the cache of keys and values lives as long as one answer.
Knows nothing of pictures or of spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsMissing
from mammothbox.models.engines.sessions import open_session

Floats = npt.NDArray[np.float32]

Cache = dict[str, Any]
"""Keys and values of all layers; they stay where ONNX Runtime has them, since as arrays each word
would copy them."""


@dataclass(frozen=True, slots=True)
class Words:
    """An answer: token ids without the end, and how sure the model was of them, 0 to 1."""

    ids: tuple[int, ...]
    confidence: float


class Speaker:
    """The loaded language half. Not for several threads at once.

    Args:
        graph: `opt`'s graph.
        table: vectors of the words, an `.npy` file.
        ends: ids of the words that end an answer.
        threads: compute threads.
        gpu: compute on the GPU.
    """

    def __init__(
        self, graph: Path, table: Path, ends: Sequence[int], threads: int, *, gpu: bool = False
    ) -> None:
        self._session = open_session(graph, threads, spinning=True, gpu=gpu)
        self._where = "cuda" if gpu else "cpu"
        if not table.is_file():
            raise WeightsMissing(f"{table} is missing; run: mammothbox models pull full")
        self._table: npt.NDArray[Any] = np.load(table, mmap_mode="r")
        self._ends = np.array(ends)
        self._doors = [door for door in self._session.get_inputs() if door.name != "states"]
        self._names = [output.name for output in self._session.get_outputs()]

    def vectors(self, ids: npt.ArrayLike) -> Floats:
        """The vectors of words: shape of `ids` x width."""
        return np.asarray(self._table[np.asarray(ids)], np.float32)

    def start(self, states: Floats) -> tuple[Floats, Cache]:
        """(logits, cache) after `states` (N x T x width) from the beginning."""
        empty = {door.name: _value(_empty(door.shape, len(states))) for door in self._doors}
        return self.go_on(states, empty)

    def go_on(self, states: Floats, cache: Cache) -> tuple[Floats, Cache]:
        """(logits N x words, cache) after `states` that follow what `cache` remembers."""
        run = self._session.io_binding()
        run.bind_cpu_input("states", np.ascontiguousarray(states))
        for name, value in cache.items():
            run.bind_ortvalue_input(name, value)
        run.bind_output(self._names[0], "cpu")
        for name in self._names[1:]:
            run.bind_output(name, self._where)
        self._session.run_with_iobinding(run)
        logits, *longer = run.get_outputs()
        names = (f"past.{name}" for name in self._names[1:])
        return logits.numpy(), dict(zip(names, longer, strict=True))

    def say(self, states: Floats, most: int, *, something: bool = False) -> list[Words]:
        """What follows `states` (N x T x width), at most `most` words a row.

        `something`: the first word may not be the end.
        """
        logits, cache = self.start(states)
        if something:
            logits[:, self._ends] = -np.inf
        ids = np.zeros((len(states), 0), np.int64)
        shares = np.zeros((len(states), 0))
        going = np.full(len(states), most > 0)
        while going.any():
            best = logits.argmax(axis=1)
            ids = np.column_stack([ids, best])
            shares = np.column_stack([shares, _share(logits, best)])
            going &= ~np.isin(best, self._ends)
            if ids.shape[1] >= most or not going.any():
                break
            logits, cache = self.go_on(self.vectors(best[:, None]), cache)
        return [self._words(row, share) for row, share in zip(ids, shares, strict=True)]

    def _words(self, row: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> Words:
        """Up to the first end, which counts for how sure the answer is."""
        ended = np.flatnonzero(np.isin(row, self._ends))
        length = int(ended[0]) if len(ended) else len(row)
        sure = shares[: length + 1]
        mean = float(np.exp(np.log(np.maximum(sure, 1e-9)).mean())) if len(sure) else 0.0
        return Words(tuple(row[:length].tolist()), mean)


def _value(array: Floats) -> Any:
    import onnxruntime as ort

    return ort.OrtValue.ortvalue_from_numpy(array)


def _empty(shape: Sequence[int | str], rows: int) -> Floats:
    sizes = [size if isinstance(size, int) else 0 for size in shape]
    return np.zeros((rows, *sizes[1:]), np.float32)


def _share(logits: Floats, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The probability of the chosen word of each row."""
    exact = logits.astype(np.float64)
    top = exact.max(axis=1, keepdims=True)
    total = np.exp(exact - top).sum(axis=1)
    picked = np.take_along_axis(exact, chosen[:, None], axis=1)
    return np.asarray(np.exp(picked - top)[:, 0] / total)
