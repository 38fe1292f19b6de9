"""Speech to text with times and languages: faster-whisper on the CPU.

Place in the flow: the whisper host holds one `WhisperEngine`. Sound goes through in pieces of some
minutes, so its length does not matter. In each piece voice activity finds utterances, each
utterance's language is detected, neighbours of one language are written down together. What the
model itself doubts is dropped and counted: on laughter or noise it would otherwise invent words.
Knows nothing of files or HTTP.

Example:
    >>> engine = WhisperEngine(Path("whisper-base"), threads=2)             # doctest: +SKIP
    >>> engine.transcribe(samples).segments[0].text                         # doctest: +SKIP
    'And so my fellow Americans'
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from mammothbox.arrays import Samples
from mammothbox.models import manifest
from mammothbox.models.contracts import Segment, Transcript
from mammothbox.models.engines.gpu_libraries import load_libraries
from mammothbox.models.engines.whisper_languages import (
    Run,
    Spoken,
    candidates,
    listen,
    majority,
    runs_of,
    settled,
)

RATE = 16_000
PIECE_S = 300.0
"""Sound is cut into pieces of at most this length, in a pause where there is one."""

MIN_SILENCE_MS = 300
PAD_S = 0.2
BEAM = 5
MOST_TOKENS = 224
"""Of one window, as in the reference implementation; more is a loop."""

MIN_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6
UNSURE_LOGPROB = -0.7
"""A segment that may be no speech must be likelier than this to stay."""

MAX_COMPRESSION = 2.4
DETECT_S = 30

GLANCE_S = 1.5, 6.0
"""Of an utterance at least so long, at most so much tells its language, if that is clear."""
GLANCE_QUIET_S = 1.0
"""Silence put after it: with it 45 of 48 English utterances are clear, without it 31 are."""
CLEAR = 0.8
"""Probability of a language from which it is clear at a glance."""


Piece = tuple[int, Samples, list[tuple[float, float]]]
"""First sample, sound, and its utterances in seconds."""

AT_ONCE = manifest.AT_ONCE["whisper"]
"""Recordings, or pieces of one, that are written down side by side. A word is too little work to be
shared by cores: two recordings at once on two cores take two thirds of the time."""


class WhisperEngine:
    """One loaded model; `AT_ONCE` threads may use it, more wait.

    Args:
        folder: directory of the CTranslate2 model.
        threads: compute threads, of both together.
        gpu: compute on the GPU.
    """

    def __init__(self, folder: Path, threads: int, *, gpu: bool = False) -> None:
        from faster_whisper import WhisperModel

        if gpu:
            load_libraries()
        self._model = WhisperModel(
            str(folder),
            device="cuda" if gpu else "cpu",
            compute_type="int8_float16" if gpu else "int8",
            cpu_threads=min(threads, max(2, threads // AT_ONCE)),
            num_workers=min(threads, AT_ONCE),
            local_files_only=True,
        )

    def transcribe(self, samples: Samples) -> Transcript:
        """The speech in `samples` (mono, 16 kHz, [-1, 1]); may be a memory map, any length."""
        segments: list[Segment] = []
        spoken: list[Spoken] = []
        dropped = 0
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for heard, kept, lost in threads.map(self._listen, self._pieces(samples)):
                spoken += heard
                segments += kept
                dropped += lost
        language, probability = majority(spoken) if segments else ("", 0.0)
        speech_s = sum(each.end_s - each.start_s for each in spoken)
        return Transcript(language, probability, tuple(segments), dropped, speech_s)

    def _listen(self, part: Piece) -> tuple[list[Spoken], list[Segment], int]:
        """(utterances, segments, how many were dropped) of one piece."""
        offset, piece, spans = part
        heard = self._settle(piece, listen(spans, partial(self._detect, piece)))
        segments: list[Segment] = []
        dropped = 0
        for run in runs_of(heard):
            kept, lost = self._write_down(piece, run, offset / RATE)
            segments += kept
            dropped += lost
        return heard, segments, dropped

    def _pieces(self, samples: Samples) -> Iterator[Piece]:
        """Pieces cut in pauses."""
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        options = VadOptions(min_silence_duration_ms=MIN_SILENCE_MS, speech_pad_ms=0)
        start = 0
        while start < len(samples):
            piece = samples[start : start + int(PIECE_S * RATE)]
            found = get_speech_timestamps(piece, options)
            taken = len(piece)
            last_piece = start + taken >= len(samples)
            # An utterance that touches the end is left whole for the next piece.
            if not last_piece and len(found) > 1 and found[-1]["end"] > taken - RATE:
                # Its first sound is softer than voice activity hears, so the cut is before it.
                later = found.pop()
                taken = max(found[-1]["end"], later["start"] - int(PAD_S * RATE))
            yield start, piece[:taken], [(s["start"] / RATE, s["end"] / RATE) for s in found]
            start += taken

    def _detect(self, piece: Samples, span: tuple[float, float]) -> dict[str, float]:
        """Probability by language of one utterance."""
        first, last = int(span[0] * RATE), int(min(span[1], span[0] + DETECT_S) * RATE)
        if last - first >= GLANCE_S[0] * RATE:
            scores = self._glance(piece[first : min(last, first + int(GLANCE_S[1] * RATE))])
            if max(scores.values()) >= CLEAR:
                return scores
        _, _, found = self._model.detect_language(piece[first:last])
        return dict(found)

    def _glance(self, cut: Samples) -> dict[str, float]:
        """The same without the padding to half a minute, which costs eight times as much."""
        quiet = np.zeros(int(GLANCE_QUIET_S * RATE), np.float32)
        features = self._model.feature_extractor(np.concatenate([cut, quiet]))
        encoded = self._model.encode(features)
        found = self._model.model.detect_language(encoded)[0]
        return {token[2:-2]: probability for token, probability in found}

    def _settle(self, piece: Samples, heard: list[Spoken]) -> list[Spoken]:
        """A few words of no sure language are taken for the one in which they make most sense."""
        languages = candidates(heard)
        if len(languages) < 2:
            return heard
        begin, end = max(0.0, heard[0].start_s - PAD_S), heard[-1].end_s + PAD_S
        cut = piece[int(begin * RATE) : int(end * RATE)]
        sense = {name: _sense(self._decode(cut, name)) for name in languages}
        return settled(heard, max(languages, key=lambda name: sense[name]))

    def _write_down(self, piece: Samples, run: Run, offset_s: float) -> tuple[list[Segment], int]:
        """(segments, dropped) of a run of utterances in one language."""
        begin = max(0.0, run.start_s - PAD_S)
        cut = piece[int(begin * RATE) : int((run.end_s + PAD_S) * RATE)]
        kept: list[Segment] = []
        dropped = 0
        for later, segment in self._without_loops(cut, run.language):
            text = segment.text.strip()
            if not text or _doubtful(segment):
                dropped += 1
                continue
            shift = offset_s + begin + later
            times = round(segment.start + shift, 2), round(segment.end + shift, 2)
            kept.append(Segment(*times, text, run.language))
        return kept, dropped

    def _without_loops(self, cut: Samples, language: str) -> Iterator[tuple[float, Any]]:
        """(seconds to add to its times, segment); where it fell into a loop, decoded once more.

        Forbidding repetition gets it out and stays deterministic. Segments decoded together share
        one ratio, so a loop is written down again as a whole, and nothing around it.
        """
        for looped, together in groupby(self._decode(cut, language), key=_looped):
            if not looped:
                yield from ((0.0, segment) for segment in together)
                continue
            segments = list(together)
            begin, end = segments[0].start, segments[-1].end
            part = cut[int(begin * RATE) : int(end * RATE)]
            yield from ((begin, again) for again in self._decode(part, language, loop_guard=True))

    def _decode(self, cut: Samples, language: str, *, loop_guard: bool = False) -> list[Any]:
        found, _ = self._model.transcribe(
            cut,
            language=language,
            beam_size=BEAM,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=True,
            max_new_tokens=MOST_TOKENS,
            repetition_penalty=1.1 if loop_guard else 1.0,
            no_repeat_ngram_size=4 if loop_guard else 0,
        )
        return list(found)


def _sense(segments: list[Any]) -> float:
    """Mean log-probability of the words, at most 0; minus infinity for none, or for a loop."""
    if not segments or any(map(_looped, segments)):
        return -math.inf
    words = [len(segment.tokens) for segment in segments]
    total = sum(s.avg_logprob * n for s, n in zip(segments, words, strict=True))
    return float(total) / max(1, sum(words))


def _looped(segment: Any) -> bool:
    return bool(segment.compression_ratio > MAX_COMPRESSION)


def _doubtful(segment: Any) -> bool:
    sure = segment.avg_logprob
    return bool(
        sure < MIN_LOGPROB
        or _looped(segment)
        or (segment.no_speech_prob > MAX_NO_SPEECH and sure < UNSURE_LOGPROB)
    )
