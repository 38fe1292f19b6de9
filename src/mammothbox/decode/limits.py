"""The part of the settings that a decoding child must know, small enough for a command line.

`Limits` travels from parent to child as JSON. It knows nothing of how limits are enforced.

Example:
    >>> from mammothbox.settings import Settings
    >>> Limits.from_json(Limits.of(Settings()).to_json()) == Limits.of(Settings())
    True
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mammothbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings for one file; each field has the meaning and unit of the setting of its name.

    Attributes:
        timeout_s: seconds one file may take, plus its duration / 20.
        memory_bytes: address space beyond the child's start.
        file_bytes, pixels, pages, chars, duration_s: larger files are refused or cut, see Settings.
        image_side_px: longer side of pictures handed back, pixels.
        keyframes: pictures kept of one video.
    """

    timeout_s: float
    memory_bytes: int
    file_bytes: int
    pixels: int
    pages: int
    chars: int
    duration_s: float
    image_side_px: int
    keyframes: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that `settings` ask for."""
        return cls(
            timeout_s=settings.decode_timeout_s,
            memory_bytes=settings.decode_memory_bytes,
            file_bytes=settings.max_file_bytes,
            pixels=settings.max_pixels,
            pages=settings.max_pages,
            chars=settings.max_chars,
            duration_s=settings.max_duration_s,
            image_side_px=settings.image_side_px,
            keyframes=settings.max_keyframes,
        )

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """The inverse of `to_json`."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    def allowance_s(self, duration_s: float) -> float:
        """Seconds that a recording of `duration_s` seconds may take to decode."""
        return self.timeout_s + min(max(duration_s, 0.0), self.duration_s) / 20
