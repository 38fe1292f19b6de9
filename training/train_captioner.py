"""Fits the captioner to people's sentences by cross-entropy. Third step of the recipe.

Resumable: the state after each epoch is kept, and a second start goes on from it. Each step takes a
batch of photos, one random view of each, and all five sentences. The mean of the weights over the
last steps (EMA) is what is kept. One thread: the members of what ships are learnt side by side, one
a core (`members`).

    python -m training.train_captioner --features DIR --out DIR/captioner
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from bench.metrics.cider import CiderScorer, tokenize
from mammothbox.models.engines.text import open_tokenizer
from mammothbox.models.graphs.minilm import read_safetensors
from training import captioner as net
from training import data
from training.curves import Curve
from training.schedule import warm_cosine

EPOCHS = 12
HELD_OUT = 300
"""Photos to choose on; the captioner learns from the rest of the training split."""

SENTENCES = 5
"""Sentences of a photo in one step."""

LEAST_SEEN = 5
"""A word seen less often in the sentences to learn from is not learnt."""


def vocabulary_of(sentences: list[list[str]]) -> list[str]:
    """Special marks, then the words seen often enough, most frequent first."""
    seen = Counter(word for sentence in sentences for word in sentence)
    kept = sorted((w for w in seen if seen[w] >= LEAST_SEEN), key=lambda w: (-seen[w], w))
    return [*net.SPECIAL, *kept]


class Photos:
    """Batches of what the captioner reads: cells and label vectors of chosen views."""

    def __init__(self, split: data.Split, labels: Tensor) -> None:
        self.split, self.labels = split, labels

    def __call__(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Cells (N x 81 x 1280) and label vectors (N x 384) of the rows, bfloat16."""
        order = np.argsort(rows)
        cells = np.empty((len(rows), *self.split.cells.shape[1:]), np.uint8)
        cells[order] = self.split.cells[rows[order]]
        labels = self.labels[torch.from_numpy(rows)].bfloat16()
        return torch.from_numpy(cells).bfloat16() * data.SCALE, labels


def to_ids(sentences: list[list[str]], vocabulary: list[str], longest: int) -> np.ndarray:
    """Sentences as rows of ids: BOS, words, EOS, PAD."""
    index = {word: i for i, word in enumerate(vocabulary)}
    rows = np.full((len(sentences), longest + 1), net.PAD, np.int64)
    for row, sentence in zip(rows, sentences, strict=True):
        ids = [index.get(word, net.UNKNOWN) for word in sentence][: longest - 1]
        row[: len(ids) + 2] = [net.BOS, *ids, net.EOS]
    return rows


