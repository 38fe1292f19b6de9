"""A stand-in for every model: instant, deterministic, and simple enough to predict by hand.

Place in the flow: tests of the rest of the program lease these where the answer's quality does
not matter; `tests/models/test_contracts.py` judges them by the same rules as the real ones.
Pictures are described by their mean colour, vectors count words (each word has a place given by its
hash), speech is any stretch of loud sound, a written answer is the shortest that fits its schema.

Example:
    >>> with StubModels() as models, models.captioner() as captioner:
    ...     captioner.caption([np.full((2, 2, 3), (250, 0, 0), np.uint8)])[0].text
    'probably: red'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from blake3 import blake3

from mammothbox.arrays import Pixels, Samples, Vectors
from mammothbox.errors import BadAnswer, Unsupported
from mammothbox.models.contracts import (
    Caption,
    Captioner,
    Embedder,
    ModelCard,
    Prompt,
    Segment,
    TextEmbedder,
    TextLine,
    TextReader,
    Transcriber,
    Transcript,
    Writer,
)
from mammothbox.records import Json

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
}
RATE = 16_000
LOUD = 0.01


def colour_of(image: Pixels) -> str:
    """The name in `COLOURS` nearest to the image's mean colour."""
    mean = image.reshape(-1, 3).mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))


def word_vector(text: str, dimensions: int) -> Vectors:
    """One count a word at the place its hash gives, L2-normalised; no word counts as one word."""
    vector = np.zeros(dimensions, np.float32)
    for word in re.findall(r"\w+", text.lower()) or [""]:
        vector[int.from_bytes(blake3(word.encode()).digest(4)) % dimensions] += 1
    return vector / np.float32(np.linalg.norm(vector))


def _rows(texts: Sequence[str], dimensions: int) -> Vectors:
    if not texts:
        return np.zeros((0, dimensions), np.float32)
    return np.stack([word_vector(text, dimensions) for text in texts])


class StubCaptioner:
    """Names the mean colour."""

    card = ModelCard("stub-captioner", "1")

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        """``probably: <colour>`` for each image."""
        names = [colour_of(image) for image in images]
        return [Caption(f"probably: {name}", 0.5, ((name, 0.5),), True) for name in names]

    def ask(self, image: Pixels, question: str) -> Caption:
        """Refused with `Unsupported`."""
        raise Unsupported("the stub answers no questions")


class StubEmbedder:
    """A picture's vector is that of its colour's name."""

    card = ModelCard("stub-embedder", "1", 512)

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """N x 512."""
        return _rows([colour_of(image) for image in images], 512)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512."""
        return _rows(texts, 512)


class StubTextEmbedder:
    """Counts words."""

    card = ModelCard("stub-text-embedder", "1", 384)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 384."""
        return _rows(texts, 384)


