"""The sound and video of `examples/`, made from the public-domain photos and readings.

Speech is LibriVox's reading of "Sense and Sensibility", 16 kHz mono; the chime is computed.
Videos are 640 x 360, H.264 and AAC through PyAV.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

RATE = 16_000
"""Samples a second."""
SIZE = (640, 360)
FPS = 12

Track = npt.NDArray[np.int16]
"""Sound, one channel, `RATE` samples a second."""


def samples_of(wav: bytes) -> Track:
    """The samples of a 16-bit mono WAV file."""
    with wave.open(io.BytesIO(wav)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype=np.int16)


def joined(parts: Sequence[Track], gap_s: float = 0.6) -> Track:
    """The parts one after the other with silence of `gap_s` seconds after each."""
    gap = np.zeros(int(gap_s * RATE), dtype=np.int16)
    return np.concatenate([piece for part in parts for piece in (part, gap)])


def _encode_sound(box: av.container.OutputContainer, stream: av.AudioStream, track: Track) -> None:
    for start in range(0, len(track), 1024):
        piece = track[start : start + 1024]
        frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        box.mux(stream.encode(frame))
    box.mux(stream.encode(None))


def write_sound(voice: dict[str, bytes], out: Path) -> None:
    """One reading as it is, one as MP3 with tags, and a chime without any word."""
    out.mkdir(parents=True)
    (out / "REC_0007.wav").write_bytes(voice["0870"])
    with av.open(str(out / "reading.mp3"), "w") as box:
        box.metadata.update(
            {"title": "Sense and Sensibility, chapter 1 (extract)", "artist": "LibriVox"}
        )
        stream = box.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 48_000
        _encode_sound(box, stream, joined([samples_of(voice[n]) for n in ("0880", "0890")]))
    with av.open(str(out / "chime.flac"), "w") as box:
        stream = box.add_stream("flac", rate=RATE, layout="mono")
        _encode_sound(box, stream, _chime())


def _chime() -> Track:
    """Four falling notes of a bell, 6 seconds."""
    time = np.arange(6 * RATE) / RATE
    sound = np.zeros_like(time)
    for number, pitch in enumerate((659.3, 523.3, 587.3, 392.0)):
        after = time - 1.2 * number
        bell = np.sin(2 * np.pi * pitch * after) + 0.4 * np.sin(2 * np.pi * 2.76 * pitch * after)
        sound += np.where(after > 0, bell * np.exp(-2.2 * np.maximum(after, 0)), 0)
    return (sound / np.abs(sound).max() * 12_000).astype(np.int16)


def _slide(photo: Image.Image, words: str) -> Image.Image:
    slide = ImageOps.fit(photo.convert("RGB"), SIZE)
    pen, font = ImageDraw.Draw(slide), ImageFont.load_default(30)
    pen.rectangle((0, 300, *SIZE), fill=(0, 0, 0))
    pen.text((24, 311), words, "white", font)
    return slide


def write_video(
    path: Path, slides: Sequence[tuple[Image.Image, str]], seconds: float, sound: Track | None
) -> None:
    """A slideshow: each (photo, words on it) for `seconds`, hard cuts, with `sound` under it."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as box:
        picture = box.add_stream("libx264", rate=FPS, options={"crf": "25", "threads": "1"})
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        voice = None if sound is None else box.add_stream("aac", rate=RATE, layout="mono")
        for photo, words in slides:
            frame = av.VideoFrame.from_image(_slide(photo, words))
            for _ in range(round(seconds * FPS)):
                frame.pts = None
                box.mux(picture.encode(frame))
        box.mux(picture.encode(None))
        if voice is not None and sound is not None:
            _encode_sound(box, voice, sound)


def write_videos(photos: dict[str, Image.Image], voice: dict[str, bytes], out: Path) -> None:
    """One video with a voice and words on the screen, and a silent one."""
    out.mkdir(parents=True)
    track = joined([samples_of(voice[number]) for number in ("0920", "0930")])
    shown = [
        (photos["rocket.jpg"], "Launch day, 11 February"),
        (photos["chelsea.png"], "Chelsea at home"),
        (photos["coffee.png"], "Breakfast before the flight"),
        (photos["astronaut.png"], "Commander Collins"),
    ]
    write_video(out / "slideshow.mp4", shown, len(track) / RATE / len(shown), track)
    silent = [(photos["raccoon"], "Visitor in the garden"), (photos["grass.png"], "The lawn")]
    write_video(out / "MOV_0031.mp4", silent, 3.0, None)
