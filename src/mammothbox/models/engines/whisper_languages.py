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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SURE = 0.5
"""Probability from which an utterance may change the language."""

SHORT_S = 1.5
"""A shorter utterance never changes the language, unless it is all there is."""

LONGEST_RUN_S = 300.0


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


def runs_of(spoken: Sequence[Spoken]) -> list[Run]:
    """Utterances grouped by language, in time order, each run at most `LONGEST_RUN_S`."""
    runs: list[Run] = []
    current, _ = majority(spoken)
    for each in spoken:
        language, probability = each.best
        if probability >= SURE and each.end_s - each.start_s >= SHORT_S:
            current = language
        last = runs[-1] if runs else None
        if last and last.language == current and each.end_s - last.start_s <= LONGEST_RUN_S:
            runs[-1] = Run(last.start_s, each.end_s, current)
        else:
            runs.append(Run(each.start_s, each.end_s, current))
    return runs
