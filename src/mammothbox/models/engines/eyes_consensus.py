"""Which of several candidate sentences says what the others say, too.

Place in the flow: beam search hands over its sentences. The most probable one is often an odd one;
the one most like all of them, each counted by its probability, is nearer to what people say (least
expected Bayes risk, Kumar and Byrne 2004). Likeness is the overlap of runs of one to four words.
Knows nothing of networks or of how words are spelt.

Example:
    >>> agreed([[5, 6, 7], [5, 6, 8], [9, 9, 9]], [-1.0, -1.1, -0.9])
    0
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

LONGEST_RUN = 4

Runs = tuple[Counter[tuple[int, ...]], ...]


def agreed(candidates: Sequence[Sequence[int]], log_probabilities: Sequence[float]) -> int:
    """The place of the candidate most like all of them, the first of equals.

    Args:
        candidates: words as numbers, at least one candidate.
        log_probabilities: of each candidate as a whole; -inf counts for nothing.
    """
    most = max(log_probabilities)
    shares = [math.exp(one - most) for one in log_probabilities]
    runs = [_runs(words) for words in candidates]
    places = range(len(candidates))
    votes = [
        sum(shares[other] * _likeness(runs[place], runs[other]) for other in places)
        for place in places
    ]
    return max(places, key=votes.__getitem__)


def _runs(words: Sequence[int]) -> Runs:
    """Counts of the runs of each length."""
    return tuple(
        Counter(tuple(words[start : start + size]) for start in range(len(words) - size + 1))
        for size in range(1, LONGEST_RUN + 1)
    )


def _likeness(left: Runs, right: Runs) -> float:
    """Dice's coefficient of the runs, mean over their lengths, 0 to 1."""
    total = 0.0
    for ours, theirs in zip(left, right, strict=True):
        shared = sum(min(count, theirs[run]) for run, count in ours.items() if run in theirs)
        total += 2 * shared / max(1, ours.total() + theirs.total())
    return total / LONGEST_RUN
