"""The joint space of photos and sentences: several pairs of small heads, learnt by contrast.

Place in the flow: reads what `features` and `texts` wrote; `export` writes the heads as ONNX. Each
member has its own seed; put side by side they are turned into the 512 dimensions of the contract by
the main directions of what they make of the photos and sentences learnt from. A photo is its mean
and maximum features and its label vector; a sentence is MiniLM's vector and, word by word, MiniLM's
last layer.

    python -m training.joint --features DIR --out DIR/joint
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from training import data
from training.curves import Curve
from training.schedule import warm_cosine

MEMBERS = 3
EPOCHS = 20
WIDTH = 512
"""Dimensions of one member."""

LABEL_SCALE = 10.0
"""Brings the label vector to the size of the standardised features."""

SPACE = 512
"""Dimensions of the space that ships."""

INPUT = 2 * data.FEATURES + 384


class ImageHead(nn.Module):
    """N x 2944 standardised features to N x 512, length 1."""

    def __init__(self, hidden: int = 640, dropout: float = 0.5) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(INPUT, hidden), nn.Linear(hidden, WIDTH)
        self.straight = nn.Linear(INPUT, WIDTH)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """A two-layer network and a straight way beside it."""
        bent = self.second(self.drop(F.gelu(self.first(self.drop(x)))))
        return F.normalize(bent + self.straight(self.drop(x)), dim=-1)


class TextHead(nn.Module):
    """MiniLM's sentence vector and tokens to N x 512, length 1."""

    def __init__(self, hidden: int = 512, dropout: float = 0.2) -> None:
        super().__init__()
        self.straight = nn.Linear(384, WIDTH)
        self.first, self.second = nn.Linear(384, hidden), nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, WIDTH)
        self.drop = nn.Dropout(dropout)

    def forward(self, sentence: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """`tokens` N x T x 384, `mask` N x T true where there is a token."""
        x = self.drop(F.gelu(self.first(tokens)))
        x = self.drop(F.gelu(self.second(x)))
        strongest = x.masked_fill(~mask[..., None], -1e4).amax(1)
        return F.normalize(4 * self.straight(sentence) + self.out(strongest).float(), dim=-1)


@dataclass
class Inputs:
    """What the heads read, standardised, as tensors.

    Attributes:
        seen: rows x 2560 float16. labels: rows x 384.
        mean, spread: of `seen`, over the photos to learn from.
        sentence, tokens, mask: of the captions.
    """

    seen: Tensor
    labels: Tensor
    mean: Tensor
    spread: Tensor
    sentence: Tensor
    tokens: Tensor
    mask: Tensor

    def photos(self, rows: np.ndarray) -> Tensor:
        """N x 2944 of the given views."""
        at = torch.from_numpy(rows)
        standard = (self.seen[at].float() - self.mean) / self.spread
        return torch.cat([standard, self.labels[at] * LABEL_SCALE], dim=1)

    def captions(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Sentence vectors, tokens and masks, cut to the longest."""
        at = torch.from_numpy(rows)
        mask = self.mask[at]
        longest = int(mask.sum(1).max())
        return self.sentence[at], self.tokens[at, :longest].float(), mask[:, :longest]


def inputs_of(split: data.Split, folder: Path, learn: np.ndarray) -> Inputs:
    """Everything in memory; means and maxima are computed once and kept in `folder`."""
    kept = folder / "pooled.npy"
    if not kept.exists():
        np.save(kept, data.pooled(split))
    seen = torch.from_numpy(np.load(kept))
    whole = seen[torch.from_numpy(learn * split.views)].float()
    return Inputs(
        seen=seen,
        labels=data.label_vectors(split, folder),
        mean=whole.mean(0),
        spread=whole.std(0) + 1e-3,
        sentence=torch.from_numpy(split.sentence.astype(np.float32)),
        tokens=torch.from_numpy(np.asarray(split.tokens)),
        mask=torch.from_numpy(split.mask).bool(),
    )


def contrast(image: Tensor, text: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE both ways: each photo its sentence, each sentence its photo, among the batch."""
    scores = image @ text.t() * scale
    own = torch.arange(len(image))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.t(), own)) / 2


