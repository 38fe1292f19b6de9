"""A transcript in the ecosystem's ``verbose_json``, for the whisper host and the speech service.

Knows nothing of HTTP or of how the words were found.
"""

from __future__ import annotations

from typing import Any

from mammothbox.models.contracts import Transcript


def as_verbose_json(transcript: Transcript, duration_s: float) -> dict[str, Any]:
    """The ecosystem's ``verbose_json``, with our own fields beside it."""
    segments = [
        {
            "id": index,
            "seek": 0,
            "start": segment.start_s,
            "end": segment.end_s,
            "text": segment.text,
            "language": segment.language,
        }
        for index, segment in enumerate(transcript.segments)
    ]
    return {
        "task": "transcribe",
        "language": transcript.language,
        "language_probability": transcript.language_probability,
        "duration": duration_s,
        "text": " ".join(segment.text for segment in transcript.segments),
        "segments": segments,
        "dropped": transcript.dropped,
        "speech_s": transcript.speech_s,
    }
