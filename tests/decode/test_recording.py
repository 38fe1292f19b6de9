"""Sound and video: what comes out, how long it is, where shots begin, and what is refused."""

from __future__ import annotations

import json
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from mammothbox.decode import Decoder
from mammothbox.decode.dispatch import decode_path
from mammothbox.decode.limits import Limits
from mammothbox.decode.shots import ShotDetector
from mammothbox.decode.wire import SPOOL_SAMPLES
from mammothbox.errors import Corrupt, InputError, TooLarge
from mammothbox.records import AudioContent, Kind, VideoContent
from mammothbox.settings import Settings

LIMITS = Limits.of(Settings())


def _tone(path: Path, seconds: float, rate: int = 44100, channels: int = 2) -> Path:
    at = np.arange(int(seconds * rate)) / rate
    wave_ = (0.5 * np.sin(2 * np.pi * 440 * at) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(wave_, channels).tobytes())
    return path


def _video(path: Path, shots: list[tuple[int, int, int]], size: tuple[int, int] = (64, 48)) -> Path:
    """One second of each colour at 25 frames a second, upper left corner white."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for colour in shots:
            picture = np.full((size[1], size[0], 3), colour, np.uint8)
            picture[: size[1] // 4, : size[0] // 4] = 255
            for _ in range(25):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _audio(path: Path, limits: Limits = LIMITS, kind: Kind = Kind.AUDIO) -> AudioContent:
    content = decode_path(str(path), kind, "audio/x", limits)
    assert isinstance(content, AudioContent)
    return content


def test_sound_is_mono_at_16_khz_in_range(tmp_path: Path) -> None:
    samples = _audio(_tone(tmp_path / "a.wav", 1.5)).samples
    assert samples is not None
    assert samples.dtype == np.float32
    assert abs(len(samples) - 24_000) < 50
    assert 0.45 < float(np.abs(samples).max()) < 0.55
    peak = int(np.abs(np.fft.rfft(samples)).argmax()) / 1.5
    assert abs(peak - 440) < 2


def test_the_name_may_lie(tmp_path: Path) -> None:
    path = _tone(tmp_path / "a.mp3", 1.0)
    assert _audio(path).facts.duration_s == pytest.approx(1.0, abs=0.01)


def test_a_header_that_claims_4_gb_yields_what_is_there(tmp_path: Path) -> None:
    path = _tone(tmp_path / "a.wav", 2.0)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert _audio(path).facts.duration_s == pytest.approx(2.0, abs=0.01)


def test_a_video_container_with_sound_alone_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert _audio(path, kind=Kind.VIDEO).samples is not None


def test_long_sound_is_a_memory_map_here_and_in_the_parent(
    tmp_path: Path, decoder: Decoder
) -> None:
    path = _tone(tmp_path / "a.wav", SPOOL_SAMPLES / 16000 + 5, rate=8000, channels=1)
    content = decoder.decode(str(path), Kind.AUDIO, "audio/wav")
    assert isinstance(content, AudioContent)
    assert isinstance(content.samples, np.memmap)
    assert len(content.samples) == pytest.approx(SPOOL_SAMPLES + 80_000, abs=100)
    direct = _audio(path).samples
    assert direct is not None
    assert (content.samples == direct).all()


def test_a_tag_that_is_not_utf8_is_read_as_far_as_it_is(tmp_path: Path) -> None:
    tone = _tone(tmp_path / "plain.wav", 0.5).read_bytes()
    title = b"caf\xe9 Mozart \xff"
    tags = b"INFOINAM" + struct.pack("<I", len(title)) + title
    tags += b"" if len(title) % 2 == 0 else b"\0"
    tagged = tone[:36] + b"LIST" + struct.pack("<I", len(tags)) + tags + tone[36:]
    path = tmp_path / "tagged.wav"
    path.write_bytes(tagged[:4] + struct.pack("<I", len(tagged) - 8) + tagged[8:])
    found = _audio(path).facts.title
    assert found is not None
    assert found.startswith("caf")
    assert "Mozart" in found
    found.encode()  # a library can keep it


def test_longer_than_the_limit_is_refused(tmp_path: Path) -> None:
    few = Limits.of(Settings(max_duration_s=1.0))
    with pytest.raises(TooLarge, match=r"a\.wav"):
        _audio(_tone(tmp_path / "a.wav", 2.0), few)


def test_shots_and_keyframes(tmp_path: Path) -> None:
    path = _video(tmp_path / "a.mp4", [(200, 0, 0), (0, 0, 200), (0, 180, 0)])
    content = decode_path(str(path), Kind.VIDEO, "video/mp4", LIMITS)
    assert isinstance(content, VideoContent)
    assert content.cuts == pytest.approx((1.0, 2.0), abs=0.05)
    assert content.samples is None
    assert content.facts.duration_s == pytest.approx(3.0, abs=0.05)
    colours = [int(frame.pixels[40, 50].argmax()) for frame in content.frames]
    assert colours == [0, 2, 1]


def test_never_more_keyframes_than_asked_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    colours = [tuple(int(c) for c in rng.integers(20, 235, 3)) for _ in range(12)]
    path = _video(tmp_path / "a.mp4", colours)  # type: ignore[arg-type]
    few = Limits.of(Settings(max_keyframes=4))
    content = decode_path(str(path), Kind.VIDEO, "video/mp4", few)
    assert isinstance(content, VideoContent)
    assert len(content.frames) == 4
    times = [frame.time_s for frame in content.frames]
    assert times == sorted(times)


def test_a_phones_rotation_is_applied(tmp_path: Path) -> None:
    path = _video(tmp_path / "a.mp4", [(200, 0, 0)])
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the matrix of the track's header, version 0
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)  # 90° clockwise
    data[at : at + 36] = turned
    path.write_bytes(data)
    content = decode_path(str(path), Kind.VIDEO, "video/mp4", LIMITS)
    assert isinstance(content, VideoContent)
    assert (content.facts.width, content.facts.height) == (48, 64)
    pixels = content.frames[0].pixels
    assert pixels.shape == (64, 48, 3)
    assert pixels[4, 44].min() > 180  # what was upper left is upper right
    assert pixels[4, 4].min() < 80


def test_a_black_gap_is_one_cut_in_its_middle() -> None:
    detector = ShotDetector()
    rng = np.random.default_rng(0)
    scenes = [rng.integers(60, 250, (36, 64, 3), np.uint8) for _ in range(2)]
    for index in range(100):
        black = 40 <= index < 60
        picture = np.zeros((36, 64, 3), np.uint8) if black else scenes[index >= 60]
        detector.feed(index / 25, picture)
    (cut,) = detector.cuts()
    assert 1.6 <= cut <= 2.4


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_playlists_open_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.m3u8").write_text(text)
    with pytest.raises(InputError):
        decode_path(str(tmp_path / "a.m3u8"), Kind.VIDEO, "video/x", LIMITS)


def test_noise_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(Corrupt, match=r"a\.mp4"):
        decode_path(str(tmp_path / "a.mp4"), Kind.VIDEO, "video/mp4", LIMITS)


def _f1(found: tuple[float, ...], truth: list[float]) -> float:
    hits = sum(any(abs(cut - at) <= 0.5 for cut in found) for at in truth)
    wrong = sum(all(abs(cut - at) > 0.5 for at in truth) for cut in found)
    return 2 * hits / (len(truth) + hits + wrong) if truth else float(not found)


@pytest.mark.slow
def test_shots_of_the_shared_videos(media: Path, decoder: Decoder) -> None:
    scores = []
    for truth in sorted((media / "generated" / "video").glob("*.truth.json")):
        cuts = json.loads(truth.read_text()).get("cuts_sec")
        if cuts:
            path = str(truth).removesuffix(".truth.json")
            content = decoder.decode(path, Kind.VIDEO, "video/mp4")
            assert isinstance(content, VideoContent)
            scores.append(_f1(content.cuts, cuts))
    assert len(scores) >= 2
    assert min(scores) >= 0.9


def test_mp3_under_the_name_of_wav(media: Path, decoder: Decoder) -> None:
    path = next((media / "speech" / "flickr8k_tts").glob("*.wav"))
    content = decoder.decode(str(path), Kind.AUDIO, "audio/mpeg")
    assert isinstance(content, AudioContent)
    assert content.samples is not None
    assert len(content.samples) > 16_000