class Learner:
    """Three copies of a model: bfloat16 for the sums, float32 to learn in, and a running mean.

    Pure bfloat16 sums need no casts, which take most of the time of small layers on a CPU; the
    float32 copy keeps the many small steps from being rounded away.
    """

    def __init__(
        self, model: net.Captioner, rate: float, decay: float, weight_decay: float
    ) -> None:
        self.master, self.mean, self.decay = model, copy.deepcopy(model).eval(), decay
        self.fast = copy.deepcopy(model).bfloat16()
        self.optimiser = torch.optim.AdamW(
            model.parameters(), lr=rate, weight_decay=weight_decay, betas=(0.9, 0.98), fused=True
        )

    def step(self, loss: Tensor, rate: float) -> None:
        """One step down the gradient of `loss`, which came from `fast`."""
        self.fast.zero_grad()
        loss.backward()
        slow, fast = list(self.master.parameters()), list(self.fast.parameters())
        for to, made in zip(slow, fast, strict=True):
            to.grad = made.grad.float()
        torch.nn.utils.clip_grad_norm_(self.master.parameters(), 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_copy_(fast, slow)
            torch._foreach_lerp_(list(self.mean.parameters()), slow, 1 - self.decay)

    def state(self) -> dict[str, dict[str, object]]:
        """What `restore` needs."""
        kept = {"master": self.master, "mean": self.mean, "optimiser": self.optimiser}
        return {name: part.state_dict() for name, part in kept.items()}

    def restore(self, state: dict[str, dict[str, object]]) -> None:
        """Go on from a kept state."""
        self.master.load_state_dict(state["master"])
        self.fast.load_state_dict(state["master"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])


def loss_of(
    model: net.Captioner, memory: net.Memory, ids: Tensor, *, forget: float = 0.1
) -> Tensor:
    """Smoothed cross-entropy a word; `ids` is photos x sentences x length; words get hidden."""
    photos, sentences, _ = ids.shape
    flat = ids.reshape(photos * sentences, -1)
    flat = flat[:, : int((flat != net.PAD).sum(1).max())]
    said, wanted = flat[:, :-1], flat[:, 1:]
    hidden = (torch.rand(said.shape) < forget) & (said > net.UNKNOWN)
    spoken = wanted != net.PAD
    scores = model(memory, said.masked_fill(hidden, net.UNKNOWN), spoken)
    return F.cross_entropy(scores.float(), wanted[spoken], label_smoothing=0.1)


def cider_of(
    mean: net.Captioner,
    photos: Photos,
    rows: np.ndarray,
    scorer: CiderScorer,
    words: list[str],
) -> float:
    """Mean CIDEr-D of the greedy captions of `rows` (whole views), in the scorer's order."""
    model = copy.deepcopy(mean).bfloat16().eval()
    total = 0.0
    for start in range(0, len(rows), 100):
        here = rows[start : start + 100]
        with torch.no_grad():
            ids = net.say(model, model.remember(*photos(here))).tolist()
        spoken = (net.words_of(row, words) for row in ids)
        total += sum(scorer.score(said, at) for at, said in enumerate(spoken, start))
    return total / len(rows)


def fit(
    split: data.Split,
    labels: Tensor,
    out: Path,
    *,
    learn: np.ndarray,
    choose: np.ndarray,
    epochs: int,
    until: int | None = None,
    batch: int = 32,
    rate: float = 6e-4,
    seed: int = 0,
    shape: dict[str, float] | None = None,
    minilm: Path | None = None,
) -> Path:
    """Train, and write `xe.pt` into `out`; returns its path.

    Args:
        split: the features.
        labels: views x 384, the label vectors.
        out: directory of weights, curve, and state to go on from.
        learn: photos to learn from.
        choose: photos to measure on after each epoch.
        epochs: for which the rate is planned.
        until: epoch after which to stop, by default the last.
        batch: photos a step.
        rate: the highest.
        seed: of everything drawn.
        shape: sizes other than those of `captioner.Shape`.
        minilm: directory of the published MiniLM, for the first word vectors.
    """
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    groups = split.captions_by_photo()
    spoken = [tokenize(sentence) for sentence in split.captions]
    words = vocabulary_of([spoken[c] for photo in learn for c in groups[photo]])
    model = net.Captioner(net.Shape(words=len(words), **(shape or {})))
    if minilm:
        model.words.weight.data = word_vectors(words, minilm, model.shape.width)
    ids = to_ids(spoken, words, model.shape.longest)
    learner, photos = Learner(model, rate, 0.995, 0.02), Photos(split, labels)
    steps, step = epochs * (len(learn) // batch), 0
    scorer = CiderScorer([[spoken[c] for c in groups[photo]] for photo in choose])
    curve, state_file, first = Curve(out / "xe"), out / "xe.state.pt", 0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        learner.restore(state)
        first = state["epoch"]
        step = first * (len(learn) // batch)
        curve.read()
    for epoch in range(first, until or epochs):
        torch.manual_seed(seed + 1000 * epoch)
        rng, start, losses = np.random.default_rng([seed, epoch]), time.monotonic(), []
        learner.fast.train()
        order = rng.permutation(learn)
        for at in range(0, len(order) - batch + 1, batch):
            chosen = order[at : at + batch]
            rows = chosen * split.views + rng.integers(0, split.views, batch)
            few = np.stack([ids[rng.choice(groups[p], SENTENCES, replace=False)] for p in chosen])
            memory = learner.fast.remember(*photos(rows))
            loss = loss_of(learner.fast, memory, torch.from_numpy(few))
            step += 1
            learner.step(loss, rate * warm_cosine(step / steps))
            losses.append(loss.item())
            if len(losses) % 20 == 0:
                print(f"  {len(losses)}: {np.mean(losses[-20:]):.3f}", flush=True)
        score = cider_of(learner.mean, photos, choose * split.views, scorer, words)
        curve.add(epoch=epoch + 1, loss=float(np.mean(losses)), cider=score)
        print(
            f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, CIDEr {score:.3f} (greedy), "
            f"{time.monotonic() - start:.0f} s",
            flush=True,
        )
        torch.save({**learner.state(), "epoch": epoch + 1}, state_file)
        save(learner.mean, words, out / "xe.pt")
    return out / "xe.pt"


def word_vectors(words: list[str], minilm: Path, width: int) -> Tensor:
    """First word vectors: the main directions of MiniLM's own, at the size of a random start.

    Fewer words than `width` have fewer directions; the rest is zero.
    """
    tokenizer = open_tokenizer(minilm / "tokenizer.json")
    table = read_safetensors(minilm / "model.safetensors")["embeddings.word_embeddings.weight"]
    pieces = [tokenizer.encode(word, add_special_tokens=False).ids or [100] for word in words]
    mean = np.stack([table[ids].mean(0) for ids in pieces])
    _, _, directions = np.linalg.svd(mean - mean.mean(0), full_matrices=False)
    found = (mean - mean.mean(0)) @ directions[:width].T
    found = np.pad(found / found.std(), ((0, 0), (0, width - found.shape[1])))
    return torch.from_numpy(found * width**-0.5).float()


def save(model: net.Captioner, words: list[str], path: Path) -> None:
    """Weights, sizes and words in one file."""
    shape = json.dumps(asdict(model.shape))
    torch.save({"model": model.state_dict(), "shape": shape, "words": json.dumps(words)}, path)


def load(path: Path) -> tuple[net.Captioner, list[str]]:
    """What `save` wrote."""
    state = torch.load(path, weights_only=True)
    model = net.Captioner(net.Shape(**json.loads(state["shape"])))
    model.load_state_dict(state["model"])
    return model, json.loads(state["words"])


def train(
    features: Path,
    out: Path,
    minilm: Path | None,
    *,
    epochs: int = EPOCHS,
    until: int | None = None,
    batch: int = 32,
    rate: float = 6e-4,
    seed: int = 0,
    held_out: int = HELD_OUT,
) -> Path:
    """`fit` on the features on disk."""
    split = data.load(features)
    learn, choose = data.cut(len(split.names), held_out)
    return fit(
        split,
        data.label_vectors(split, features),
        out,
        learn=learn,
        choose=choose,
        epochs=epochs,
        until=until,
        batch=batch,
        rate=rate,
        seed=seed,
        minilm=minilm,
    )


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--until", type=int, help="stop after this epoch of the plan")
    parser.add_argument("--minilm", type=Path, help="published MiniLM, for the first word vectors")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", type=int, default=HELD_OUT, help="photos to choose on")
    torch.set_num_threads(1)
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
