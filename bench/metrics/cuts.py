"""How well found cuts of a video fit the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CutCounts:
    """Found cuts that are right, all found ones, all true ones; sums over videos with ``+``."""

    right: int = 0
    found: int = 0
    true: int = 0

    def __add__(self, other: CutCounts) -> CutCounts:
        return CutCounts(self.right + other.right, self.found + other.found, self.true + other.true)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1, four digits."""
        if not self.found + self.true:
            return 0.0
        return round(2 * self.right / (self.found + self.true), 4)


def match_cuts(found: Sequence[float], true: Sequence[float], within_s: float = 0.5) -> CutCounts:
    """Pairs found and true cuts (seconds) in time order; each cut is used once."""
    left, right = sorted(found), 0
    for cut in sorted(true):
        near = next((one for one in left if abs(one - cut) <= within_s), None)
        if near is not None:
            left.remove(near)
            right += 1
    return CutCounts(right, len(found), len(true))
