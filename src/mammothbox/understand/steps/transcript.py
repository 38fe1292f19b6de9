"""Step `transcript`: what is said, when, and in which language.

`Done.value`: ``{"language", "language_probability", "uncertain", "segments": [{"start_s", "end_s",
"text", "language"?}], "dropped", "speech_s"}``. Segments the model doubts are dropped and counted.
"""

from __future__ import annotations

from typing import Any

from mammothbox.models.contracts import Segment, Transcript
from mammothbox.records import Done, Json, Outcome, Passage, Skipped

SURE = 0.5
"""Under this probability the language is called uncertain."""

NO_SOUND = Skipped("no sound track")


def transcript_result(transcript: Transcript) -> tuple[Outcome, tuple[Passage, ...]]:
    """The result for a recording; one passage a segment, so that a hit knows its second."""
    value = {
        "language": transcript.language,
        "language_probability": round(transcript.language_probability, 4),
        "uncertain": transcript.language_probability < SURE,
        "segments": [_segment(item, transcript.language) for item in transcript.segments],
        "dropped": transcript.dropped,
        "speech_s": round(transcript.speech_s, 3),
    }
    passages = tuple(
        Passage("transcript", item.text.strip(), start_s=item.start_s, end_s=item.end_s)
        for item in transcript.segments
        if item.text.strip()
    )
    return Done(value), passages


def _segment(item: Segment, language: str) -> dict[str, Any]:
    value: dict[str, Any] = {
        "start_s": round(item.start_s, 3),
        "end_s": round(item.end_s, 3),
        "text": item.text.strip(),
    }
    if item.language and item.language != language:
        value["language"] = item.language
    return value


def segments_of(value: Json) -> list[Segment]:
    """The segments back from a stored `Done.value`."""
    return [Segment(s["start_s"], s["end_s"], s["text"]) for s in value.get("segments", ())]
