"""What the rest of the program asks of a model, one Protocol for each kind.

A contract is a card (who am I, what can I do) and batch methods; a single input is a batch of one.
Implementations: clients of model hosts (`models.client`), and the deterministic `models.stub`.
This module knows nothing of processes, weights or HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mammothbox.errors import BadAnswer
from mammothbox.records import Json

if TYPE_CHECKING:
    from mammothbox.arrays import Pixels, Samples, Vectors


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Who made a statement.

    Attributes:
        id: stable name, e.g. ``whisper-base``.
        revision: changes whenever the same input could give another output.
        dimensions: vector length for embedders, else 0.
        languages: what it understands or speaks: ``("en",)``, or ``("*",)`` for many.
        answers: a captioner that can look at a picture again and answer a question about it.
    """

    id: str
    revision: str
    dimensions: int = 0
    languages: tuple[str, ...] = ("en",)
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about a picture.

    Attributes:
        text: one plain sentence.
        confidence: 0 to 1.
        labels: (name, probability), most probable first; empty where the model gives none.
        from_labels: True when the sentence is only the labels ("probably: ...").
    """

    text: str
    confidence: float
    labels: tuple[tuple[str, float], ...] = ()
    from_labels: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Words spoken between two times (seconds from the start), in a language (ISO 639-1)."""

    start_s: float
    end_s: float
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a recording.

    Attributes:
        language: ISO 639-1 of most of the speech; empty where there is none.
        language_probability: 0 to 1; under 0.5 the language is to be called uncertain.
        segments: in time order; empty when nobody speaks.
        dropped: segments left out because the model itself doubted them.
        speech_s: seconds of voice activity.
    """

    language: str
    language_probability: float
    segments: tuple[Segment, ...]
    dropped: int = 0
    speech_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call of the writer.

    Attributes:
        system: instructions; no content words, since small models parrot them.
        user: the data, already fenced by the prompt builder.
        schema: JSON Schema the answer must fit.
        max_tokens: ceiling of the answer's length.
        steady: answered alone and without a prompt cache, so that the same prompt gives the same
            answer on another day; slower.
    """

    system: str
    user: str
    schema: Json
    max_tokens: int = 256
    steady: bool = False


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line read from a picture: text, confidence 0 to 1, box (x0, y0, x1, y1) in pixels."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


class Captioner(Protocol):
    """Says what a picture shows."""

    @property
    def card(self) -> ModelCard:
        """Who answers."""

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        """One caption an image, in order. `context` may steer wording, never add objects.

        BLIP-2 goes on where `context` ends ("a photo taken at a wedding of"); `lite` leaves it.
        """

    def ask(self, image: Pixels, question: str) -> Caption:
        """Answer a question about one image.

        Raises:
            Unsupported: the model cannot look again (`lite`).
        """


class Embedder(Protocol):
    """Puts images and sentences into one space."""

    @property
    def card(self) -> ModelCard:
        """Who answers; `dimensions` is 512."""

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """N x 512, rows L2-normalised."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512, rows L2-normalised, comparable with `embed_images`."""


class TextEmbedder(Protocol):
    """Puts passages and queries into one space."""

    @property
    def card(self) -> ModelCard:
        """Who answers; `dimensions` is 384."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 384, rows L2-normalised."""


class Transcriber(Protocol):
    """Writes down speech."""

    @property
    def card(self) -> ModelCard:
        """Who answers."""

    def transcribe(self, samples: Samples) -> Transcript:
        """The speech in `samples` (mono, 16 kHz, [-1, 1]), any length."""


class Writer(Protocol):
    """Text in, JSON that fits a schema out."""

    @property
    def card(self) -> ModelCard:
        """Who answers."""

    @property
    def context_tokens(self) -> int:
        """Prompt and answer together may be this long."""

    def write(self, prompts: Sequence[Prompt]) -> list[dict[str, Any] | BadAnswer]:
        """One answer a prompt, in order; a failed one is a `BadAnswer` in its place."""

    def chat(self, request: Json) -> dict[str, Any]:
        """Any conversation, request and answer in the shape of ``/v1/chat/completions``.

        Raises:
            UsageError: the request cannot be followed.
        """

    def chat_stream(self, request: Json) -> Iterator[dict[str, Any]]:
        """`chat` as it is written: ``chat.completion.chunk`` objects. Closing it stops the model.

        Raises:
            UsageError: the request cannot be followed.
        """


class TextReader(Protocol):
    """Reads text in pictures (OCR)."""

    @property
    def card(self) -> ModelCard:
        """Who answers."""

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines of each image in reading order; an empty list where there is no text."""
