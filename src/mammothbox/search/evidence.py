"""What speaks for a content, and how several rankings become one.

Rankings of words and of two vector spaces have scores that cannot be compared, so their ranks are
fused: each ranking adds weight / (60 + rank) (Cormack, Clarke and Büttcher, 2009).

Example:
    >>> looks = [Evidence("a", "looks", Near("a", 0.9)), Evidence("b", "looks", Near("b", 0.8))]
    >>> [digest for digest, _, _ in fuse([(1.0, looks)])]
    ['a', 'b']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mammothbox.records import Digest, Why
from mammothbox.store import Near, WordMatch

RANK_OFFSET = 60


class Evidence(NamedTuple):
    """One content in one ranking, and what was found of it.

    Hundreds are ranked and a few shown, so `why` is made of them at the end.
    """

    digest: Digest
    how: str
    found: WordMatch | Near

    def why(self) -> Why:
        """The reason that a person is told."""
        found = self.found
        if isinstance(found, WordMatch):
            field = found.field
        elif self.how == "meaning":
            field = "text" if found.start_s is None else "transcript"
        else:
            field = ""
        return Why(self.how, field, found.text, found.page, found.start_s)


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
    ranks: list[dict[Digest, float]] = []
    for weight, ranking in rankings:
        digests = dict.fromkeys(evidence.digest for evidence in ranking)
        parts = {digest: weight / rank for rank, digest in enumerate(digests, RANK_OFFSET + 1)}
        ranks.append(parts)
        for digest, part in parts.items():
            scores[digest] = scores.get(digest, 0.0) + part
    best = sum(weight for weight, ranking in rankings if ranking) / (RANK_OFFSET + 1)
    order = sorted(scores, key=lambda digest: (-scores[digest], digest))[:limit]
    reasons: dict[Digest, list[tuple[float, Evidence]]] = {digest: [] for digest in order}
    for parts, (_, ranking) in zip(ranks, rankings, strict=True):
        again: set[Digest] = set()
        for evidence in ranking:
            digest = evidence.digest
            if digest in reasons:
                part = parts[digest]
                reasons[digest].append((part * 0.9 if digest in again else part, evidence))
                again.add(digest)
    return [
        Fused(digest, scores[digest] / best, _strongest(reasons[digest], most_reasons))
        for digest in order
    ]


def _strongest(reasons: list[tuple[float, Evidence]], most: int) -> tuple[Why, ...]:
    ordered = [evidence.why() for _, evidence in sorted(reasons, key=lambda pair: -pair[0])]
    return tuple(dict.fromkeys(ordered))[:most]
