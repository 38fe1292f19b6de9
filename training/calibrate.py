"""Chooses how captions are trusted, on the held-out photos, and writes `eyes.json`.

Place in the flow: after `export`, on the exported graphs themselves. The confidence of a caption is
the chance that people say much the same (CIDEr-D of at least 0.4), a logistic curve of the mean
log-probability of its words. Below `least`, which three in a hundred held-out photos are, the
labels may speak alone. `sure`, from which a label is added to a doubtful sentence, is the lowest
probability at which what is said in the end loses no more than `LOSS` of CIDEr-D.

    python -m training.calibrate --features DIR --weights src/mammothbox/models/weights
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.metrics.cider import CiderScorer, tokenize
from mammothbox.models.engines.eyes_captioner import CaptionDecoder, Sentence
from mammothbox.models.engines.eyes_conse import label_vectors
from mammothbox.models.engines.eyes_labels import name_vectors, softmax, top_labels
from mammothbox.models.engines.eyes_words import Judgement, decide
from training import data
from training.features import SCALE
from training.train_captioner import HELD_OUT

GOOD = 0.4
"""CIDEr-D from which a caption counts as good."""

FALLBACK_SHARE = 0.03

LOSS = 0.003
"""CIDEr-D that the labels may cost on photos of the kind the captioner knows."""


def captions_of(split: data.Split, photos: np.ndarray, decoder: CaptionDecoder) -> list[Sentence]:
    """The shipped captioner's sentence of each photo (whole view)."""
    said: list[Sentence] = []
    for start in range(0, len(photos), 16):
        rows = photos[start : start + 16] * split.views
        cells = split.cells[rows].astype(np.float32) * np.float32(SCALE)
        labels = label_vectors(split.logits[rows].astype(np.float32), name_vectors())
        said += decoder.say(cells, labels)
    return said


def logistic(x: np.ndarray, good: np.ndarray, rounds: int = 50) -> tuple[float, float]:
    """Slope and offset of the most likely logistic curve (Newton's method)."""
    design = np.stack([x, np.ones_like(x)], 1)
    found = np.zeros(2)
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-design @ found))
        bend = design.T @ (design * (chance * (1 - chance))[:, None]) + 1e-6 * np.eye(2)
        found += np.linalg.solve(bend, design.T @ (good - chance))
    return float(found[0]), float(found[1])


def cost_of_labels(
    split: data.Split,
    photos: np.ndarray,
    sentences: list[Sentence],
    scorer: CiderScorer,
    judgement: Judgement,
) -> tuple[float, int]:
    """(CIDEr-D lost by what the labels change, photos changed)."""
    chances = softmax(split.logits[photos * split.views].astype(np.float32))
    lost, changed = 0.0, 0
    for at, (row, said) in enumerate(zip(chances, sentences, strict=True)):
        end = decide(said.text, said.mean_log_probability, top_labels(row), judgement)
        if end.text != said.text:
            before, after = (scorer.score(tokenize(t), at) for t in (said.text, end.text))
            lost, changed = lost + before - after, changed + 1
    return lost / len(photos), changed


def calibrate(split: data.Split, weights: Path, held_out: int) -> None:
    """Write `eyes.json` beside the graphs in `weights`, chosen on the held-out photos."""
    _, choose = data.cut(len(split.names), held_out)
    sentences = captions_of(split, choose, CaptionDecoder(weights, 2))
    groups = split.captions_by_photo()
    scorer = CiderScorer([[tokenize(split.captions[c]) for c in groups[p]] for p in choose])
    scores = np.array([scorer.score(tokenize(s.text), i) for i, s in enumerate(sentences)])
    sure_of = np.array([s.mean_log_probability for s in sentences])
    slope, offset = logistic(sure_of, (scores >= GOOD).astype(float))
    confidence = 1 / (1 + np.exp(-(slope * sure_of + offset)))
    least = float(np.quantile(confidence, FALLBACK_SHARE))
    costs = {
        sure: cost_of_labels(
            split, choose, sentences, scorer, Judgement(slope, offset, least, sure)
        )
        for sure in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    }
    sure = next((sure for sure, (lost, _) in costs.items() if lost <= LOSS), 0.9)
    chosen = {"slope": slope, "offset": offset, "least": least, "sure": sure}
    note_graphs(weights, chosen)
    print(f"CIDEr-D {scores.mean():.4f} on {len(choose)} held-out photos; {chosen}")
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1)):
        inside = (confidence >= low) & (confidence < high)
        good = float((scores[inside] >= GOOD).mean()) if inside.any() else float("nan")
        print(f"  confidence {low}-{high}: {inside.sum()} photos, {good:.2f} good")
    for sure, (lost, changed) in costs.items():
        print(f"  labels from {sure}: {changed} photos changed, CIDEr-D {-lost:+.4f}")


def note_graphs(weights: Path, chosen: Mapping[str, Any]) -> None:
    """Write `eyes.json`: the chosen numbers, and the sha256 of every graph that they belong to."""
    graphs = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(weights.glob("eyes_*.onnx*"))
    }
    (weights / "eyes.json").write_text(json.dumps({**chosen, "graphs": graphs}, indent=1) + "\n")


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=HELD_OUT)
    args = parser.parse_args()
    calibrate(data.load(args.features), args.weights, args.held_out)


if __name__ == "__main__":
    main()
