"""Whisper base, real weights: seconds of work a second of sound, on long and on short recordings.

With a folder of test media its English speech: clips of two to ten seconds as they are, and all of
them one after the other; else the two recordings of `examples/`, cut up. Nothing is said twice in
one recording: a transcriber takes that for a loop of its own and works twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.media import load_index, spoken_truth
from bench.models.sampling import Samples, on_gpu
from bench.models.weights import prepare
from bench.speed.inputs import EXAMPLES, RATE
from mammothbox.decode import Decoder
from mammothbox.models import open_models
from mammothbox.models.contracts import Transcriber
from mammothbox.records import Kind
from mammothbox.scan import kind_of
from mammothbox.settings import Settings

LONG_S, CLIPS = 120.0, 12
SHORTEST_S, LONGEST_S, CUT_S = 2.0, 10.0, 6.0
Track = npt.NDArray[np.float32]


def measure(settings: Settings, scratch: Path, media: Path | None = None) -> dict[str, Any]:
    """Real-time factors and the host's memory in GB (10^9)."""
    full = prepare(settings, scratch)
    voices = _voices(full, media)
    long, short = _long(voices), _short(voices)
    with open_models(full) as models, Samples(models.pss_bytes) as samples, on_gpu(models) as gpu:
        with models.transcriber() as transcriber:
            transcriber.transcribe(short[0])
            figures = {
                "rtf_long": _factor(transcriber, [long]),
                "long_s": round(len(long) / RATE),
                "rtf_short": _factor(transcriber, short),
                "short_s": round(sum(map(len, short)) / len(short) / RATE, 1),
                "short_clips": len(short),
            }
        most = samples.most
    return {**figures, **gpu(), "host_gb": round(most / 1e9, 2), "promised": 0.35}


def _factor(transcriber: Transcriber, tracks: Sequence[Track]) -> float:
    begin = time.perf_counter()
    for track in tracks:
        transcriber.transcribe(track)
    return round((time.perf_counter() - begin) * RATE / sum(map(len, tracks)), 3)


def _voices(settings: Settings, media: Path | None) -> list[Track]:
    """Recordings of English speech, each said once."""
    if media is not None:
        spoken = {item.path: spoken_truth(item.truth) for item in load_index(media)}
        paths = [path for path, truth in spoken.items() if truth and truth.language == "en"]
    else:
        paths = [EXAMPLES / "sound" / name for name in ("reading.mp3", "REC_0007.wav")]
    found = []
    with Decoder(settings) as decoder:
        for path in paths:
            kind, mime = kind_of(str(path))
            if kind == Kind.AUDIO:
                samples = decoder.decode(str(path), kind, mime).samples
                if samples is not None:
                    found.append(np.asarray(samples, np.float32))
    return found


def _long(voices: Sequence[Track]) -> Track:
    """Different recordings one after the other, at most `LONG_S`."""
    return np.concatenate(voices)[: int(LONG_S * RATE)]


def _short(voices: Sequence[Track]) -> list[Track]:
    whole = [v for v in voices if SHORTEST_S <= len(v) / RATE <= LONGEST_S]
    size = int(CUT_S * RATE)
    cut = [v[at : at + size] for v in voices for at in range(0, len(v) - size + 1, size)]
    return (whole if len(whole) >= CLIPS else cut)[:CLIPS]
