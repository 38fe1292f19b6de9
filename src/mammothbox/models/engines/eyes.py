"""The `lite` profile's eyes: labels, a joint vector and a caption from one pass over a photo.

Place in the flow: the eyes host holds one `EyesEngine` and answers both the captioner's and the
embedder's contract with it. The backbone's graph comes from `graphs.efficientnet_lite2.build`; the
sentence side is MiniLM. Knows nothing of files of photos, processes or HTTP.

Example:
    >>> eyes = EyesEngine(backbone=cache / "efficientnet-lite2.onnx",       # doctest: +SKIP
    ...                   text=cache / "minilm", threads=2)
    >>> eyes.look([pixels])[0].caption                                      # doctest: +SKIP
    'a brown dog runs through the snow'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels, Vector
from mammothbox.models.engines.eyes_captioner import CaptionDecoder, Sentence
from mammothbox.models.engines.eyes_conse import ConseSpace, label_vectors
from mammothbox.models.engines.eyes_joint import JointSpace
from mammothbox.models.engines.eyes_labels import (
    SHIPPED,
    Label,
    name_vectors,
    softmax,
    top_labels,
)
from mammothbox.models.engines.eyes_pixels import prepare, to_batch
from mammothbox.models.engines.eyes_words import Judgement, decide
from mammothbox.models.engines.sessions import open_session, release_unused
from mammothbox.models.engines.text import TextEngine

AT_ONCE = 4
"""Groups of photos looked at side by side at most, one on a core: a photo takes two cores 22 ms,
and two photos on two cores 18 ms each."""

BATCH = 1
"""Photos a pass: more are no faster on one core, and each costs 20 MB."""

SENTENCES = 8
"""Photos whose captions are worded together: a word for many costs little more than for one, and
16 are hardly faster, for 70 MB."""

DIMENSIONS = 512

Array = npt.NDArray[np.float32]
Space = Literal["trained", "conse"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the eyes say of one photo.

    Attributes:
        labels: (name, probability), most probable first, at least one.
        vector: 512 numbers of the joint space, L2-normalised.
        caption: one plain sentence, or the labels' ("probably: ...").
        confidence: 0 to 1, how far the caption can be trusted.
        from_labels: True when the caption is only the labels.
    """

    labels: tuple[Label, ...]
    vector: Vector
    caption: str
    confidence: float
    from_labels: bool


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The backbone's answer for N photos: logits N x 1000, pooled N x 1280, cells N x 81 x 1280."""

    logits: Array
    pooled: Array
    cells: Array


class EyesEngine:
    """One loaded set of eyes. Not for several threads at once.

    Args:
        backbone: the `.onnx` made by `graphs.efficientnet_lite2.build`.
        text: directory of MiniLM (see `TextEngine`), loaded when a sentence first needs it; or a
            loaded `TextEngine` to share.
        threads: compute threads.
        space: ``trained``, or ``conse`` (label names only), kept to measure against.
        shipped: directory of the trained weights.

    Raises:
        WeightsMissing: a file is not there, once it is needed.
    """

    def __init__(
        self,
        backbone: Path,
        text: Path | TextEngine,
        threads: int,
        *,
        space: Space = "trained",
        shipped: Path = SHIPPED,
    ) -> None:
        self._backbone, self._shipped = backbone, shipped
        self._text, self._threads = text, threads
        self._at_once = max(1, min(threads, AT_ONCE))
        self._each = max(1, threads // self._at_once)
        self._judgement = Judgement.read(shipped / "eyes.json")
        self._conse = ConseSpace(self._sentences, name_vectors()) if space == "conse" else None
        self._joint = JointSpace(shipped, self._text_engine, threads, self._each)

    # Each part is loaded when first needed: a search needs only the sentence's side.

    @cached_property
    def _session(self) -> Any:
        return open_session(self._backbone, self._each, one_arena=True)

    @cached_property
    def _captioner(self) -> CaptionDecoder:
        loaded = CaptionDecoder(self._shipped, self._each)
        release_unused()
        return loaded

    def load_sentence_side(self) -> None:
        """Load what `embed_texts` needs, which loads it otherwise."""
        if not self._conse:
            self._joint.load_sentence_side()

    def look(self, images: Sequence[Pixels]) -> list[Look]:
        """Labels, vector and caption of each image (H x W x 3 uint8, any size), in order."""
        if not images:
            return []
        self.load_sight()
        size = min(SENTENCES, -(-len(images) // self._at_once))
        groups = [images[start : start + size] for start in range(0, len(images), size)]
        with ThreadPoolExecutor(self._at_once) as threads:
            return [look for looks in threads.map(self._look_at, groups) for look in looks]

    def load_sight(self) -> None:
        """Load all that sees, which `look` loads otherwise; before several threads would."""
        _ = self._session, self._captioner
        if not self._conse:
            self._joint.load_image_side()

    def _look_at(self, images: Sequence[Pixels]) -> list[Look]:
        """The same for a few images, on one core."""
        seen = list(self.features(images))
        known = [label_vectors(features.logits, name_vectors()) for features in seen]
        vectors = [self._vectors(*pair) for pair in zip(seen, known, strict=True)]
        cells = np.concatenate([features.cells for features in seen])
        parts = zip(
            softmax(np.concatenate([features.logits for features in seen])),
            np.concatenate(vectors),
            self._captioner.say(cells, np.concatenate(known)),
            strict=True,
        )
        return [self._look(*part) for part in parts]

    def sentences(self, images: Sequence[Pixels]) -> list[Sentence]:
        """The captioner's own words, without the labels' help; for measuring."""
        return [
            sentence
            for features in self.features(images)
            for sentence in self._captioner.say(
                features.cells, label_vectors(features.logits, name_vectors())
            )
        ]

    def embed_images(self, images: Sequence[Pixels]) -> Array:
        """N x 512, rows L2-normalised; the same vectors as `look`, without captions."""
        rows = [
            self._vectors(features, label_vectors(features.logits, name_vectors()))
            for features in self.features(images)
        ]
        return np.concatenate(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """N x 512, rows L2-normalised, comparable with the photos' vectors by dot product."""
        return self._conse.texts(texts) if self._conse else self._joint.texts(texts)

    def _look(self, probabilities: Array, vector: Array, sentence: Sentence) -> Look:
        labels = tuple(top_labels(probabilities))
        said = decide(sentence.text, sentence.mean_log_probability, labels, self._judgement)
        return Look(labels, vector, said.text, said.confidence, said.from_labels)

    def _vectors(self, features: Features, known: Array) -> Array:
        if self._conse:
            return self._conse.images(features.logits)
        return self._joint.images(features.cells, known)

    def features(self, images: Sequence[Pixels]) -> Iterator[Features]:
        """What the backbone sees, `BATCH` photos at a time."""
        for start in range(0, len(images), BATCH):
            prepared = [prepare(image) for image in images[start : start + BATCH]]
            outputs = ["logits", "pooled", "cells"]
            yield Features(*self._session.run(outputs, {"pixels": to_batch(prepared)}))

    def _text_engine(self) -> TextEngine:
        if isinstance(self._text, Path):
            self._text = TextEngine(self._text, self._threads)
        return self._text

    def _sentences(self, texts: Sequence[str]) -> Array:
        return self._text_engine().embed(texts)