class StubTranscriber:
    """Every whole second that is loud says its number."""

    card = ModelCard("stub-transcriber", "1", 0, ("*",))

    def transcribe(self, samples: Samples) -> Transcript:
        """A segment a loud second, e.g. ``second 3``."""
        loud = [
            second
            for second in range(-(-len(samples) // RATE))
            if np.abs(samples[second * RATE : (second + 1) * RATE]).mean() > LOUD
        ]
        end = len(samples) / RATE
        segments = tuple(
            Segment(float(n), float(min(n + 1, end)), f"second {n}", "en") for n in loud
        )
        return Transcript("en" if loud else "", 1.0 if loud else 0.0, segments, 0, len(loud))


class StubWriter:
    """The shortest answer that fits; strings take words of the prompt."""

    card = ModelCard("stub-writer", "1")
    context_tokens = 8192

    def write(self, prompts: Sequence[Prompt]) -> list[dict[str, Any] | BadAnswer]:
        """One answer a prompt; a schema that is no object gives a `BadAnswer`."""
        answers: list[dict[str, Any] | BadAnswer] = []
        for prompt in prompts:
            words = re.findall(r"\w+", prompt.user) or ["nothing"]
            value = shortest(prompt.schema, words)
            fits = isinstance(value, dict)
            answers.append(value if fits else BadAnswer("the schema is not of an object"))
        return answers

    def chat(self, request: Json) -> dict[str, Any]:
        """``I read: `` and the last message, or the shortest answer that fits a JSON schema."""
        message = {"role": "assistant", "content": _reply(request)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {"id": "stub", "object": "chat.completion", "created": 0, "choices": [choice]}

    def chat_stream(self, request: Json) -> Iterator[dict[str, Any]]:
        """`chat`, one word a chunk."""
        words = re.findall(r"\S+\s*", _reply(request))
        deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in words)]
        for at, delta in enumerate([*deltas, {}]):
            end = "stop" if at > len(words) else None
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            yield {
                "id": "stub",
                "object": "chat.completion.chunk",
                "created": 0,
                "choices": [choice],
            }


def _reply(request: Json) -> str:
    said = str(request["messages"][-1]["content"])
    form = request.get("response_format") or {}
    if form.get("type") != "json_schema":
        return f"I read: {said}"
    words = re.findall(r"\w+", said) or ["nothing"]
    return json.dumps(shortest(form["json_schema"]["schema"], words))


def shortest(schema: Json, words: Sequence[str]) -> Any:
    """A value that fits `schema` (the parts of JSON Schema that our prompts use)."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            names = schema.get("required", list(schema.get("properties", {})))
            return {name: shortest(schema["properties"][name], words) for name in names}
        case "array":
            return [shortest(schema["items"], words)] * max(1, schema.get("minItems", 0))
        case "string":
            return " ".join(words[:5])[: schema.get("maxLength", 60)]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return None


class StubReader:
    """Reads the word ``dark`` where a bright picture has dark pixels."""

    card = ModelCard("stub-reader", "1")

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """One line around all dark pixels of a bright image, else none."""
        return [self._lines(image) for image in images]

    def _lines(self, image: Pixels) -> list[TextLine]:
        grey = image.mean(axis=2)
        ys, xs = np.nonzero(grey < 64)
        if grey.mean() < 128 or not len(xs):
            return []
        box = (float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
        return [TextLine("dark", 1.0, box)]


class StubModels:
    """Leases like `lease.Models`, of stubs, without processes."""

    def __enter__(self) -> StubModels:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def captioner(self) -> Iterator[Captioner]:
        """Lease the captioner."""
        yield StubCaptioner()

    @contextmanager
    def embedder(self) -> Iterator[Embedder]:
        """Lease the joint embedder."""
        yield StubEmbedder()

    @contextmanager
    def text_embedder(self) -> Iterator[TextEmbedder]:
        """Lease the text embedder."""
        yield StubTextEmbedder()

    @contextmanager
    def transcriber(self) -> Iterator[Transcriber]:
        """Lease the transcriber."""
        yield StubTranscriber()

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Lease the writer."""
        yield StubWriter()

    @contextmanager
    def reader(self) -> Iterator[TextReader]:
        """Lease the reader."""
        yield StubReader()

    def cards(self) -> Mapping[str, ModelCard]:
        """Contract name → card."""
        return {
            "captioner": StubCaptioner.card,
            "embedder": StubEmbedder.card,
            "text_embedder": StubTextEmbedder.card,
            "transcriber": StubTranscriber.card,
            "writer": StubWriter.card,
            "reader": StubReader.card,
        }

    def away(self) -> Mapping[str, str]:
        """Nobody is."""
        return {}

    def require(self, *, room: bool = False) -> None:
        """Nothing: stubs have no weights."""

    def start(self, contract: str) -> None:
        """Nothing has to be loaded."""

    def end_idle(self) -> None:
        """There are no hosts."""

    def pss_bytes(self) -> int:
        """0: there are no hosts."""
        return 0

    def pids(self) -> Mapping[str, int]:
        """Empty: there are no hosts."""
        return {}

    def close(self) -> None:
        """Nothing to end."""
