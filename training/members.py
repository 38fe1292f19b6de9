"""The captioners that speak together: each learnt on its own, side by side, one a core.

Place in the flow: `__main__` calls `learn`; `export` writes the members into one pair of graphs.
Members differ by their seed alone: the first weights, the order of photos, what is hidden and what
is drawn. Two processes that never meet lose nothing to a core that other programs want as well.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from training import self_critical, train_captioner

MEMBERS = 2
"""Each costs 5 MB of what ships and a seventh of a photo's time."""


TIMES = 2
"""How often each is tuned from the same start, on other draws; the mean of the weights ships."""


@dataclass(frozen=True)
class Plan:
    """How long to learn, and from how many photos not."""

    epochs: int = train_captioner.EPOCHS
    tuned: int = self_critical.EPOCHS
    held_out: int = train_captioner.HELD_OUT


@dataclass(frozen=True)
class Member:
    """One member's run, in a form that can be sent to another process.

    Attributes:
        features: what `features` and `texts` wrote.
        out: directory of its weights, curves, and states to go on from.
        minilm: directory of the published MiniLM.
        seed: of everything drawn.
        plan: how long.
    """

    features: Path
    out: Path
    minilm: Path
    seed: int
    plan: Plan

    def learn(self) -> Path:
        """Cross-entropy, then self-critical learning from there more than once, and the mean.

        Returns:
            The path of the weights.
        """
        torch.set_num_threads(1)
        plan, features = self.plan, self.features
        start = train_captioner.train(
            features,
            self.out,
            self.minilm,
            epochs=plan.epochs,
            seed=self.seed,
            held_out=plan.held_out,
        )
        tuned = [
            self_critical.train(
                features,
                start,
                self.out / f"tuned{time}",
                epochs=plan.tuned,
                seed=self.seed + time * MEMBERS,
                held_out=plan.held_out,
            )
            for time in range(TIMES)
        ]
        return self_critical.blend(start, tuned, self.out / "captioner.pt")


def learn(features: Path, out: Path, minilm: Path, plan: Plan) -> list[Path]:
    """The weights of all members, in the order of their seeds."""
    runs = [Member(features, out / f"member{seed}", minilm, seed, plan) for seed in range(MEMBERS)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(MEMBERS, mp_context=context) as pool:
        return list(pool.map(Member.learn, runs))
