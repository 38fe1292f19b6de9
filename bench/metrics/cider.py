"""CIDEr-D (Vedantam et al. 2015): how alike a caption and people's are, rare words counting more.

The measure of the COCO caption challenge: n-grams of 1 to 4 words weighted by tf-idf, cosine with
clipped counts, a Gaussian penalty on the difference of lengths (sigma 6), times 10, averaged over
references and n. Document frequencies come from the references given, so figures depend on the
whole set that is scored. Also the tokeniser that all caption measures share.

Example:
    >>> score = cider(["a dog runs", "a red car"], [["a dog runs"], ["the red car"]])
    >>> [round(value, 2) for value in score.per_caption]
    [7.5, 2.92]
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

N = 4
SIGMA = 6.0

Ngram = tuple[str, ...]

_TOKEN = re.compile(
    r"[a-z0-9]+(?:[-./&,:@_][a-z0-9]+)*(?:'(?!s\b|re\b|ve\b|ll\b|d\b|m\b)[a-z]+)?|'[a-z]+|[^\sa-z0-9]"
)
_CONTRACTION = re.compile(r"\b(can)(not)\b|([a-z]+)(n't)\b")
_PUNCTUATION = frozenset(
    ["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";", '"']
)


def tokenize(sentence: str) -> list[str]:
    """Lower-case words after Penn Treebank habits (``dog 's``, ``does n't``), no punctuation."""
    spaced = _CONTRACTION.sub(r"\1\3 \2\4", sentence.lower())
    return [
        token
        for part in spaced.split()
        for token in ([part] if part == "n't" else _TOKEN.findall(part))
        if token not in _PUNCTUATION
    ]


def ngrams(tokens: Sequence[str], n: int = N) -> Counter[Ngram]:
    """Counts of all runs of 1 to `n` tokens."""
    return Counter(
        tuple(tokens[start : start + size])
        for size in range(1, n + 1)
        for start in range(len(tokens) - size + 1)
    )


@dataclass(frozen=True, slots=True)
class _Vector:
    """tf-idf weights by n-gram, the length of each order's part, and the count of bigrams."""

    weights: dict[Ngram, float]
    norms: tuple[float, ...]
    length: int


@dataclass(frozen=True, slots=True)
class CiderScore:
    """The mean over all captions (1.0 is about as good as another person) and each one's own."""

    mean: float
    per_caption: tuple[float, ...]


class CiderScorer:
    """References prepared once, so that many candidates are scored quickly (a training reward).

    Args:
        references: for each picture the tokenised sentences of people, at least one.
    """

    def __init__(self, references: Sequence[Sequence[Sequence[str]]]) -> None:
        counted = [[ngrams(sentence) for sentence in group] for group in references]
        self._seen: Counter[Ngram] = Counter()
        for group in counted:
            self._seen.update({gram for counts in group for gram in counts})
        self._log_pictures = math.log(len(references))
        self._references = [[self._vector(counts) for counts in group] for group in counted]

    def score(self, tokens: Sequence[str], picture: int) -> float:
        """CIDEr-D of one tokenised sentence against the references of one picture, 0 to 10."""
        candidate = self._vector(ngrams(tokens))
        group = self._references[picture]
        total = sum(_similarity(candidate, reference) for reference in group)
        return 10.0 * total / (N * len(group))

    def _vector(self, counts: Counter[Ngram]) -> _Vector:
        weights, squares = {}, [0.0] * N
        for gram, count in counts.items():
            rarity = self._log_pictures - math.log(max(1, self._seen.get(gram, 0)))
            weights[gram] = count * rarity
            squares[len(gram) - 1] += weights[gram] ** 2
        # The reference implementation takes the number of bigrams for the length; so do we.
        length = sum(count for gram, count in counts.items() if len(gram) == 2)
        return _Vector(weights, tuple(map(math.sqrt, squares)), length)


def _similarity(candidate: _Vector, reference: _Vector) -> float:
    """Sum over the orders of clipped cosine times the length penalty."""
    dots = [0.0] * N
    for gram, weight in candidate.weights.items():
        other = reference.weights.get(gram)
        if other is not None:
            dots[len(gram) - 1] += min(weight, other) * other
    cosine = sum(
        dot / (a * b)
        for dot, a, b in zip(dots, candidate.norms, reference.norms, strict=True)
        if a and b
    )
    gap = candidate.length - reference.length
    return cosine * math.exp(-(gap**2) / (2 * SIGMA**2))


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> CiderScore:
    """CIDEr-D of one sentence a picture against its references (plain text both).

    Raises:
        ValueError: the two differ in number, or there are none.
    """
    if len(candidates) != len(references) or not candidates:
        raise ValueError(f"{len(candidates)} captions for {len(references)} pictures")
    scorer = CiderScorer([[tokenize(sentence) for sentence in group] for group in references])
    scores = tuple(scorer.score(tokenize(text), index) for index, text in enumerate(candidates))
    return CiderScore(sum(scores) / len(scores), scores)
