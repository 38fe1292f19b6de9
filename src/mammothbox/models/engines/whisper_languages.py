"""Which language is spoken when: from scores of single utterances to runs of one language.

Place in the flow: the whisper engine detects each utterance alone, `runs_of` decides. A short
utterance alone is weak evidence, so a change of language needs a sure voice; otherwise the
neighbours' language holds. Pure; knows nothing of sound.

Example:
    >>> [run.language for run in runs_of([Spoken(0, 5, {"en": 0.9}), Spoken(6, 9, {"de": 0.9})])]
    ['en', 'de']
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SURE = 0.5
"""Probability from which a language counts as known."""

CHANGE = 0.7
"""Probability from which an utterance may change the language: true changes are mostly above 0.9,
and a dialect or a bad line sounds like the neighbouring language to a bare half."""

SHORT_S = 1.5
"""A shorter utterance never changes the language, unless it is all there is."""

STRIDE_S = 30.0
"""A language spoken for less than this between two stretches of another may be missed."""

LONGEST_RUN_S = 300.0

FEW_WORDS_S = 10.0
"""Speech of less than this in all, whose language is unsure, is written down in several to see."""

CANDIDATES = 3
LEAST_LIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance: seconds from the start of the piece, and probability by language."""

    start_s: float
    end_s: float
    scores: Mapping[str, float]

    @property
    def best(self) -> tuple[str, float]:
        """The likeliest language and its probability."""
        return max(self.scores.items(), key=lambda item: item[1])


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring utterances in one language."""

    start_s: float
    end_s: float
    language: str


def listen(
    spans: Sequence[tuple[float, float]],
    detect: Callable[[tuple[float, float]], Mapping[str, float]],
) -> list[Spoken]:
    """Each utterance (start, end in seconds) with its language's scores; detects few of them.

    Detection costs as much as half a transcription. So it looks at one utterance every `STRIDE_S`;
    where two of them agree, those between are taken to be alike, else it looks between them.
    """
    long = [span for span in spans if span[1] - span[0] >= SHORT_S] or list(spans)
    known: dict[tuple[float, float], Mapping[str, float]] = {}

    def language(index: int) -> str:
        span = long[index]
        if span not in known:
            known[span] = detect(span)
        return max(known[span], key=lambda name: known[span][name])

    def between(first: int, last: int) -> None:
        alike = language(first) == language(last)
        if alike:
            known.update(dict.fromkeys(long[first + 1 : last], known[long[first]]))
        if alike or last - first < 2:
            return
        middle = (first + last) // 2
        between(first, middle)
        between(middle, last)

    anchors = [0] if long else []
    for index, span in enumerate(long):
        if index == len(long) - 1 or span[0] - long[anchors[-1]][0] >= STRIDE_S:
            anchors.append(index)
    for first, last in pairwise(anchors):
        between(first, last)
    if len(anchors) == 1:
        language(0)
    # What is too short to tell by itself speaks as the nearest that is not.
    return [Spoken(*span, known.get(span) or known[_nearest(long, span)]) for span in spans]


def _nearest(long: Sequence[tuple[float, float]], span: tuple[float, float]) -> tuple[float, float]:
    return min(long, key=lambda other: abs(other[0] - span[0]))


def majority(spoken: Sequence[Spoken]) -> tuple[str, float]:
    """The language of most of the speech and its mean probability there; ("", 0) for no speech."""
    totals: dict[str, float] = defaultdict(float)
    seconds = sum(each.end_s - each.start_s for each in spoken)
    for each in spoken:
        for language, probability in each.scores.items():
            totals[language] += probability * (each.end_s - each.start_s)
    if not seconds:
        return "", 0.0
    language = max(totals, key=lambda name: totals[name])
    return language, _share(spoken, language)


def _share(spoken: Sequence[Spoken], language: str) -> float:
    """Mean probability of `language` over the utterances that are in it, by seconds."""
    mine = [each for each in spoken if each.best[0] == language] or list(spoken)
    seconds = sum(each.end_s - each.start_s for each in mine)
    weighted = sum(each.scores.get(language, 0.0) * (each.end_s - each.start_s) for each in mine)
    return weighted / seconds if seconds else 0.0


def candidates(spoken: Sequence[Spoken]) -> list[str]:
    """Languages worth trying, likeliest first, where few words leave the language unsure."""
    seconds = sum(each.end_s - each.start_s for each in spoken)
    if not spoken or seconds > FEW_WORDS_S or majority(spoken)[1] >= SURE:
        return []
    likely = _mean_scores(spoken, seconds)
    ranked = sorted(likely, key=lambda name: -likely[name])
    return [name for name in ranked[:CANDIDATES] if likely[name] >= LEAST_LIKELY]


def settled(spoken: Sequence[Spoken], language: str) -> list[Spoken]:
    """The utterances with `language` as their only one, as likely as it was over all of them."""
    likely = _mean_scores(spoken, sum(each.end_s - each.start_s for each in spoken))
    return [Spoken(each.start_s, each.end_s, {language: likely[language]}) for each in spoken]


def _mean_scores(spoken: Sequence[Spoken], seconds: float) -> dict[str, float]:
    likely: dict[str, float] = defaultdict(float)
    for each in spoken:
        for name, probability in each.scores.items():
            likely[name] += probability * (each.end_s - each.start_s) / seconds
    return likely


def runs_of(spoken: Sequence[Spoken]) -> list[Run]:
    """Utterances grouped by language, in time order, each run at most `LONGEST_RUN_S`."""
    runs: list[Run] = []
    current, _ = majority(spoken)
    for each in spoken:
        language, probability = each.best
        if probability >= CHANGE and each.end_s - each.start_s >= SHORT_S:
            current = language
        last = runs[-1] if runs else None
        if last and last.language == current and each.end_s - last.start_s <= LONGEST_RUN_S:
            runs[-1] = Run(last.start_s, each.end_s, current)
        else:
            runs.append(Run(each.start_s, each.end_s, current))
    return runs
