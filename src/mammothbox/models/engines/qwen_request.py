"""What a request to the small writer wishes, checked: a body of ``/v1/chat/completions``.

Place in the flow: `qwen_answers` makes an answer of a `Wish`. What cannot be followed is refused
here, so that nothing of it fails later among the answers of others. Knows nothing of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mammothbox.errors import UsageError
from mammothbox.records import Json

MOST_UNASKED = 2048
"""Tokens of an answer whose length nobody limits; all that are written share one context."""

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

_UNKNOWN = (
    *("tools", "functions", "logprobs", "logit_bias", "grammar", "json_schema"),
    *("frequency_penalty", "presence_penalty"),
)
"""Wishes that would change the answer and that only llama.cpp follows."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request.

    Attributes:
        messages: (role, text), the roles being system, user and assistant.
        schema: that the answer must fit, or None.
        most: tokens the answer may have, at least 1.
        temperature: 0 and more.
        top_p: over 0 to 1.
        seed: of the chance, or None.
        stops: words that end the answer and are not said.
        alone: answered with nobody beside it and nothing remembered, so always alike.
        usage: a stream ends with counts.
        model: its name as the request has it.
    """

    messages: tuple[tuple[str, str], ...]
    schema: Json | None
    most: int
    temperature: float
    top_p: float
    seed: int | None
    stops: tuple[str, ...]
    alone: bool
    usage: bool
    model: str


def wish_of(request: Mapping[str, Any]) -> Wish:
    """The wish of a request's body.

    Raises:
        UsageError: it cannot be followed; with what is wrong.
    """
    for name in _UNKNOWN:
        if request.get(name):
            _refuse(f"{name} is nothing that it knows")
    if request.get("n") not in (None, 1):
        _refuse("it gives one answer a request")
    options = request.get("stream_options") or {}
    if not isinstance(options, dict):
        _refuse("stream_options is no object")
    limit = "max_completion_tokens" if request.get("max_completion_tokens") else "max_tokens"
    seed = _number(request, "seed", -1, -1e18, 1e18)
    return Wish(
        messages=_messages(request.get("messages")),
        schema=_schema(request.get("response_format")),
        most=int(_number(request, limit, MOST_UNASKED, 1, 1e9)),
        temperature=_number(request, "temperature", 0.0, 0.0, 100.0),
        top_p=_number(request, "top_p", 1.0, 1e-6, 1.0),
        seed=int(seed) if seed >= 0 else None,
        stops=_stops(request.get("stop")),
        alone=request.get("cache_prompt") is False,
        usage=bool(options.get("include_usage")),
        model=_plain(request.get("model") or "", "model"),
    )


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"the writer refuses: {why}")


def _number(
    request: Mapping[str, Any], name: str, unasked: float, low: float, high: float
) -> float:
    value = request.get(name)
    if value is None:
        return unasked
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        _refuse(f"{name} is no number from {low:g} to {high:g}")
    return float(value) if isinstance(unasked, float) else int(value)


def _plain(text: Any, name: str) -> str:
    """`text`, which can be written down."""
    try:
        text.encode()
    except (AttributeError, UnicodeEncodeError):
        _refuse(f"{name} is no text")
    return str(text)


def _stops(wanted: Any) -> tuple[str, ...]:
    words = [wanted] if isinstance(wanted, str) else wanted or []
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        _refuse("stop is no word, and no list of words")
    return tuple(words)


def _messages(wanted: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(wanted, list) or not wanted:
        _refuse("messages is no list of messages")
    return tuple((_role(message), _text(message)) for message in wanted)


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        _refuse(f"a message of the role {role!r}")
    return _ROLES[role]


def _text(message: Json) -> str:
    content = message.get("content")
    parts = [{"text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list) or not all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts
    ):
        _refuse("it reads text alone")
    return "".join(_plain(part["text"], "a message") for part in parts)


def _schema(wanted: Any) -> Json | None:
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if wanted is None or kind == "text":
        return None
    schema: Any = None
    if kind == "json_object":
        schema = wanted.get("schema") or {"type": "object"}
    elif kind == "json_schema" and isinstance(wanted.get("json_schema"), dict):
        schema = wanted["json_schema"].get("schema")
    if not isinstance(schema, dict):
        _refuse("response_format is none that it knows")
    return schema
