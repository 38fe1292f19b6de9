"""Where shots begin in a video, by PySceneDetect's adaptive detector on small frames.

Knows nothing of files or codecs: it sees small pictures and their times, in order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Pixels

THUMBNAIL_PX = 128
"""Width of the pictures it looks at."""

ADAPTIVE_THRESHOLD = 4.0
MIN_CONTENT = 15.0
WINDOW = 8
"""A cut changes this many times more than `WINDOW` frames on either side do, and at least so much
in hue, light and colour; shaking cameras change all the time."""

DARK = 10.0
"""Mean of a picture (0 to 255) up to which it is black: the gap between two shots, not a shot."""

LONGEST_GAP_S = 3.0

KEYFRAME_THRESHOLD = 27.0
"""The same between keyframes alone, which are seconds apart."""

LEAST_SHOT_S = 0.4


class ShotDetector:
    """Finds cuts while frames go by.

    Args:
        sparse: only keyframes are fed, so that neighbours tell nothing.
    """

    def __init__(self, *, sparse: bool = False) -> None:
        from scenedetect.detectors import AdaptiveDetector, ContentDetector

        if sparse:
            self._detector = ContentDetector(threshold=KEYFRAME_THRESHOLD, min_scene_len=1)
        else:
            self._detector = AdaptiveDetector(
                adaptive_threshold=ADAPTIVE_THRESHOLD,
                min_content_val=MIN_CONTENT,
                window_width=WINDOW,
                min_scene_len=2,
            )
        self._times: list[float] = []
        self._light: list[float] = []
        self._cuts: list[float] = []

    def feed(self, time_s: float, thumbnail: Pixels) -> bool:
        """Look at the next frame (RGB); whether a new shot has just begun."""
        from scenedetect import FrameTimecode

        index = len(self._times)
        self._times.append(time_s)
        self._light.append(float(thumbnail.mean()))
        # PySceneDetect counts frames; times of variable rates are looked up by number.
        found = self._detector.process_frame(FrameTimecode(index, 25.0), thumbnail[:, :, ::-1])
        fresh = [self._times[cut.frame_num] for cut in found if cut.frame_num <= index]
        return any([*map(self._add, fresh)])

    def cuts(self) -> tuple[float, ...]:
        """Seconds at which shots begin, without the first; a black gap is one cut, in its middle.

        Colours of nearly black pictures are noise, so what the detector finds there is left out.
        """
        cuts = list(self._cuts)
        for start, end in self._gaps():
            cuts = [cut for cut in cuts if not start - LEAST_SHOT_S <= cut <= end + LEAST_SHOT_S]
            if start > self._times[0] and end < self._times[-1]:
                cuts.append((start + end) / 2)
        return tuple(sorted(cuts))

    def _gaps(self) -> list[tuple[float, float]]:
        """First and last second of each stretch of black that is no shot by itself."""
        black = np.asarray(self._light) < DARK
        turns = np.flatnonzero(np.diff(black, prepend=False, append=False))
        stretches = [
            (self._times[first], self._times[after - 1])
            for first, after in zip(turns[::2], turns[1::2], strict=True)
        ]
        return [(start, end) for start, end in stretches if end - start <= LONGEST_GAP_S]

    def _add(self, time_s: float) -> bool:
        last = self._cuts[-1] if self._cuts else self._times[0]
        if time_s - last < LEAST_SHOT_S:
            return False
        self._cuts.append(time_s)
        return True


def distance(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Mean difference of two small pictures, 0 to 255."""
    return float(np.mean(np.abs(one - other)))
