"""Word error rate of clear and of noisy English speech, and words invented where nobody speaks.

Which clips count is decided by rule, never by result: the truth names English, was written down
exactly (`bench.media.spoken_truth`), and the clip lies in one of the folders of clear recordings,
or among the generated ones that state no noise level or one of at least `LOUDEST_NOISE_DB`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.media import Item, is_wordless, noise_db, spoken_truth
from bench.metrics.words import Errors, spoken_words, word_errors
from bench.quality.context import Context
from bench.quality.tones import write_wordless_clips

CLEAR = ("ljspeech141", "pocketsphinx", "leopard", "whisper_cpp", "flickr8k_tts")
"""Folders of clear recordings."""

LOUDEST_NOISE_DB = 5.0


def measure(context: Context) -> dict[str, Any] | None:
    """``wer`` over the clear clips, ``wer_noisy`` over the noisy, ``invented_words`` (a count)."""
    speech = [item for item in context.index if spoken_truth(item.truth)]
    clear = context.few([item for item in speech if is_clear(item)])
    noisy = context.few([item for item in speech if _is_noisy(item)])
    for found, what in ((clear, "clear English speech"), (noisy, "generated noisy speech")):
        if not found:
            context.lacks.append(what)
    errors, noisy_errors = _errors(context, clear), _errors(context, noisy)
    silent = [item.path for item in context.index if is_wordless(item.truth)]
    silent += write_wordless_clips(context.scratch / "wordless")
    invented = _invented(context, silent)
    return {
        "wer": errors.rate,
        "wer_noisy": noisy_errors.rate,
        "invented_words": sum(invented.values()),
        "clips": len(clear),
        "words": errors.total,
        "noisy_clips": len(noisy),
        "noisy_words": noisy_errors.total,
        "wordless_clips": len(invented),
        "invented": {name: words for name, words in invented.items() if words},
    }


def is_clear(item: Item) -> bool:
    """Whether a spoken item counts as clear English whose words are known exactly."""
    truth = spoken_truth(item.truth)
    assert truth is not None
    in_folder = any(part in CLEAR for part in Path(item.name).parts[:-1])
    return in_folder and truth.exact and truth.language == "en"


def _is_noisy(item: Item) -> bool:
    truth = spoken_truth(item.truth)
    assert truth is not None
    level = noise_db(truth.note)
    loud_enough = level is None or level >= LOUDEST_NOISE_DB
    generated = item.name.startswith("generated/speech/")
    return generated and truth.exact and truth.language == "en" and loud_enough


def _errors(context: Context, items: Sequence[Item]) -> Errors:
    """Edits summed over clips; a clip that gave nothing counts all its words as wrong."""
    total = Errors(0, 0)
    answers = transcripts(context, [item.path for item in items])
    for item in items:
        truth = spoken_truth(item.truth)
        assert truth is not None
        errors = word_errors(truth.text, answers.get(item.path, ""))
        if errors.wrong:
            context.say(f"  {errors.wrong}/{errors.total} {item.name}: {answers.get(item.path)}")
        total += errors
    return total


def _invented(context: Context, paths: Sequence[Path]) -> dict[str, int]:
    return {
        path.name: len(spoken_words(text)) for path, text in transcripts(context, paths).items()
    }


def transcripts(context: Context, paths: Sequence[Path]) -> dict[Path, str]:
    """What the product's transcriber writes down for each recording that decodes."""
    with context.models.transcriber() as transcriber:
        return {
            path: " ".join(part.text.strip() for part in transcriber.transcribe(sound).segments)
            for path, sound in context.sounds(paths)
        }