def fit_member(
    inputs: Inputs,
    split: data.Split,
    out: Path,
    *,
    seed: int,
    learn: np.ndarray,
    choose: np.ndarray,
    epochs: int = 24,
    batch: int = 512,
    rate: float = 1e-3,
) -> Path:
    """Train one pair of heads, write it to `out`/member<seed>.pt, return the path."""
    path = out / f"member{seed}.pt"
    if path.exists():
        return path
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    image, text = ImageHead(), TextHead()
    scale = nn.Parameter(torch.tensor(math.log(20.0)))
    weights = [*image.parameters(), *text.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.05}, {"params": [scale], "weight_decay": 0.0}]
    )
    groups, curve = split.captions_by_photo(), Curve(out / f"member{seed}")
    batch = min(batch, len(learn))
    steps, step, start = epochs * (len(learn) // batch), 0, time.monotonic()
    for epoch in range(epochs):
        rng, losses = np.random.default_rng([seed, epoch]), []
        image.train()
        text.train()
        order = rng.permutation(learn)
        for at in range(0, len(order) - batch + 1, batch):
            chosen = order[at : at + batch]
            seen = image(inputs.photos(chosen * split.views + rng.integers(0, split.views, batch)))
            pairs = np.stack([rng.choice(groups[photo], 2, replace=False) for photo in chosen])
            loss = torch.zeros(())
            for rows in pairs.T:
                sentence, tokens, mask = inputs.captions(rows)
                with torch.autocast("cpu", torch.bfloat16):
                    said = text(sentence, tokens, mask)
                loss = loss + contrast(seen, said.float(), scale.exp()) / 2
            step += 1
            for group in optimiser.param_groups:
                group["lr"] = rate * warm_cosine(step / steps)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        curve.add(epoch=epoch + 1, loss=float(np.mean(losses)))
        if epoch % 6 == 5 or epoch == epochs - 1:
            found = recall(*encode([(image, text)], inputs, split, choose), split, choose)
            spent = time.monotonic() - start
            print(f"member {seed} epoch {epoch + 1}: {np.mean(losses):.3f} {found} {spent:.0f} s")
    torch.save({"image": image.state_dict(), "text": text.state_dict()}, path)
    return path


Pair = tuple[ImageHead, TextHead]


@torch.no_grad()
def encode(
    pairs: list[Pair], inputs: Inputs, split: data.Split, choose: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Vectors of the photos (whole views) and of all their captions, members side by side."""
    groups = split.captions_by_photo()
    captions = np.array([c for photo in choose for c in groups[photo]])
    images, texts = [], []
    for image, text in pairs:
        image.eval()
        text.eval()
        images.append(image(inputs.photos(choose * split.views)))
        parts = [inputs.captions(rows) for rows in np.array_split(captions, 10)]
        texts.append(torch.cat([text(*part) for part in parts]))
    root = len(pairs) ** -0.5
    return torch.cat(images, 1) * root, torch.cat(texts, 1) * root


def recall(
    images: Tensor, texts: Tensor, split: data.Split, choose: np.ndarray
) -> dict[str, float]:
    """Recall at 1, 5 and 10, both ways, over all photos of `choose`."""
    place = {int(photo): i for i, photo in enumerate(choose)}
    groups = split.captions_by_photo()
    own = np.array([place[int(p)] for p in choose for _ in groups[p]])
    scores = (texts @ images.t()).numpy()
    ranks = (scores > scores[np.arange(len(own)), own][:, None]).sum(1)
    back = np.array([(scores[:, i] > scores[own == i, i].max()).sum() for i in range(len(choose))])
    found = {f"t2i{k}": float((ranks < k).mean()) for k in (1, 5, 10)}
    return {**found, **{f"i2t{k}": float((back < k).mean()) for k in (1, 5, 10)}}


def main_directions(images: Tensor, texts: Tensor) -> Tensor:
    """(members x 512) x 512, orthonormal: keeps most of all dot products between the two sets."""
    both = torch.cat([images / len(images) ** 0.5, texts / len(texts) ** 0.5])
    values, vectors = torch.linalg.eigh(both.T @ both)
    return vectors[:, values.argsort(descending=True)[:SPACE]]


def finish(
    out: Path, inputs: Inputs, split: data.Split, learn: np.ndarray, choose: np.ndarray
) -> None:
    """Turn the members into one space: write `standard.npz`, print recalls before and after."""
    pairs = load_members(out)
    keep = main_directions(*encode(pairs, inputs, split, learn))
    numbers = {"mean": inputs.mean, "spread": inputs.spread, "keep": keep}
    np.savez(out / "standard.npz", **{name: t.numpy() for name, t in numbers.items()})
    images, texts = encode(pairs, inputs, split, choose)
    print(f"{len(pairs)} members, held-out photos: {recall(images, texts, split, choose)}")
    images, texts = (F.normalize(part @ keep, dim=1) for part in (images, texts))
    print(f"in {SPACE} dimensions: {recall(images, texts, split, choose)}")


def load_members(folder: Path) -> list[Pair]:
    """All trained pairs, by seed."""
    pairs = []
    for path in sorted(folder.glob("member*.pt")):
        state = torch.load(path, weights_only=True)
        image, text = ImageHead(), TextHead()
        image.load_state_dict(state["image"])
        text.load_state_dict(state["text"])
        pairs.append((image, text))
    return pairs


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--everything",
        action="store_true",
        help="learn from the held-out photos too, once all choices are made",
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    split = data.load(args.features)
    learn, choose = data.cut(len(split.names))
    inputs = inputs_of(split, args.features, learn)
    learn = np.arange(len(split.names)) if args.everything else learn
    for seed in range(args.members):
        fit_member(
            inputs, split, args.out, seed=seed, learn=learn, choose=choose, epochs=args.epochs
        )
    finish(args.out, inputs, split, learn, choose)


if __name__ == "__main__":
    main()
