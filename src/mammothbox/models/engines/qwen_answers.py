"""One answer of the small writer: what is written so far, and how it is told.

Place in the flow: `engines.qwen` makes an `Answer` of each request and gives it scores token by
token. Answers and chunks have the shapes of ``/v1/chat/completions``.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mammothbox.errors import UsageError
from mammothbox.models.engines.qwen_choice import Choice, Floats
from mammothbox.models.engines.qwen_request import wish_of
from mammothbox.models.engines.qwen_words import Words
from mammothbox.models.graphs.qwen2 import ROOM


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

        self._wish = wish = wish_of(request)
        self.prompt = words.conversation(wish.messages)
        left = ROOM - len(self.prompt)
        if left < 1:
            raise UsageError(
                f"the writer refuses: the prompt has {len(self.prompt)} tokens, and the context "
                f"{ROOM}"
            )
        self._most = min(wish.most, left)
        self.alone = wish.alone
        form = words.form(wish.schema)
        chance = (wish.temperature, wish.top_p, wish.seed)
        self._choice = Choice(words.count, words.ends, form, *chance)
        self._words, self._on_chunk = words, on_chunk
        self._pieces = DecodeStream(skip_special_tokens=True)
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self._reason, self._text, self._told = "length", "", 0
        self.ids: list[int] = []
        """What is written so far."""
        self.done = threading.Event()
        self.error: BaseException | None = None

    @property
    def most_tokens(self) -> int:
        """What prompt and answer may take of the context."""
        return len(self.prompt) + self._most

    def take(self, scores: Floats) -> bool:
        """Choose the next token; False where the answer ends.

        Raises:
            UsageError: nothing fits its schema.
        """
        token = self._choice.next(scores)
        if token is None:
            self._reason = "stop"
            return False
        self.ids.append(token)
        self._text += self._pieces.step(self._words.tokenizer, token) or ""
        if self._stopped() or self._choice.finished:
            self._reason = "stop"
        going = self._reason != "stop" and len(self.ids) < self._most
        return self._tell() and going

    def _stopped(self) -> bool:
        """Cut the text at the first of the words that are to end it."""
        found = [at for at in (self._text.find(stop) for stop in self._wish.stops) if at >= 0]
        if found:
            self._text = self._text[: min(found)]
        return bool(found)

    def _tell(self) -> bool:
        """Give the listener what is new, but for what may be the beginning of a stop word."""
        ready = len(self._text) - self._half_said()
        if self._on_chunk is None or ready <= self._told:
            return True
        return self._on_chunk(self._piece(ready))

    def _piece(self, end: int) -> dict[str, Any]:
        first = {} if self._told else {"role": "assistant"}
        said, self._told = self._text[self._told : end], end
        return self._chunk({**first, "content": said})

    def _half_said(self) -> int:
        """Letters at the end of the text with which one of the stop words begins."""
        if self._reason == "stop":
            return 0
        halves = (stop[:size] for stop in self._wish.stops for size in range(1, len(stop)))
        return max((len(half) for half in halves if self._text.endswith(half)), default=0)

    def whole(self) -> dict[str, Any]:
        """The finished answer."""
        said = self._text if self._wish.stops else self._words.text(self.ids)
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "finish_reason": self._reason}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._counts()}

    def last_chunks(self) -> Iterator[dict[str, Any]]:
        """What a stream ends with."""
        if self._told < len(self._text):
            yield self._piece(len(self._text))
        yield self._chunk({}, self._reason)
        if self._wish.usage:
            head = self._head("chat.completion.chunk")
            yield {**head, "choices": [], "usage": self._counts()}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        said = {"created": self._created, "model": self._wish.model}
        return {"id": self._id, "object": kind, **said}

    def _counts(self) -> dict[str, Any]:
        read, written = len(self.prompt), len(self.ids)
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }
