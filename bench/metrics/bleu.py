"""BLEU (Papineni et al. 2002) over a set of captions, as the COCO caption challenge counts it.

Clipped n-gram precision of 1 to 4 words pooled over all captions, their geometric mean, and the
brevity penalty against the closest reference length.

Example:
    >>> round(bleu(["a dog runs in the snow"], [["a dog runs in the snow"]]), 6)
    1.0
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from bench.metrics.cider import Ngram, ngrams, tokenize

_TINY, _SMALL = 1e-15, 1e-9
"""Keep a precision of zero from ruling out the logarithm; values of the reference program."""


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], n: int = 4) -> float:
    """BLEU-n, 0 to 1, of one sentence a picture against its references (plain text).

    Raises:
        ValueError: the two differ in number, or there are none.
    """
    if len(candidates) != len(references) or not candidates:
        raise ValueError(f"{len(candidates)} captions for {len(references)} pictures")
    right, guessed, said, wanted = [0] * n, [0] * n, 0, 0
    for text, group in zip(candidates, references, strict=True):
        tokens, others = tokenize(text), [tokenize(sentence) for sentence in group]
        said += len(tokens)
        wanted += min((abs(len(o) - len(tokens)), len(o)) for o in others)[1]
        clipped = _clipped(ngrams(tokens, n), [ngrams(other, n) for other in others])
        for size in range(1, n + 1):
            guessed[size - 1] += max(0, len(tokens) - size + 1)
            right[size - 1] += sum(c for gram, c in clipped.items() if len(gram) == size)
    product = math.prod((r + _TINY) / (g + _SMALL) for r, g in zip(right, guessed, strict=True))
    ratio = (said + _TINY) / (wanted + _SMALL)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    return float(product ** (1 / n) * penalty)


def _clipped(counts: Counter[Ngram], others: Sequence[Counter[Ngram]]) -> dict[Ngram, int]:
    """Each n-gram's count, at most as often as one reference has it."""
    return {gram: min(c, max(o.get(gram, 0) for o in others)) for gram, c in counts.items()}
