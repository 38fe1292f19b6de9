"""Words around the small writer: conversations to tokens, tokens to text, answers bound to a form.

Place in the flow: `engines.qwen` asks `Words` for the tokens of a request and lets each answer
choose its tokens through a `Choice`. What stands in a message is text, even where it looks like a
mark of the conversation. Knows nothing of the network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import UsageError, WeightsCorrupt, WeightsMissing
from mammothbox.records import Json

_START, _END, _NOTHING = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

_BLANK = r"[ \n]{0,6}"
"""Between the parts of JSON: a line and its indentation. Without a bound a model may go on for
ever; with no blanks at all the small writer repeats the prompt."""

_UNASKED = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
"""What its publisher tells the model where nobody tells it anything."""

Floats = npt.NDArray[np.float32]


class Words:
    """The tokenizer, and what binds answers to a form.

    Args:
        path: the tokenizer that `graphs.qwen2` writes.

    Raises:
        WeightsMissing: there is no such file.
        WeightsCorrupt: it is none of a Qwen2.
    """

    def __init__(self, path: Path) -> None:
        from llguidance import LLTokenizer
        from tokenizers import Tokenizer

        if not path.is_file():
            raise WeightsMissing(f"{path} is missing; run: mammothbox models pull")
        self.tokenizer = Tokenizer.from_file(str(path))
        found = (self.tokenizer.token_to_id(mark) for mark in (_START, _END, _NOTHING))
        ids = [mark for mark in found if mark is not None]
        if len(ids) < 3:
            raise WeightsCorrupt(f"{path} lacks marks of a conversation")
        self._start, *ends = ids
        self.ends = frozenset(ends)
        self._end = ends[0]
        self._bound = LLTokenizer(str(path), eos_token=ends)
        self.tokenizer.encode_special_tokens = True  # marks in a message are its text

    def conversation(self, messages: Any) -> list[int]:
        """The tokens of `messages`, up to where the answer begins.

        Raises:
            UsageError: not a list of messages of known roles whose contents are text.
        """
        if not isinstance(messages, list) or not messages:
            raise UsageError("the writer refuses: messages is no list of messages")
        said = [(_role(message), _text(message)) for message in messages]
        if said[0][0] != "system":
            said.insert(0, ("system", _UNASKED))
        ids: list[int] = []
        for role, text in said:
            ids += [self._start, *self._encode(f"{role}\n{text}"), self._end, *self._encode("\n")]
        return [*ids, self._start, *self._encode("assistant\n")]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """What `ids` say, marks left out."""
        said: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return said

    def form(self, wanted: Any) -> Any:
        """A matcher for a request's ``response_format``; None for free text.

        Raises:
            UsageError: a format or a schema that cannot be kept to.
        """
        from llguidance import LLMatcher

        schema = _schema(wanted)
        if schema is None:
            return None
        grammar = LLMatcher.grammar_from_json_schema(
            json.dumps(schema), overrides={"whitespace_pattern": _BLANK}
        )
        matcher = LLMatcher(self._bound, grammar)
        if matcher.is_error():
            raise UsageError(f"the writer refuses: the schema: {matcher.get_error()}")
        return matcher

    @property
    def count(self) -> int:
        """Tokens there are; a network may give scores for more, which mean nothing."""
        size: int = self._bound.vocab_size
        return size


class Choice:
    """Chooses the next token of one answer from scores.

    Args:
        words: whose tokens they are.
        form: a matcher that every token must fit, or None.
        temperature: 0 for the most probable token.
        top_p: only the most probable tokens that together have this share.
        seed: of the chance, or None.
    """

    def __init__(
        self, words: Words, form: Any, temperature: float, top_p: float, seed: int | None
    ) -> None:
        self._words, self._form = words, form
        self._temperature, self._top_p = temperature, top_p
        self._chance = np.random.default_rng(seed)

    def next(self, scores: Floats) -> int | None:
        """The token, or None where the answer ends."""
        scores = scores[: self._words.count]
        token = int(scores.argmax())
        if self._temperature > 0:
            token = self._drawn(self._fitting(scores))
        elif self._form is not None and not self._fits(token):
            token = int(self._fitting(scores).argmax())
        if token in self._words.ends:
            return None
        if self._form is not None:
            self._form.consume_token(token)
        return token

    @property
    def finished(self) -> bool:
        """Nothing may follow."""
        return self._form is not None and bool(self._form.is_stopped())

    def _fits(self, token: int) -> bool:
        """Asked of one token, this is much quicker than a mask of all."""
        if token in self._words.ends:
            return bool(self._form.is_accepting())
        return bool(self._form.validate_tokens([token]))

    def _fitting(self, scores: Floats) -> Floats:
        if self._form is None:
            return scores
        allowed = np.frombuffer(self._form.compute_logit_bias(), np.uint8)[: len(scores)]
        return np.where(allowed > 0, scores, np.float32(-np.inf))

    def _drawn(self, scores: Floats) -> int:
        """By chance, within the most probable ones (Holtzman et al. 2020)."""
        shares = np.exp((scores - scores.max()).astype(np.float64) / self._temperature)
        shares /= shares.sum()
        order = np.argsort(-shares)
        inside = np.searchsorted(np.cumsum(shares[order]), self._top_p) + 1
        best = order[:inside]
        return int(self._chance.choice(best, p=shares[best] / shares[best].sum()))


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in _ROLES:
        raise UsageError(f"the writer refuses: a message of the role {role!r}")
    return _ROLES[role]


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in content
    ):
        return "".join(part["text"] for part in content)
    raise UsageError("the writer refuses: it reads text alone")


def _schema(wanted: Any) -> Any:
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return wanted.get("schema") or {"type": "object"}
    inside = wanted.get("json_schema") if kind == "json_schema" else None
    if not isinstance(inside, dict) or not isinstance(inside.get("schema"), dict):
        raise UsageError("the writer refuses: response_format is none that it knows")
    return inside["schema"]
