"""The contracts, fulfilled by model hosts.

Place in the flow: `lease` hands these out. Each turns a contract's call into requests of the shapes
in `host/*_routes` and checks what comes back. Knows nothing of processes or memory.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from mammothbox.arrays import Pixels, Samples, Vectors
from mammothbox.errors import BadAnswer, HostDied, Unsupported, UsageError
from mammothbox.models.channel import Channel
from mammothbox.models.contracts import Caption, ModelCard, Prompt, Segment, TextLine, Transcript
from mammothbox.models.fitting import misfit
from mammothbox.models.wire import decode_vector, encode_images
from mammothbox.records import Json

BATCH = 16
"""Pictures or texts of one request: bounds the request's size and lets progress be seen."""

PAGES = 2
"""Pictures to be read of one request: one may take ten times as long as another."""

ON_THE_WAY = 2
"""Requests at a time, so that the host has one to compute while another is written or read."""

MEMO = 256
BLOCK = 1 << 20


def data_of(answer: dict[str, Any], expected: int) -> list[Any]:
    """The list of answers.

    Raises:
        BadAnswer: it is not as long as asked for.
    """
    data = answer.get("data")
    if not isinstance(data, list) or len(data) != expected:
        raise BadAnswer(f"the host gave no list of {expected} answers")
    return data


