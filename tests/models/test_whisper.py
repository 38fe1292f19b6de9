"""Speech: languages by utterance (pure), and the real model on real and made sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mammothbox.models.cache import Cache
from mammothbox.models.catalog import WHISPER_BASE
from mammothbox.models.engines import whisper
from mammothbox.models.engines.whisper import WhisperEngine
from mammothbox.models.engines.whisper_languages import (
    Run,
    Spoken,
    candidates,
    listen,
    majority,
    runs_of,
    settled,
)
from mammothbox.settings import load_settings

RATE = 16_000


def test_neighbours_of_one_language_are_one_run() -> None:
    spoken = [Spoken(0, 4, {"en": 0.9}), Spoken(5, 9, {"en": 0.8}), Spoken(10, 15, {"fr": 0.9})]

    assert runs_of(spoken) == [Run(0, 9, "en"), Run(10, 15, "fr")]


@pytest.mark.parametrize(
    "doubtful",
    [
        pytest.param(Spoken(5, 9, {"nn": 0.4, "en": 0.3}), id="unsure"),
        pytest.param(Spoken(5, 6, {"nn": 0.9, "en": 0.1}), id="short"),
        pytest.param(Spoken(5, 9, {"nl": 0.6, "en": 0.4}), id="a bare majority"),
    ],
)
def test_weak_evidence_does_not_change_the_language(doubtful: Spoken) -> None:
    spoken = [Spoken(0, 4, {"en": 0.9}), doubtful, Spoken(10, 14, {"en": 0.9})]

    assert runs_of(spoken) == [Run(0, 14, "en")]


def test_a_long_run_is_cut() -> None:
    spoken = [Spoken(n * 100, n * 100 + 90, {"en": 0.9}) for n in range(7)]

    runs = runs_of(spoken)

    assert [run.language for run in runs] == ["en"] * len(runs)
    assert all(run.end_s - run.start_s <= 300 for run in runs)
    assert (runs[0].start_s, runs[-1].end_s) == (0, 690)


def test_the_files_language_is_that_of_most_seconds() -> None:
    spoken = [Spoken(0, 2, {"en": 0.9, "de": 0.1}), Spoken(3, 13, {"de": 0.7, "en": 0.3})]

    assert majority(spoken) == ("de", pytest.approx(0.7))
    assert majority([]) == ("", 0.0)


def test_an_uncertain_language_stays_uncertain() -> None:
    language, probability = majority([Spoken(0, 2, {"en": 0.4, "nn": 0.35})])

    assert language == "en"
    assert probability < 0.5


def languages_heard(said: str) -> tuple[str, int]:
    """What `listen` makes of utterances, one letter a language, and how often it detected."""
    spans = [(n * 6.0, n * 6.0 + 5) for n in range(len(said))]
    asked = []

    def detect(span: tuple[float, float]) -> dict[str, float]:
        asked.append(span)
        return {said[int(span[0] // 6)]: 0.9, "?": 0.1}

    assert len(set(asked)) == len(asked)
    return "".join(each.best[0] for each in listen(spans, detect)), len(asked)


def test_only_a_few_unsure_words_are_tried_in_several_languages() -> None:
    unsure = Spoken(0, 1, {"pt": 0.34, "fr": 0.24, "pl": 0.17, "ru": 0.09, "cs": 0.01})
    sure = Spoken(0, 1, {"fr": 0.8, "pt": 0.1})
    long = Spoken(0, 20, {"pt": 0.34, "fr": 0.24})
    assert candidates([unsure]) == ["pt", "fr", "pl"]
    assert candidates([sure]) == candidates([long]) == candidates([]) == []


def test_a_language_that_was_settled_keeps_its_own_probability() -> None:
    spoken = [Spoken(0, 1, {"fr": 0.2, "pl": 0.1}), Spoken(2, 5, {"fr": 0.0, "pl": 0.4})]
    language, probability = majority(settled(spoken, "fr"))
    assert language == "fr"
    assert probability == pytest.approx(0.05)
    assert [run.language for run in runs_of(settled(spoken, "fr"))] == ["fr"]


@pytest.mark.parametrize("said", ["", "a", "ab", "abcdefgh", "aaaaaaaaab", "aaaaabbbbbbbaaaaaaac"])
def test_every_change_of_language_is_found(said: str) -> None:
    assert languages_heard(said)[0] == said


def test_one_language_is_detected_once_in_half_a_minute() -> None:
    heard, asked = languages_heard("a" * 100)

    assert heard == "a" * 100
    assert asked <= 22


def test_a_short_utterance_speaks_as_its_neighbour() -> None:
    spans = [(0.0, 5.0), (5.5, 6.0), (8.0, 12.0)]

    heard = listen(spans, lambda span: {"en" if span[0] == 0 else "de": 0.9})

    assert [each.best[0] for each in heard] == ["en", "de", "de"]


@pytest.fixture(scope="module")
def engine(absent) -> WhisperEngine:
    cache = Cache(load_settings().cache)
    if cache.missing([WHISPER_BASE]):
        absent("no lite weights on disk; run: mammothbox models pull lite")
    return WhisperEngine(cache.folder(WHISPER_BASE), threads=2)


def sound(path: Path) -> np.ndarray:
    from faster_whisper import decode_audio

    return decode_audio(str(path), sampling_rate=RATE)


def words(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c.isspace()).strip()


@pytest.mark.real
def test_a_known_speech_is_written_down_with_times(engine: WhisperEngine, media: Path) -> None:
    transcript = engine.transcribe(sound(media / "speech/whisper_cpp/jfk.wav"))

    said = words(" ".join(segment.text for segment in transcript.segments))
    assert "ask not what your country can do for you" in said
    assert transcript.language == "en"
    assert transcript.language_probability >= 0.5
    times = [t for segment in transcript.segments for t in (segment.start_s, segment.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 11.5


@pytest.mark.real
def test_a_clear_language_is_told_at_a_glance(
    engine: WhisperEngine, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = sound(media / "speech/whisper_cpp/jfk.wav")
    looks: list[int] = []

    def whole(cut: np.ndarray) -> tuple[str, float, list[tuple[str, float]]]:
        looks.append(len(cut))
        return "en", 0.6, [("en", 0.6)]

    monkeypatch.setattr(engine._model, "detect_language", whole)

    assert engine._detect(speech, (0.0, 11.0))["en"] > 0.9
    assert not looks
    assert engine._detect(speech, (0.0, 1.5)) == {"en": 0.6}, "too short for a glance"
    monkeypatch.setattr(whisper, "CLEAR", 1.1)
    assert engine._detect(speech, (0.0, 11.0)) == {"en": 0.6}, "not clear enough"
    assert looks == [1.5 * RATE, 11 * RATE]


@pytest.mark.real
@pytest.mark.slow
def test_eight_languages_one_after_another_are_told_apart(
    engine: WhisperEngine, media: Path
) -> None:
    path = media / "generated/speech/eight_languages.wav"
    parts = json.loads(path.with_name(f"{path.name}.truth.json").read_text("utf-8"))

    transcript = engine.transcribe(sound(path))

    def spoken_in(part: dict) -> set[str]:
        middle = [(s, (s.start_s + s.end_s) / 2) for s in transcript.segments]
        return {s.language for s, time in middle if part["start"] <= time < part["end"]}

    assert [spoken_in(part) for part in parts] == [{part["lang"]} for part in parts]


def music(seconds: int) -> np.ndarray:
    """Chords with overtones and a beat."""
    t = np.arange(seconds * RATE) / RATE
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(t // 2).astype(int) % 4]
    tones = sum(
        np.sin(2 * np.pi * roots * ratio * overtone * t) / overtone
        for ratio in (1, 1.26, 1.5)
        for overtone in (1, 2, 3)
    )
    return (0.1 * tones * (0.6 + 0.4 * np.exp(-4 * (t % 0.5)))).astype(np.float32)


def noise(seconds: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 0.1, seconds * RATE).astype(np.float32)


@pytest.mark.real
@pytest.mark.parametrize("make", [music, noise, lambda s: np.zeros(s * RATE, np.float32)])
def test_no_word_is_invented_where_nobody_speaks(engine: WhisperEngine, make) -> None:
    assert engine.transcribe(make(20)).segments == ()


@pytest.mark.real
def test_two_seconds_of_speech_get_the_language_they_make_sense_in(
    engine: WhisperEngine, media: Path
) -> None:
    from mammothbox.decode import Decoder
    from mammothbox.records import AudioContent, Kind

    clip = media / "speech" / "whisper_timestamped" / "bonjour.wav"
    with Decoder(load_settings(decoders=1)) as decoder:
        content = decoder.decode(str(clip), Kind.AUDIO, "audio/wav")
    assert isinstance(content, AudioContent)
    assert content.samples is not None
    transcript = engine.transcribe(content.samples)
    assert transcript.language == "fr"
    assert transcript.language_probability < 0.5
    assert "bonjour" in transcript.segments[0].text.lower()


@pytest.mark.real
def test_no_word_is_invented_on_recorded_noise_and_laughter(
    engine: WhisperEngine, media: Path
) -> None:
    names = [
        "speech/whisper_timestamped/laugh2.mp3",
        "sound/moviepy/rain.mp3",
        "speech/speechbrain/noise/noise2.wav",
        "speech/leopard/empty.wav",
    ]
    said = {name: engine.transcribe(sound(media / name)).segments for name in names}

    assert said == dict.fromkeys(names, ())


@pytest.mark.real
def test_a_long_recording_is_cut_in_pauses_and_keeps_its_times(
    engine: WhisperEngine, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = sound(media / "speech/whisper_cpp/jfk.wav")
    monkeypatch.setattr(whisper, "PIECE_S", 15.0)

    transcript = engine.transcribe(np.concatenate([speech, speech]))

    said = words(" ".join(segment.text for segment in transcript.segments))
    assert said.count("my fellow americans") == 2
    times = [segment.start_s for segment in transcript.segments]
    assert times == sorted(times)
    last = transcript.segments[-1]
    assert last.start_s > 11
    assert 20 <= last.end_s <= 22.1
    assert "ask not" in words(last.text), "the first word after a cut is whole"


@pytest.mark.real
def test_what_the_model_doubts_is_dropped_and_counted(
    engine: WhisperEngine, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper, "MIN_LOGPROB", 0.0)

    transcript = engine.transcribe(sound(media / "speech/whisper_cpp/jfk.wav"))

    assert transcript.segments == ()
    assert transcript.dropped >= 1
    assert transcript.speech_s > 5
