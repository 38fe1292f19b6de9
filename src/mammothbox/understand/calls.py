"""Calling a model for a batch so that one bad input costs only itself.

A batch that makes a model's host fail is tried again in halves; the input that fails alone is the
culprit, and its error becomes its value. Errors that would meet every input the same
way (weights missing, no room, a service away) are not caught: the stage is postponed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from mammothbox.errors import BadAnswer, HostDied, HostTimeout, MammothboxError
from mammothbox.records import Failed

Item = TypeVar("Item")
Answer = TypeVar("Answer")

BLAMES_INPUT = (HostDied, HostTimeout, BadAnswer)
"""Errors that one input can cause."""


def each(
    call: Callable[[Sequence[Item]], Sequence[Answer]], items: Sequence[Item]
) -> list[Answer | Failed]:
    """The answers of `call(items)`, in order, `Failed` in the place of an input that breaks it."""
    if not items:
        return []
    try:
        return list(call(items))
    except BLAMES_INPUT as error:
        if len(items) == 1:
            return [failed(error)]
    middle = len(items) // 2
    return [*each(call, items[:middle]), *each(call, items[middle:])]


def failed(error: MammothboxError) -> Failed:
    """The error as a recorded outcome."""
    return Failed(error.reason, " ".join(str(error).split()))
