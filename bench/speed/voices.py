"""What is said in the recordings that the bench makes: sentences of people, one after the other.

No sentence twice in a recording while there are others: said again and again it would be taken for
a loop of the transcriber's own, which costs time that no real recording costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second of all sound made here."""

PAUSE_S = 0.4
"""Between two sentences."""

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "sound"
SPOKEN = ("REC_0007.wav", "reading.mp3")
"""Of the examples; 17 s together, which a longer recording says again."""

Track = npt.NDArray[np.int16]


def sentences(media: Path | None) -> list[Track]:
    """The clear English clips of `media` by the rule of the word error rate, else the examples."""
    from bench.media import load_index, spoken_truth
    from bench.quality.speech import is_clear

    if media is None:
        return [read(EXAMPLES / name) for name in SPOKEN]
    spoken = [item for item in load_index(media) if spoken_truth(item.truth)]
    return [read(item.path) for item in spoken if is_clear(item)]


def talk(clips: Sequence[Track], seconds: float, random: np.random.Generator) -> Track:
    """`seconds` of `clips` in random order with pauses; begins anew when all are said."""
    pause, wanted = np.zeros(int(PAUSE_S * RATE), np.int16), int(seconds * RATE)
    parts: list[Track] = []
    while sum(map(len, parts)) < wanted:
        for index in random.permutation(len(clips)):
            parts += [clips[int(index)], pause]
    return np.concatenate(parts)[:wanted]


def read(path: Path) -> Track:
    """A recording's samples, mono."""
    with av.open(str(path)) as box:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [frame for raw in box.decode(audio=0) for frame in resampler.resample(raw)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
