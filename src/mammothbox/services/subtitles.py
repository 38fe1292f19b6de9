"""A transcript as people and players read it: plain text, SubRip, WebVTT.

Place in the flow: the speech service answers with one of these. Pure.

Example:
    >>> clock(3661.5, ",")
    '01:01:01,500'
"""

from __future__ import annotations

from mammothbox.models.contracts import Transcript


def clock(seconds: float, mark: str) -> str:
    """``hours:minutes:seconds`` and milliseconds after `mark`."""
    millis = round(seconds * 1000)
    return (
        f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}"
        f"{mark}{millis % 1000:03}"
    )


def _line(text: str) -> str:
    """One cue's text: no line of it may look like the end of the cue or like a time."""
    return " ".join(text.split()).replace("-->", "→")


def as_text(transcript: Transcript) -> str:
    """All words."""
    return " ".join(segment.text.strip() for segment in transcript.segments)


def as_srt(transcript: Transcript) -> str:
    """SubRip."""
    cues = [
        f"{number}\n{clock(s.start_s, ',')} --> {clock(s.end_s, ',')}\n{_line(s.text)}\n"
        for number, s in enumerate(transcript.segments, 1)
    ]
    return "\n".join(cues)


def as_vtt(transcript: Transcript) -> str:
    """WebVTT."""
    cues = [
        f"{clock(s.start_s, '.')} --> {clock(s.end_s, '.')}\n{_line(s.text)}\n"
        for s in transcript.segments
    ]
    return "\n".join(["WEBVTT\n", *cues])
