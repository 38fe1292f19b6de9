"""The small writer's network at work: rows of tokens in, what may follow each out.

Place in the flow: `engines.qwen` holds one `Rows` and decides what is written. A row is one answer
with its cache of keys and values; those that stand side by side take their next token together,
since a token costs reading all weights: for eight rows about twice what it costs for one. What a
row says depends neither on the rows beside it nor on what was read before: ONNX Runtime multiplies
rows by twos and a last odd one in another order, so rows go by twos, and a prompt is read from an
even place on (equal bit by bit on an x86-64 with AVX-512, one thread and two). Knows nothing of
conversations or of choosing words.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.models.engines.sessions import open_session
from mammothbox.models.graphs.qwen2 import ROOM

PIECE = 256
"""Tokens of a prompt that are read at once: their scores take pieces x positions of memory."""

KEPT_WHOLE = 1024
"""Tokens up to which a row that is free keeps its cache for a prompt that begins alike."""

KEPT = 128
"""What a longer one keeps: about the instructions, which all prompts have in common."""

Floats = npt.NDArray[np.float32]


class Rows:
    """The loaded network and `count` rows. Not for several threads at once.

    Args:
        graph: `graphs.qwen2`'s.
        threads: compute threads.
        count: rows.
    """

    def __init__(self, graph: Path, threads: int, count: int) -> None:
        self._session = open_session(graph, threads, spinning=True)
        shapes = {door.name: door.shape for door in self._session.get_inputs()}
        names = [name for name in shapes if name.startswith("past.")]
        self._one = (shapes[names[0]][1], ROOM, shapes[names[0]][3])
        shape = (len(names), count, *self._one)
        size = int(np.prod(shape)) * np.dtype(np.float32).itemsize
        # Claimed, but no memory until it is written.
        self._memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        caches = np.frombuffer(self._memory, np.float32).reshape(shape)
        self._caches = list(zip(names, caches, strict=True))
        self.held: list[list[int]] = [[] for _ in range(count)]
        """Tokens of each row whose keys and values are in its cache."""

    def read(self, row: int, ids: Sequence[int], *, anew: bool = False) -> Floats:
        """Scores of the token that follows `ids`, which the row holds from then on.

        What the row holds already of its beginning is not read again, unless `anew`.
        """
        at = 0 if anew else shared(self.held[row], ids)
        at = min(at, len(ids) - 1)
        at -= at % 2
        held = self.held[row] = list(ids[:at])
        scores = np.zeros((1, 0), np.float32)
        while at < len(ids):
            piece = ids[at : at + PIECE]
            at += len(piece)
            states = np.array([piece], np.int64)
            scores = self._run(row, row + 1, states, [at - 1], [len(piece) - 1])
            held.extend(piece)
        return np.asarray(scores[0])

    def go_on(self, chosen: dict[int, int]) -> dict[int, Floats]:
        """Scores after one more token for each row of `chosen` (row → token), by row."""
        low, high = min(chosen), max(chosen) + 1
        low, high = low - low % 2, min(high + high % 2, len(self.held))
        ids = np.zeros((high - low, 1), np.int64)
        ends = [min(len(held), ROOM - 1) for held in self.held[low:high]]
        for row, token in chosen.items():
            ids[row - low] = token
        # A free row among them writes behind what it holds, and nobody reads that.
        scores = self._run(low, high, ids, ends, range(high - low))
        for row, token in chosen.items():
            self.held[row].append(token)
        return {row: scores[row - low] for row in chosen}

    def leave(self, row: int) -> None:
        """The row is free; memory of a long one goes back to the system."""
        if len(self.held[row]) > KEPT_WHOLE:
            del self.held[row][KEPT:]
            self._release(row)

    def _release(self, row: int) -> None:
        heads, room, deep = self._one
        head = room * deep * 4
        kept = -(-KEPT * deep * 4 // mmap.PAGESIZE) * mmap.PAGESIZE
        if head % mmap.PAGESIZE or kept >= head:
            return  # too small to matter
        for cache in range(len(self._caches)):
            start = (cache * len(self.held) + row) * heads * head
            for at in range(start, start + heads * head, head):
                self._memory.madvise(mmap.MADV_DONTNEED, at + kept, head - kept)

    def _run(
        self,
        low: int,
        high: int,
        ids: npt.NDArray[np.int64],
        ends: Sequence[int],
        last: Sequence[int],
    ) -> Floats:
        """Scores (len(last) x words) after `ids` in the rows from `low` to `high`."""
        run = self._session.io_binding()
        run.bind_cpu_input("ids", ids)
        run.bind_cpu_input("ends", np.array(ends, np.int32))
        run.bind_cpu_input("longest", np.array(max(ends) + 1, np.int32))
        run.bind_cpu_input("last", np.array(last, np.int64))
        for name, cache in self._caches:
            rows = cache[low:high]
            where: Any = ("cpu", 0, np.float32, rows.shape, rows.ctypes.data)
            run.bind_input(name, *where)
            run.bind_output(name.removeprefix("past."), *where)
        run.bind_output("logits", "cpu")
        self._session.run_with_iobinding(run)
        scores: Floats = run.get_outputs()[-1].numpy()
        return scores


def shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the beginning that both have in common."""
    for at, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return at
    return min(len(first), len(second))
