"""What speaks for a content, and how several rankings become one.

Rankings of words and of two vector spaces have scores that cannot be compared, so their ranks are
fused: each ranking adds weight / (60 + rank) (Cormack, Clarke and Büttcher, 2009).

Example:
    >>> looks = [Evidence("a", Why("looks", "image", "")), Evidence("b", Why("looks", "image", ""))]
    >>> [digest for digest, _, _ in fuse([(1.0, looks)])]
    ['a', 'b']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mammothbox.records import Digest, Why

RANK_OFFSET = 60


class Evidence(NamedTuple):
    """One content in one ranking, and the reason it is there."""

    digest: Digest
    why: Why


Ranking = Sequence[Evidence]
"""Best first; a content may come several times, each with another reason."""


class Fused(NamedTuple):
    """A content, its fused score (0 to 1; 1 is first in every ranking), and reasons, best first."""

    digest: Digest
    score: float
    why: tuple[Why, ...]


def fuse(
    rankings: Sequence[tuple[float, Ranking]], limit: int | None = None, most_reasons: int = 4
) -> list[Fused]:
    """Contents of all rankings by their fused score, best first; ties by digest.

    Args:
        rankings: (weight, ranking); a content counts once in each, at its best rank.
        limit: contents at most; None for all.
        most_reasons: reasons kept for each content.
    """
    scores: dict[Digest, float] = {}
    reasons: dict[Digest, list[tuple[float, Why]]] = {}
    for weight, ranking in rankings:
        ranks: dict[Digest, int] = {}
        for digest, why in ranking:
            first = digest not in ranks
            rank = ranks.setdefault(digest, len(ranks) + 1)
            part = weight / (RANK_OFFSET + rank)
            scores[digest] = scores.get(digest, 0.0) + (part if first else 0.0)
            reasons.setdefault(digest, []).append((part if first else part * 0.9, why))
    best = sum(weight for weight, ranking in rankings if ranking) / (RANK_OFFSET + 1)
    order = sorted(scores, key=lambda digest: (-scores[digest], digest))[:limit]
    return [
        Fused(digest, scores[digest] / best, _strongest(reasons[digest], most_reasons))
        for digest in order
    ]


def _strongest(reasons: list[tuple[float, Why]], most: int) -> tuple[Why, ...]:
    ordered = [why for _, why in sorted(reasons, key=lambda pair: -pair[0])]
    return tuple(dict.fromkeys(ordered))[:most]
