"""Packets of pictures to keyframes: one of each shot, then those that differ most.

Each frame is decoded once. Small copies go to the shot detector; a few frames a second at most are
kept at full size as candidates, thinned out as the video turns out longer. Long videos, and those
whose decoding proves slow, are read by their own keyframes alone. Knows nothing of containers.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels
from mammothbox.decode.limits import Limits
from mammothbox.decode.shots import DARK, THUMBNAIL_PX, ShotDetector, distance
from mammothbox.records import Frame

if TYPE_CHECKING:
    import av

_SPARSE_FROM_S = 900.0
"""Longer videos are read by their keyframes alone; shots then begin at the next keyframe."""

_LEAST_STEP_S = 0.5
_CANDIDATES = 2
"""Candidates held for each picture that is handed back."""

_DIFFERENT = 14.0
"""Mean difference (0 to 255) of small copies from which a further picture of a shot is worth it."""

_STILL = 0.5
_CHANGED = 1.5
"""A still picture of which a little changes and that is still again has turned a page: words on a
screen are few pixels, far below `_DIFFERENT`."""


class _Candidate(NamedTuple):
    time_s: float
    pixels: Pixels
    small: npt.NDArray[np.float32]


class VideoReader:
    """Collects the pictures of one stream.

    Args:
        stream: opened, not yet decoded.
        duration_s: what the container claims, 0 if nothing.
        limits: size and number of pictures, and the time that decoding may take.
    """

    def __init__(self, stream: av.VideoStream, duration_s: float, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._begun = time.monotonic()
        self._allowance_s = limits.allowance_s(duration_s)
        stream.thread_type = "AUTO"
        self._sparse = duration_s > _SPARSE_FROM_S
        self._detector = ShotDetector(sparse=self._sparse)
        if self._sparse:
            stream.codec_context.skip_frame = "NONKEY"
        self._aspect = float(stream.sample_aspect_ratio or 1)
        self._most = _CANDIDATES * limits.keyframes
        self._step_s = max(_LEAST_STEP_S, duration_s / self._most)
        self._candidates: list[_Candidate] = []
        self._origin: float | None = None
        self._last_s = self._gap_s = 0.0
        self._next_s = 0.0
        self.width = 0
        self.height = 0

    def feed(self, packet: av.Packet) -> None:
        """Decode one packet."""
        for frame in packet.decode():
            self._add(frame)

    def finish(self) -> tuple[tuple[Frame, ...], tuple[float, ...], float]:
        """Keyframes in time order, cuts in seconds, and the length in seconds."""
        cuts = self._detector.cuts()
        chosen = _choose(self._candidates, cuts, self._limits.keyframes)
        frames = tuple(Frame(round(c.time_s, 3), c.pixels) for c in chosen)
        return frames, tuple(round(cut, 3) for cut in cuts), self._last_s + self._gap_s

    def _add(self, frame: av.VideoFrame) -> None:
        time_s = self._time(frame)
        self.width, self.height = _upright_size(frame)
        small = upright_pixels(frame, THUMBNAIL_PX, self._aspect)
        begins = self._detector.feed(time_s, small)
        if begins or time_s >= self._next_s or not self._candidates:
            side = self._limits.image_side_px
            tiny = small[::4, ::4].astype(np.float32)
            self._candidates.append(
                _Candidate(time_s, upright_pixels(frame, side, self._aspect), tiny)
            )
            self._next_s = time_s + self._step_s
            self._thin()
        if not self._sparse and time.monotonic() - self._begun > self._allowance_s / 2:
            self._sparse = True
            self._stream.codec_context.skip_frame = "NONKEY"

    def _time(self, frame: av.VideoFrame) -> float:
        """Seconds from the first frame; frames without a time follow at the last distance."""
        stamp = frame.time
        if stamp is None:
            stamp = (self._origin or 0.0) + self._last_s + (self._gap_s or 0.04)
        if self._origin is None:
            self._origin = float(stamp)
        time_s = max(float(stamp) - self._origin, self._last_s)
        self._gap_s = min(time_s - self._last_s, 1.0) or self._gap_s
        self._last_s = time_s
        return time_s

    def _thin(self) -> None:
        if len(self._candidates) < 2 * self._most:
            return
        self._candidates = _farthest(self._candidates, self._candidates[:1], self._most, 0.0)
        self._step_s *= 2


def _upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    size = (frame.width, frame.height)
    return (size[1], size[0]) if round(frame.rotation / 90) % 2 else size


def upright_pixels(frame: av.VideoFrame, side: int, aspect: float) -> Pixels:
    """Upright RGB with square pixels, longer side at most `side`."""
    width, height = frame.width * aspect, float(frame.height)
    scale = min(1.0, side / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rgb = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
    turns = round(frame.rotation / 90) % 4
    pixels = np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb
    pixels.flags.writeable = False
    return pixels


def _choose(candidates: list[_Candidate], cuts: tuple[float, ...], most: int) -> list[_Candidate]:
    """At most `most` pictures: the middle of each shot or page, then the most different others."""
    bounds = [0.0, *sorted({*cuts, *_pages(candidates)}), float("inf")]
    middles = []
    for start, end in pairwise(bounds):
        inside = [c for c in candidates if start <= c.time_s < end]
        # Not the black that a shot fades into, if there is anything else.
        inside = [c for c in inside if float(c.small.mean()) >= DARK] or inside
        if inside:
            middles.append(inside[len(inside) // 2])
    if len(middles) > most:
        return _farthest(middles, middles[:1], most, 0.0)
    return _farthest(candidates, middles, most, _DIFFERENT)


def _pages(candidates: list[_Candidate]) -> list[float]:
    """Seconds at which a picture that stands still before and after is another one (`_STILL`)."""
    gaps = [distance(one.small, other.small) for one, other in pairwise(candidates)]
    return [
        candidates[at + 1].time_s
        for at in range(1, len(gaps) - 1)
        if gaps[at] >= _CHANGED and max(gaps[at - 1], gaps[at + 1]) <= _STILL
    ]


def _farthest(
    pool: list[_Candidate], chosen: list[_Candidate], most: int, least: float
) -> list[_Candidate]:
    """`chosen` and those of `pool` farthest from all chosen, one by one, in time order."""
    taken = {c.time_s: c for c in chosen}
    rest = [c for c in pool if c.time_s not in taken]
    gaps = [min((distance(c.small, t.small) for t in taken.values()), default=255.0) for c in rest]
    while rest and len(taken) < most:
        best = int(np.argmax(gaps))
        if gaps[best] < least:
            break
        new = rest.pop(best)
        gaps.pop(best)
        taken[new.time_s] = new
        gaps = [min(gap, distance(c.small, new.small)) for gap, c in zip(gaps, rest, strict=True)]
    return [taken[at] for at in sorted(taken)]
