"""Server-sent events: how an answer is given while it is written.

Place in the flow: chat routes stream through these. Knows nothing of models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

DONE = b"data: [DONE]\n\n"


def event(value: dict[str, Any]) -> bytes:
    """One event that holds a JSON object."""
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def events_of(chunks: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """All of a finished answer."""
    yield from map(event, chunks)
    yield DONE
