"""One answer of the small writer: what is asked, what is written so far, how it is told.

Place in the flow: `engines.qwen` makes an `Answer` of each request and gives it scores token by
token. Requests and answers have the shapes of ``/v1/chat/completions``.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mammothbox.errors import UsageError
from mammothbox.models.engines.qwen_words import Choice, Floats, Words
from mammothbox.models.graphs.qwen2 import ROOM

_UNKNOWN = ("tools", "functions", "logprobs", "grammar", "logit_bias")
"""Wishes that would change the answer and that only llama.cpp follows."""


class Answer:
    """An answer that is being written.

    Args:
        request: the body.
        words: of the model.
        on_chunk: told of every piece of text; False ends the answer.

    Raises:
        UsageError: the request cannot be followed.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        words: Words,
        on_chunk: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        from tokenizers.decoders import DecodeStream

        for name in _UNKNOWN:
            if request.get(name):
                raise UsageError(f"the writer refuses: {name} is nothing that it knows")
        if request.get("n", 1) != 1:
            raise UsageError("the writer refuses: it gives one answer a request")
        self.prompt = words.conversation(request.get("messages"))
        most = request.get("max_completion_tokens") or request.get("max_tokens") or ROOM
        left = ROOM - len(self.prompt)
        if left < 1:
            raise UsageError(
                f"the writer refuses: the prompt has {len(self.prompt)} tokens, and the context "
                f"{ROOM}"
            )
        self._most: int = max(1, min(int(_number(most, "max_tokens")), left))
        self.alone = request.get("cache_prompt") is False
        self._choice = Choice(
            words,
            words.form(request.get("response_format")),
            float(_number(request.get("temperature") or 0.0, "temperature")),
            float(_number(request.get("top_p") or 1.0, "top_p")),
            request.get("seed"),
        )
        stops = request.get("stop") or []
        self._stops = [stops] if isinstance(stops, str) else list(stops)
        self._usage = bool((request.get("stream_options") or {}).get("include_usage"))
        self._model, self._words = str(request.get("model", "")), words
        self._on_chunk, self._pieces = on_chunk, DecodeStream(skip_special_tokens=True)
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self._reason = "length"
        self._text = ""
        self.ids: list[int] = []
        """What is written so far."""
        self.done = threading.Event()
        self.error: Exception | None = None

    @property
    def most_tokens(self) -> int:
        """What prompt and answer may take of the context."""
        return len(self.prompt) + self._most

    def take(self, scores: Floats) -> bool:
        """Choose the next token; False where the answer ends."""
        token = self._choice.next(scores)
        if token is None:
            self._reason = "stop"
            return False
        self.ids.append(token)
        piece = self._pieces.step(self._words.tokenizer, token) or ""
        self._text += piece
        if self._stopped() or self._choice.finished:
            self._reason = "stop"
        going = self._reason != "stop" and len(self.ids) < self._most
        return self._tell(piece) and going

    def _stopped(self) -> bool:
        """Cut the text at the first of the words that are to end it."""
        found = [at for at in (self._text.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self._text = self._text[: min(found)]
        return bool(found)

    def _tell(self, piece: str) -> bool:
        if self._on_chunk is None or not piece or self._stops:
            return True  # a word that ends the text may be half said
        first = {"role": "assistant"} if piece == self._text else {}
        return self._on_chunk(self._chunk({**first, "content": piece}))

    def whole(self) -> dict[str, Any]:
        """The finished answer."""
        message = {"role": "assistant", "content": self._said()}
        choice = {"index": 0, "message": message, "finish_reason": self._reason}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._counts()}

    def last_chunks(self) -> Iterator[dict[str, Any]]:
        """What a stream ends with."""
        if self._stops and self._text:
            yield self._chunk({"role": "assistant", "content": self._text})
        yield self._chunk({}, self._reason)
        if self._usage:
            yield {
                **self._head("chat.completion.chunk"),
                "choices": [],
                "usage": self._counts(),
            }

    def _said(self) -> str:
        return self._text if self._stops else self._words.text(self.ids)

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}

    def _counts(self) -> dict[str, Any]:
        read, written = len(self.prompt), len(self.ids)
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }


def _number(value: Any, name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"the writer refuses: {name} is no number")
    return value