def _batches(items: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Looks:
    """Captions and vectors of pictures from one pass: who asks second gets what the first made."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._memo: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    def of(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        """One answer of ``/v1/looks`` an image, in order."""
        keys = [_key(image) for image in images]
        new = {k: image for k, image in zip(keys, images, strict=True) if k not in self._memo}
        self._memo.update(zip(new, self._ask(list(new.values())), strict=True))
        found = [self._memo[key] for key in keys]
        while len(self._memo) > MEMO:
            self._memo.popitem(last=False)
        return found

    def _ask(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        batches = list(_batches(images))
        if len(batches) <= 1:
            return [look for batch in batches for look in self._post(batch)]
        with ThreadPoolExecutor(ON_THE_WAY) as threads:
            return [look for looks in threads.map(self._post, batches) for look in looks]

    def _post(self, images: Sequence[Pixels]) -> list[dict[str, Any]]:
        return data_of(self._channel.post_bytes("/v1/looks", encode_images(images)), len(images))


def _key(image: Pixels) -> bytes:
    from blake3 import blake3

    pixels = np.ascontiguousarray(image)
    return blake3(str(pixels.shape).encode() + pixels.tobytes()).digest()


class CaptionerClient:
    """The captioner of `lite`; see `contracts.Captioner`."""

    def __init__(self, looks: Looks, card: ModelCard) -> None:
        self._looks, self.card = looks, card

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        """One caption an image, in order; `lite` makes no use of `context`."""
        return [
            Caption(
                look["caption"],
                float(look["confidence"]),
                tuple((str(name), float(share)) for name, share in look["labels"]),
                bool(look["from_labels"]),
            )
            for look in self._looks.of(images)
        ]

    def ask(self, image: Pixels, question: str) -> Caption:
        """Refused.

        Raises:
            Unsupported: always; this model cannot look again.
        """
        raise Unsupported(f"{self.card.id} answers no questions; the full profile does")


class EmbedderClient:
    """The joint space; see `contracts.Embedder`."""

    def __init__(self, channel: Channel, looks: Looks, card: ModelCard) -> None:
        self._channel, self._looks, self.card = channel, looks, card

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """N x 512, rows L2-normalised."""
        rows = [decode_vector(look["vector"]) for look in self._looks.of(images)]
        return _matrix(rows, self.card.dimensions)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 512, rows L2-normalised."""
        return embed_texts(self._channel, self.card, texts)


class TextEmbedderClient:
    """The text space; see `contracts.TextEmbedder`."""

    def __init__(self, channel: Channel, card: ModelCard) -> None:
        self._channel, self.card = channel, card

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """N x 384, rows L2-normalised."""
        return embed_texts(self._channel, self.card, texts)


def embed_texts(channel: Channel, card: ModelCard, texts: Sequence[str]) -> Vectors:
    """Vectors of `texts` in the space of `card`."""
    rows: list[Any] = []
    for batch in _batches(texts, 4 * BATCH):
        body = {"model": card.id, "input": list(batch), "encoding_format": "base64"}
        answer = channel.post("/v1/embeddings", body)
        rows += [decode_vector(item["embedding"]) for item in data_of(answer, len(batch))]
    return _matrix(rows, card.dimensions)


def _matrix(rows: Sequence[Any], dimensions: int) -> Vectors:
    if any(row.shape != (dimensions,) for row in rows):
        raise BadAnswer(f"the host gave vectors that are not {dimensions} long")
    return np.stack(rows) if rows else np.zeros((0, dimensions), np.float32)


class TranscriberClient:
    """Speech to text; see `contracts.Transcriber`."""

    def __init__(self, channel: Callable[[float], Channel], card: ModelCard) -> None:
        self._channel, self.card = channel, card

    def transcribe(self, samples: Samples) -> Transcript:
        """The speech in `samples`; a longer recording may take longer."""

        def blocks() -> Iterator[bytes]:
            for start in range(0, len(samples), BLOCK):
                yield np.asarray(samples[start : start + BLOCK], "<f4").tobytes()

        channel = self._channel(len(samples) / 16_000)
        answer = channel.post_blocks("/v1/audio/transcriptions", blocks)
        segments = tuple(
            Segment(item["start"], item["end"], item["text"], item.get("language", ""))
            for item in answer["segments"]
        )
        return Transcript(
            answer["language"],
            float(answer["language_probability"]),
            segments,
            int(answer["dropped"]),
            float(answer["speech_s"]),
        )


class Door(Protocol):
    """What a writer is asked through: a host's channel or a service's endpoint."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST a JSON object, get one."""

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """POST a JSON object; the JSON of each server-sent event."""


class WriterClient:
    """Text in, JSON out; see `contracts.Writer`."""

    def __init__(self, channel: Door, card: ModelCard, context_tokens: int, slots: int) -> None:
        self._channel, self.card = channel, card
        self.context_tokens, self._slots = context_tokens, slots

    def write(self, prompts: Sequence[Prompt]) -> list[dict[str, Any] | BadAnswer]:
        """One answer a prompt, in order; a failed one is a `BadAnswer` in its place."""
        if len(prompts) <= 1 or any(prompt.steady for prompt in prompts):
            return [self._answer(prompt) for prompt in prompts]
        with ThreadPoolExecutor(self._slots) as threads:
            answers = list(threads.map(self._unless_dead, prompts))
        if all(isinstance(answer, HostDied) for answer in answers):
            raise HostDied(str(answers[0]))
        return [
            self._alone(prompt) if isinstance(answer, HostDied) else answer
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def chat(self, request: Json) -> dict[str, Any]:
        """Any conversation in the ecosystem's shape; see `contracts.Writer`."""
        return self._channel.post("/v1/chat/completions", {**request, "stream": False})

    def chat_stream(self, request: Json) -> Iterator[dict[str, Any]]:
        """The same as it is written; see `contracts.Writer`."""
        return self._channel.stream("/v1/chat/completions", {**request, "stream": True})

    def _unless_dead(self, prompt: Prompt) -> dict[str, Any] | BadAnswer | HostDied:
        try:
            return self._answer(prompt)
        except HostDied as error:
            return error

    def _alone(self, prompt: Prompt) -> dict[str, Any] | BadAnswer:
        """Once more without neighbours: perhaps only one of them killed the host."""
        answer = self._unless_dead(prompt)
        return BadAnswer(str(answer)) if isinstance(answer, HostDied) else answer

    def _answer(self, prompt: Prompt) -> dict[str, Any] | BadAnswer:
        """One answer; a cut or broken one is asked for once more with twice the room."""
        first = self._once(prompt, prompt.max_tokens)
        return first if isinstance(first, dict) else self._once(prompt, 2 * prompt.max_tokens)

    def _once(self, prompt: Prompt, max_tokens: int) -> dict[str, Any] | BadAnswer:
        schema = {"name": "answer", "schema": prompt.schema, "strict": True}
        body = {
            "model": self.card.id,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_tokens": max_tokens,
            "temperature": 0.0,
        }
        if prompt.steady:
            body |= {"cache_prompt": False, "id_slot": 0}
        try:
            answer = self._channel.post("/v1/chat/completions", body)
            text = answer["choices"][0]["message"]["content"]
            value = json.loads(text)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            return BadAnswer(f"{self.card.id} gave no JSON: {error}")
        except UsageError as error:  # too long for the context, or a schema it cannot follow
            return BadAnswer(f"{self.card.id} refuses: {error}")
        except BadAnswer as error:
            return error
        if not isinstance(value, dict):
            return BadAnswer("the answer is no JSON object")
        wrong = misfit(value, prompt.schema)
        return BadAnswer(f"{self.card.id} left its schema: {wrong}") if wrong else value


class TextReaderClient:
    """OCR; see `contracts.TextReader`."""

    def __init__(self, channel: Channel, card: ModelCard) -> None:
        self._channel, self.card = channel, card

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines of each image in reading order."""
        with ThreadPoolExecutor(ON_THE_WAY) as threads:
            batches = threads.map(self._post, _batches(images, PAGES))
            return [lines for pages in batches for lines in pages]

    def _post(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        answer = self._channel.post_bytes("/v1/ocr", encode_images(images))
        return [
            [TextLine(line["text"], line["confidence"], tuple(line["box"])) for line in lines]
            for lines in data_of(answer, len(images))
        ]
