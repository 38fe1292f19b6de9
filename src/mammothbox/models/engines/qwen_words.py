"""Words around the small writer: conversations to tokens, tokens to text, forms of answers.

Place in the flow: `engines.qwen` holds one `Words`. What stands in a message is text, even where it
looks like a mark of the conversation. Knows nothing of the network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mammothbox.errors import UsageError, WeightsCorrupt, WeightsMissing
from mammothbox.records import Json

_START, _END, _NOTHING = "<|im_start|>", "<|im_end|>", "<|endoftext|>"

_BLANK = r"[ \n]{0,6}"
"""Between the parts of JSON: a line and its indentation. Without a bound a model may go on for
ever; with no blanks at all the small writer repeats the prompt."""

_UNASKED = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
"""What its publisher tells the model where nobody tells it anything."""


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
        try:
            self.tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library has no class of its own
            raise WeightsCorrupt(f"{path} is no tokenizer: {error}") from error
        found = (self.tokenizer.token_to_id(mark) for mark in (_START, _END, _NOTHING))
        ids = [mark for mark in found if mark is not None]
        if len(ids) < 3:
            raise WeightsCorrupt(f"{path} lacks marks of a conversation")
        self._start, *ends = ids
        self._end, self.ends = ends[0], frozenset(ends)
        self._bound = LLTokenizer(str(path), eos_token=ends)
        self.tokenizer.encode_special_tokens = True  # marks in a message are its text

    def conversation(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """The tokens of `messages` (role, text), up to where the answer begins."""
        said = list(messages)
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

    def form(self, schema: Json | None) -> Any:
        """A matcher for answers that fit `schema`; None for free text.

        Raises:
            UsageError: a schema that cannot be kept to.
        """
        from llguidance import LLMatcher

        if schema is None:
            return None
        try:
            grammar = LLMatcher.grammar_from_json_schema(
                json.dumps(schema, allow_nan=False), overrides={"whitespace_pattern": _BLANK}
            )
            matcher = LLMatcher(self._bound, grammar)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the writer refuses: the schema: {error}") from error
        if matcher.is_error():
            raise UsageError(f"the writer refuses: the schema: {matcher.get_error()}")
        return matcher

    @property
    def count(self) -> int:
        """Tokens there are; a network may give scores for more, which mean nothing."""
        size: int = self._bound.vocab_size
        return size
