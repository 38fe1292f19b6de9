"""Chooses how captions are trusted, on the held-out photos, and writes `eyes.json`.

Place in the flow: after `export`, on the exported graphs themselves. The confidence of a caption is
the chance that people say much the same (CIDEr-D of at least 0.4), a logistic curve of the mean
log-probability of its words. Below `least`, which three in a hundred held-out photos are, the
labels speak alone. A label is added to a sentence only above `sure`, the lowest probability at
which people mention what the label says for at least half of the photos.

    python -m training.calibrate --features DIR --weights src/mammothbox/models/weights
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from bench.metrics.cider import CiderScorer, tokenize
from mammothbox.models.engines.eyes_captioner import CaptionDecoder, Sentence
from mammothbox.models.engines.eyes_conse import label_vectors
from mammothbox.models.engines.eyes_labels import label_names, name_vectors, softmax
from mammothbox.models.engines.eyes_words import mentions
from training import data
from training.features import SCALE

GOOD = 0.4
"""CIDEr-D from which a caption counts as good."""

FALLBACK_SHARE = 0.03


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


def label_precision(
    split: data.Split, photos: np.ndarray, sentences: list[Sentence]
) -> list[tuple[float, float, int]]:
    """(threshold, share that people mention, photos) of top labels the caption leaves out."""
    groups, names = split.captions_by_photo(), label_names()
    chances = softmax(split.logits[photos * split.views].astype(np.float32))
    table = []
    for sure in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        hits = [
            any(mentions(split.captions[c], names[row.argmax()]) for c in groups[photo])
            for photo, row, said in zip(photos, chances, sentences, strict=True)
            if row.max() >= sure and not mentions(said.text, names[row.argmax()])
        ]
        table.append((sure, float(np.mean(hits)) if hits else 0.0, len(hits)))
    return table


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    split = data.load(args.features)
    _, choose = data.cut(len(split.names))
    sentences = captions_of(split, choose, CaptionDecoder(args.weights, 2))
    groups = split.captions_by_photo()
    scorer = CiderScorer([[tokenize(split.captions[c]) for c in groups[p]] for p in choose])
    scores = np.array([scorer.score(tokenize(s.text), i) for i, s in enumerate(sentences)])
    sure_of = np.array([s.mean_log_probability for s in sentences])
    slope, offset = logistic(sure_of, (scores >= GOOD).astype(float))
    confidence = 1 / (1 + np.exp(-(slope * sure_of + offset)))
    table = label_precision(split, choose, sentences)
    sure = next((row[0] for row in table if row[1] >= 0.5), 0.9)
    least = float(np.quantile(confidence, FALLBACK_SHARE))
    chosen = {"slope": slope, "offset": offset, "least": least, "sure": sure}
    (args.weights / "eyes.json").write_text(json.dumps(chosen, indent=1) + "\n")
    print(f"CIDEr-D {scores.mean():.4f} on {len(choose)} held-out photos; {chosen}")
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1)):
        inside = (confidence >= low) & (confidence < high)
        good = float((scores[inside] >= GOOD).mean()) if inside.any() else float("nan")
        print(f"  confidence {low}-{high}: {inside.sum()} photos, {good:.2f} good")
    for sure, share, photos in table:
        print(f"  label >= {sure} not in the caption: {photos} photos, people mention {share:.2f}")


if __name__ == "__main__":
    main()
