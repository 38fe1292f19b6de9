"""What is said of a photo in the end: the captioner's sentence, the labels, or both, each marked.

Place in the flow: the eyes engine passes the captioner's sentence, how sure it was, and the labels.
Below a threshold the labels speak alone ("probably: ..."), if the first of them is likely. A label
that is sure enough and that a doubtful sentence does not mention is added to it; beside a sentence
that is trusted it must be almost certain. The sentence itself is never rewritten. Thresholds were
chosen on photos held out from training (`eyes.json`). Knows nothing of networks.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mammothbox.models.engines.eyes_labels import Label, label_names, label_sentence

_GROUPS: tuple[tuple[range, frozenset[str]], ...] = (
    (range(151, 276), frozenset({"dog", "dogs", "puppy", "puppies"})),
    (range(281, 294), frozenset({"cat", "cats", "kitten", "lion", "tiger"})),
    (range(7, 25), frozenset({"bird", "birds", "chicken", "rooster", "eagle", "owl"})),
    (range(80, 101), frozenset({"bird", "birds", "parrot"})),
    (range(127, 147), frozenset({"bird", "birds", "duck", "ducks", "goose", "geese"})),
    (range(0, 7), frozenset({"fish", "shark"})),
    (range(389, 398), frozenset({"fish"})),
)
"""Runs of classes (in their usual order) and the everyday words that already say as much."""

TRUSTED = 0.5
"""Confidence from which only an almost certain label is added to a sentence."""

CERTAIN = 0.9
"""Probability of such a label."""

LIKELY = 0.5
"""Labels less probable than this say less than the most doubtful sentence: on photos of another
world it still named a true object more often than they did."""

_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Said:
    """The words, how far to trust them (0 to 1), and whether they are only labels."""

    text: str
    confidence: float
    from_labels: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """Numbers chosen on held-out photos.

    Attributes:
        slope, offset: of the logistic curve from mean log-probability to confidence.
        least: below this confidence the labels speak alone.
        sure: a label at least this probable is added to a doubtful sentence.
    """

    slope: float
    offset: float
    least: float
    sure: float

    @classmethod
    def read(cls, path: Path) -> Judgement:
        """From the shipped `eyes.json`."""
        values = json.loads(path.read_text("utf-8"))
        return cls(**{name: float(values[name]) for name in cls.__slots__})

    def confidence(self, mean_log_probability: float) -> float:
        """How likely people would say much the same, 0 to 1."""
        return 1 / (1 + math.exp(-(self.slope * mean_log_probability + self.offset)))


@cache
def _positions() -> dict[str, int]:
    return {name: index for index, name in enumerate(label_names())}


def mentions(sentence: str, label: str) -> bool:
    """Whether the sentence already says what the label says, in the same or an everyday word."""
    words = set(_WORD.findall(sentence.lower()))
    parts = _WORD.findall(label.lower())
    if words & {form for part in parts for form in (part, f"{part}s", f"{part}es")}:
        return True
    index = _positions().get(label, -1)
    return any(index in run and words & everyday for run, everyday in _GROUPS)


def decide(
    sentence: str, mean_log_probability: float, labels: Sequence[Label], judgement: Judgement
) -> Said:
    """What to say, from the captioner's sentence and the labels (most probable first)."""
    confidence = judgement.confidence(mean_log_probability)
    name, probability = labels[0]
    if not sentence or (confidence < judgement.least and probability >= LIKELY):
        return Said(label_sentence(labels), min(confidence, probability), from_labels=True)
    enough = judgement.sure if confidence < TRUSTED else CERTAIN
    if probability >= enough and not mentions(sentence, name):
        return Said(f"{sentence}; probably: {name}", confidence, from_labels=False)
    return Said(sentence, confidence, from_labels=False)
