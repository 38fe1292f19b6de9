"""JSON answers that can hold any path: names that are not UTF-8 travel as lone surrogates."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class Answer(JSONResponse):
    """A JSON body in ASCII, never kept by caches."""

    def __init__(self, content: Any, status_code: int = 200, media_type: str | None = None) -> None:
        super().__init__(content, status_code, {"cache-control": "no-store"}, media_type)

    def render(self, content: Any) -> bytes:
        """Escapes keep what UTF-8 cannot hold."""
        return json.dumps(content, separators=(",", ":"), allow_nan=False, default=str).encode()
