"""Measures of rankings: recall at k, median rank, average precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def ranks_of_best(scores: Scores, wanted: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """For each row of `scores` (queries x candidates) the rank, from 1, of its best wanted column.

    A candidate of equal score counts as ranked before the wanted one, so that a constant model gets
    the worst rank and not the best.

    Raises:
        ValueError: a query has no wanted candidate.
    """
    ranks = np.empty(len(scores), dtype=np.int64)
    for row, columns in enumerate(wanted):
        if not len(columns):
            raise ValueError(f"query {row} has no wanted candidate")
        best = scores[row, list(columns)].max()
        others = np.delete(scores[row], list(columns))
        ranks[row] = 1 + int((others >= best).sum())
    return ranks


def recall_table(ranks: npt.NDArray[np.int64]) -> dict[str, float]:
    """``r1``, ``r5``, ``r10`` (shares, 0 to 1) and ``median_rank`` of ranks counted from 1."""
    shares = {f"r{k}": round(float((ranks <= k).mean()), 4) for k in (1, 5, 10)}
    return {**shares, "median_rank": float(np.median(ranks))}


def average_precision(scores: Sequence[float], relevant: Sequence[bool]) -> float:
    """Mean of the precision at each relevant candidate, best score first; ties worst first.

    Raises:
        ValueError: nothing is relevant.
    """
    if not any(relevant):
        raise ValueError("average precision needs at least one relevant candidate")
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], relevant[i]))
    found, total = 0, 0.0
    for position, index in enumerate(order, start=1):
        if relevant[index]:
            found += 1
            total += found / position
    return total / found
