"""Sentences from feature cells: the project's own small captioner, decoded by beam search.

Place in the flow: the eyes engine hands over what the backbone sees and gets one sentence a photo
with how sure the captioner was of its words. Two shipped graphs: ``eyes_memory.onnx`` (photo to the
keys and values the decoder looks at, once) and ``eyes_step.onnx`` (one word further, with the keys
and values of earlier words kept). All photos of a batch and all their beams go through each step
together, an even number of photos: ONNX Runtime multiplies rows by twos, and a last odd one in
another order, which had one sentence in a hundred depend on the photos beside it (none of 200 does
now, on an x86-64 with AVX-512). Knows nothing of labels' names or thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammothbox.models.engines.eyes_consensus import agreed
from mammothbox.models.engines.sessions import open_session

BEAMS = 3
LONGEST = 19
"""Words of the longest sentence, the end mark included."""

WORTHWHILE = 0.125
"""Share of photos with all beams ended from which it pays to go on without them."""

UNFINISHED = 400.0
"""Taken from the log-probability of a sentence that ran out of room."""

PAD, BOS, EOS = 0, 1, 2

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Plain words, and the mean log-probability of each (0 is certain; the end mark counts)."""

    text: str
    mean_log_probability: float


@dataclass
class _Beams:
    """The unfinished and finished sentences of N photos, `BEAMS` each, row by row."""

    ids: Ids
    scores: npt.NDArray[np.float64]
    ended: npt.NDArray[np.bool_]

    @classmethod
    def start(cls, photos: int) -> _Beams:
        # Only the first beam of a photo counts at first, else all would say the same.
        scores = np.tile([0.0] + [-1e9] * (BEAMS - 1), photos)
        rows = photos * BEAMS
        return cls(np.full((rows, 1), BOS, np.int64), scores, np.zeros(rows, np.bool_))

    def extend(self, best: Array, best_ids: Ids) -> Ids:
        """Keep the best `BEAMS` continuations of each photo; returns which row each comes from."""
        width = best.shape[1]
        # An ended sentence has one continuation: itself.
        gain = np.where(self.ended[:, None], -np.inf, best.astype(np.float64))
        gain[self.ended, 0] = 0.0
        words = np.where(self.ended[:, None], PAD, best_ids)
        total = (self.scores[:, None] + gain).reshape(-1, BEAMS * width)
        chosen = np.argsort(-total, axis=1, kind="stable")[:, :BEAMS]
        base = np.arange(len(total))[:, None] * BEAMS
        source: Ids = (base + chosen // width).ravel()
        word = words.reshape(-1, BEAMS * width)[np.arange(len(total))[:, None], chosen].ravel()
        self.scores = np.take_along_axis(total, chosen, axis=1).ravel()
        self.ids = np.concatenate([self.ids[source], word[:, None]], axis=1)
        self.ended = self.ended[source] | (word == EOS)
        return source

    def over(self) -> npt.NDArray[np.bool_]:
        """For each photo, whether all its beams ended."""
        return np.asarray(self.ended.reshape(-1, BEAMS).all(axis=1), np.bool_)

    def of(self, photos: npt.NDArray[np.bool_]) -> _Beams:
        """The beams of the chosen photos."""
        rows = np.repeat(photos, BEAMS)
        return _Beams(self.ids[rows], self.scores[rows], self.ended[rows])

    def lengths(self) -> Ids:
        """Words said, the end mark included."""
        lengths: Ids = np.maximum(1, (self.ids[:, 1:] != PAD).sum(axis=1))
        return lengths


@dataclass
class _Wording:
    """Photos still being worded: their places in the batch, their beams, what is seen of them."""

    photos: Ids
    beams: _Beams
    seen: dict[str, Array]

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Wording:
        """The chosen photos."""
        seen = {name: layer[chosen] for name, layer in self.seen.items()}
        return _Wording(self.photos[chosen], self.beams.of(chosen), seen)


class CaptionDecoder:
    """One loaded captioner. Not for several threads at once.

    Args:
        shipped: directory with the two graphs and ``caption_words.txt``.
        threads: compute threads.

    Raises:
        WeightsMissing: a file is not there.
    """

    def __init__(self, shipped: Path, threads: int) -> None:
        self._memory = open_session(shipped / "eyes_memory.onnx", threads, one_arena=True)
        self._step = open_session(shipped / "eyes_step.onnx", threads, one_arena=True)
        self._words = (shipped / "caption_words.txt").read_text("utf-8").split("\n")
        past = [one for one in self._step.get_inputs() if one.name.startswith("past_")]
        self._past = [one.name for one in past]
        _, self._heads, _, self._size = past[0].shape
        self._seen = [one.name for one in self._memory.get_outputs()]

    def say(self, cells: Array, labels: Array) -> list[Sentence]:
        """One sentence a photo.

        Args:
            cells: N x 81 x 1280 features of the backbone.
            labels: N x 384, the label distribution times the names' sentence vectors, length 1.
        """
        if not len(cells):
            return []
        photos = len(cells)
        if photos % 2:
            cells, labels = (np.concatenate([rows, rows[-1:]]) for rows in (cells, labels))
        seen = self._memory.run(self._seen, {"cells": cells, "labels": labels})
        seen = dict(zip(self._seen, seen, strict=True))
        work = _Wording(np.arange(len(cells)), _Beams.start(len(cells)), seen)
        source, found = np.arange(len(cells) * BEAMS), dict[int, Sentence]()
        said = [np.zeros((len(source), self._heads, 0, self._size), np.float32)] * len(self._past)
        for at in range(LONGEST):
            word = {
                "ids": work.beams.ids[:, -1],
                "at": np.array(at, np.int64),
                "source": source,
            }
            past = dict(zip(self._past, said, strict=True))
            best, best_ids, *said = self._step.run(None, word | past | work.seen)
            source = work.beams.extend(best, best_ids)
            over = work.beams.over()
            if over.all():
                break
            if over.mean() >= WORTHWHILE:
                stay = _even(~over)
                found |= self._best(work.of(~stay))
                source, work = source[np.repeat(stay, BEAMS)], work.of(stay)
        found |= self._best(work)
        return [found[photo] for photo in range(photos)]

    def _best(self, work: _Wording) -> dict[int, Sentence]:
        """The sentence of each photo that its beams agree on; unfinished ones have no vote."""
        beams = work.beams
        mean = beams.scores / beams.lengths()
        scores = np.where(beams.ended, beams.scores, beams.scores - UNFINISHED)
        found = {}
        for photo, start in zip(work.photos.tolist(), range(0, len(scores), BEAMS), strict=True):
            rows = beams.ids[start : start + BEAMS].tolist()
            words = [[word for word in row if word not in (PAD, BOS, EOS)] for row in rows]
            row = start + agreed(words, scores[start : start + BEAMS].tolist())
            found[photo] = Sentence(self._text(beams.ids[row]), float(mean[row]))
        return found

    def _text(self, ids: Sequence[int] | Ids) -> str:
        return join_words([self._words[index] for index in ids if index not in (PAD, BOS, EOS)])


def _even(stay: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The photos that stay, one more where their number is odd; the number of all is even."""
    if stay.sum() % 2:
        stay = stay.copy()
        stay[np.flatnonzero(~stay)[0]] = True
    return stay


def join_words(words: Sequence[str]) -> str:
    """Words of the vocabulary as people write them: ``the dog 's`` becomes ``the dog's``."""
    return " ".join(words).replace(" '", "'").replace(" n't", "n't")
