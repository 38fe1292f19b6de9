"""The learning rate over a run."""

from __future__ import annotations

import math


def warm_cosine(done: float, warm: float = 0.08) -> float:
    """Share of the full rate at a share `done` of the run: a line up, then a cosine down to 2 %."""
    if done < warm:
        return done / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))
