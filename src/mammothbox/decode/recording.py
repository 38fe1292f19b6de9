"""Sound and video files: open the container, read it once, hand each packet to whom it concerns.

What is in the file decides the record where pictures are asked for: a video container without any
gives `AudioContent`. Where only sound is asked for, pictures are not decoded, and a video without a
sound track gives `AudioContent` without samples. A cover picture is no video.
Playlists and formats that point to other files or the network are refused. A recording that is
damaged midway yields what decodes before and after, and says so in the facts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mammothbox.decode.dispatch import OnDuration
from mammothbox.decode.limits import Limits
from mammothbox.decode.opening import opened
from mammothbox.decode.sound import SoundReader
from mammothbox.decode.source import Source
from mammothbox.decode.video import VideoReader
from mammothbox.errors import Corrupt, TooLarge
from mammothbox.records import AudioContent, Facts, VideoContent

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.stream import Stream

_ATTACHED_PIC = 0x400
_LEAST_BITRATE = 2000
"""Bits a second; a longer duration than this makes of the bytes is a false claim."""

_PLAYLISTS = frozenset({"hls", "dash", "concat", "imf", "sdp", "rtsp", "rtp", "image2"})


def read_recording(
    source: Source, limits: Limits, on_duration: OnDuration, *, pictures: bool
) -> AudioContent | VideoContent:
    """Decode sound, and video if `pictures`.

    Raises:
        Corrupt: no packet decodes, or there is neither sound nor video in it.
        TooLarge: longer than the limit.
        Unsupported: no decoder for its codec, or a playlist.
    """
    with opened(source) as container:
        return _read(container, source, limits, on_duration, look=pictures)


def _read(
    container: InputContainer,
    source: Source,
    limits: Limits,
    on_duration: OnDuration,
    *,
    look: bool,
) -> AudioContent | VideoContent:
    if _PLAYLISTS & set(container.format.name.split(",")):
        from mammothbox.errors import Unsupported

        raise Unsupported(f"{source.name}: a playlist points to other files")
    duration = _duration(container, source, limits)
    if duration:
        on_duration(duration)
    video, audio = _streams(container)
    if video is None and audio is None:
        raise Corrupt(f"{source.name}: there is neither sound nor video in it")
    if not look:
        if audio is None:
            return AudioContent(Facts(duration_s=duration or None), None)
        video = None
    sound = SoundReader(limits.duration_s, source.name, on_duration) if audio else None
    pictures = VideoReader(video, duration, limits) if video else None
    errors = _run(container, video, audio, pictures, sound)
    samples = sound.finish() if sound else None
    notes = _notes(container, errors)
    heard = len(samples) / 16_000 if samples is not None else 0.0
    facts = Facts(
        title=_tag(container, "title"),
        author=_tag(container, "artist"),
        taken_at=_tag(container, "creation_time"),
        extra=notes,
    )
    if pictures is not None:
        frames, cuts, seen = pictures.finish()
        if frames:
            seconds = round(max(seen, heard), 3)
            width, height = pictures.width, pictures.height
            facts = replace(facts, width=width, height=height, duration_s=seconds)
            return VideoContent(facts, frames, cuts, samples)
    if samples is None or not len(samples):
        raise Corrupt(f"{source.name}: nothing of the recording decodes")
    return AudioContent(replace(facts, duration_s=round(heard, 3)), samples)


def _duration(container: InputContainer, source: Source, limits: Limits) -> float:
    """Seconds that the container claims, 0 where it claims nothing credible."""
    seconds = (container.duration or 0) / 1_000_000
    if not math.isfinite(seconds) or seconds <= 0:
        return 0.0
    credible = source.size * 8 / seconds >= _LEAST_BITRATE
    if seconds > limits.duration_s and credible:
        raise TooLarge(f"{source.name}: {seconds:,.0f} s long, the limit is {limits.duration_s:g}")
    return min(seconds, limits.duration_s)


def _streams(container: InputContainer) -> tuple[av.VideoStream | None, av.AudioStream | None]:
    video = next((s for s in container.streams.video if _is_video(s)), None)
    audio = next((s for s in container.streams.audio if s.codec_context is not None), None)
    return video, audio


def _is_video(stream: av.VideoStream) -> bool:
    # A cover picture is a video stream marked as attached.
    return stream.codec_context is not None and not int(stream.disposition) & _ATTACHED_PIC


def _run(
    container: InputContainer,
    video: Stream | None,
    audio: Stream | None,
    pictures: VideoReader | None,
    sound: SoundReader | None,
) -> int:
    """Feed every packet to its reader; the number of packets that did not decode."""
    import av.error

    damaged = 0
    wanted = [stream for stream in (video, audio) if stream is not None]
    packets = container.demux(*wanted)
    while True:
        try:
            packet = next(packets)
            if packet.stream is video and pictures is not None:
                pictures.feed(packet)
            elif sound is not None:
                sound.feed(packet)
        except StopIteration:
            return damaged
        except av.error.EOFError:
            continue
        except (av.error.InvalidDataError, av.error.UndefinedError, av.error.ExternalError):
            damaged += 1
            if damaged > 10_000:
                return damaged


def _tag(container: InputContainer, name: str) -> str | None:
    for key, value in container.metadata.items():
        text = "".join(c for c in str(value) if c.isprintable()).strip()
        if key.lower() == name and text:
            return text[:500]
    return None


def _notes(container: InputContainer, damaged: int) -> dict[str, Any]:
    notes: dict[str, Any] = {"container": container.format.name}
    if damaged:
        notes["damaged_packets"] = damaged
    for name in ("album", "genre", "comment", "location"):
        if value := _tag(container, name):
            notes[name] = value
    return notes
