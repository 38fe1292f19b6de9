"""Which language is spoken, and how sure the product is when it is wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bench.media import Item, spoken_truth, truth_file
from bench.quality.context import Context
from mammothbox.models.contracts import Segment, Transcript

SURE = 0.5
"""From this probability on the product states a language without calling it uncertain."""


def measure(context: Context) -> dict[str, Any] | None:
    """``right`` and ``wrong_sure`` of ``of`` clips not in English whose words were written down.

    ``parts_right`` of ``parts_of``: recordings of several languages, judged by speech chunk.
    """
    clips = context.few([item for item in context.index if _is_foreign(item)])
    mixed = [item for item in context.index if isinstance(truth_file(item.path), list)]
    if not clips:
        context.lacks.append("speech in other languages than English")
    if not mixed:
        context.lacks.append("a recording of several languages with its parts")
    if not clips and not mixed:
        return None
    said = _listen(context, clips + mixed)
    right = wrong_sure = 0
    for item in clips:
        truth, heard = spoken_truth(item.truth), said.get(item.name)
        language = heard.language if heard else ""
        probability = heard.language_probability if heard else 0.0
        assert truth is not None
        if language == truth.language:
            right += 1
        else:
            context.say(f"  {item.name}: {truth.language} heard as {language} ({probability:.2f})")
            wrong_sure += bool(language) and probability >= SURE
    parts = [_parts(context, item, said.get(item.name)) for item in mixed]
    return {
        "right": right,
        "wrong_sure": wrong_sure,
        "of": len(clips),
        "parts_right": sum(found for found, _ in parts),
        "parts_of": sum(of for _, of in parts),
    }


def _is_foreign(item: Item) -> bool:
    truth = spoken_truth(item.truth)
    return truth is not None and truth.language != "en" and truth.written


def _listen(context: Context, items: list[Item]) -> dict[str, Transcript]:
    names = {item.path: item.name for item in items}
    with context.models.transcriber() as transcriber:
        return {
            names[path]: transcriber.transcribe(sound)
            for path, sound in context.sounds(list(names))
        }


def _parts(context: Context, item: Item, heard: Transcript | None) -> tuple[int, int]:
    """Right parts and all parts; a part's language is that of most of its transcribed seconds."""
    truth = truth_file(item.path)
    segments = heard.segments if heard else ()
    right = 0
    for part in truth:
        found = spoken_in(segments, part["start"], part["end"])
        right += found == part["lang"]
        if found != part["lang"]:
            context.say(f"  {item.name} {part['start']}-{part['end']} s: {part['lang']} as {found}")
    return right, len(truth)


def spoken_in(segments: tuple[Segment, ...], start_s: float, end_s: float) -> str:
    """The language with the most transcribed seconds between two times, empty if there is none."""
    seconds: Counter[str] = Counter()
    for segment in segments:
        overlap = min(end_s, segment.end_s) - max(start_s, segment.start_s)
        if overlap > 0:
            seconds[segment.language] += int(overlap * 1000)
    return seconds.most_common(1)[0][0] if seconds else ""
