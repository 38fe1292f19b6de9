"""Speech from a service: long recordings in pieces, cut where it is quiet.

Place in the flow: `lease` hands this out where ``WHISPER_ENDPOINT`` is set. A piece is a WAV of
float32, five minutes at most: 19 MB, under the 25 MB that services of this shape commonly take.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from mammothbox.arrays import Samples
from mammothbox.errors import BadAnswer
from mammothbox.models.contracts import ModelCard, Segment, Transcript
from mammothbox.models.remote.endpoint import Endpoint

RATE = 16_000
PIECE_S = 300
SEARCH_S = 30
"""The last seconds of a piece, in which the quietest moment is looked for."""

WINDOW = RATE // 5
_FLOAT = 3

LANGUAGES = {
    **{"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it"},
    **{"portuguese": "pt", "dutch": "nl", "polish": "pl", "russian": "ru", "ukrainian": "uk"},
    **{"turkish": "tr", "arabic": "ar", "hebrew": "he", "hindi": "hi", "chinese": "zh"},
    **{"japanese": "ja", "korean": "ko", "swedish": "sv", "danish": "da", "norwegian": "no"},
    **{"finnish": "fi", "czech": "cs", "greek": "el", "hungarian": "hu", "romanian": "ro"},
    **{"vietnamese": "vi", "indonesian": "id", "thai": "th", "catalan": "ca", "slovak": "sk"},
}
"""Some services spell languages out; a name that is not here is kept as it came."""


def wav(samples: Samples) -> bytes:
    """A WAV file of 16 kHz mono float32."""
    data = np.ascontiguousarray(samples, "<f4").tobytes()
    form = struct.pack("<HHIIHH", _FLOAT, 1, RATE, RATE * 4, 4, 32)
    head = struct.pack("<4sI4s4sI", b"RIFF", 28 + len(form) + len(data), b"WAVE", b"fmt ", 16)
    return head + form + struct.pack("<4sI", b"data", len(data)) + data


def pieces(samples: Samples) -> Iterator[tuple[float, Samples]]:
    """(start in seconds, piece), each at most `PIECE_S` long, cut at the quietest moment."""
    start = 0
    while start < len(samples):
        end = start + PIECE_S * RATE
        if end < len(samples):
            tail = np.asarray(samples[end - SEARCH_S * RATE : end])
            loudness = np.abs(tail).reshape(-1, WINDOW).mean(axis=1)
            quiet = int(loudness.argmin()) * WINDOW + WINDOW // 2
            end += quiet - len(tail)
        yield start / RATE, samples[start:end]
        start = end


class RemoteTranscriber:
    """See `contracts.Transcriber`."""

    def __init__(self, endpoint: Endpoint, card: ModelCard) -> None:
        self._endpoint, self.card = endpoint, card

    def transcribe(self, samples: Samples) -> Transcript:
        """The speech in `samples`, any length."""
        found = [(begin, self._piece(piece)) for begin, piece in pieces(samples)]
        segments = tuple(
            Segment(
                round(begin + segment.start_s, 3),
                round(begin + segment.end_s, 3),
                segment.text,
                segment.language,
            )
            for begin, part in found
            for segment in part.segments
        )
        spoken: Counter[str] = Counter()
        for segment in segments:
            spoken[segment.language] += max(1, round((segment.end_s - segment.start_s) * 1000))
        language = spoken.most_common(1)[0][0] if spoken else ""
        sure = [part.language_probability for _, part in found if part.language == language]
        return Transcript(
            language,
            max(sure, default=0.0) if segments else 0.0,
            segments,
            sum(part.dropped for _, part in found),
            sum(part.speech_s for _, part in found),
        )

    def _piece(self, samples: Samples) -> Transcript:
        fields = {"model": self.card.id, "response_format": "verbose_json"}
        answer = self._endpoint.post_file(
            "/v1/audio/transcriptions", fields, lambda: ("sound.wav", wav(samples), "audio/wav")
        )
        try:
            return _read(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(f"{self._endpoint.name} gave no transcript: {error}") from error


def _read(answer: dict[str, Any]) -> Transcript:
    language = str(answer.get("language") or "")
    language = LANGUAGES.get(language.lower(), language)
    segments = tuple(
        Segment(
            float(item["start"]),
            float(item["end"]),
            str(item["text"]).strip(),
            str(item.get("language") or language),
        )
        for item in answer["segments"] or ()
        if str(item["text"]).strip()
    )
    spoken = sum(segment.end_s - segment.start_s for segment in segments)
    return Transcript(
        language if segments else "",
        float(answer.get("language_probability", 0.5)) if segments else 0.0,
        segments,
        int(answer.get("dropped", 0)),
        float(answer.get("speech_s", spoken)),
    )
