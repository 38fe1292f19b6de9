"""Fits the captioner to the measure itself: self-critical learning (Rennie et al. 2017) on CIDEr-D.

Fourth step of the recipe. Five sentences a photo are drawn from the model; each one's reward is its
CIDEr-D (the end mark counts as a word, so that sentences do not stop half-way) less the mean of the
other four, and its probability is moved accordingly. A little cross-entropy keeps the language
sound.

    python -m training.self_critical --features DIR --start DIR/captioner/xe.pt --out DIR/captioner
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from bench.metrics.cider import CiderScorer, tokenize
from training import captioner as net
from training import data
from training.curves import Curve
from training.schedule import warm_cosine
from training.train_captioner import (
    HELD_OUT,
    Learner,
    Photos,
    cider_of,
    load,
    loss_of,
    save,
    to_ids,
)

DRAWN = 5
EPOCHS = 2
"""Epochs the rate is planned for; what ships was taken after the last."""

RATE = 1e-4
HEAT = 0.6
"""Learning smooths the model's chances; drawn as they are, most words would be odd ones."""

END = "</s>"


def rewards_of(
    said: Tensor, photos: np.ndarray, scorer: CiderScorer, words: list[str], place: dict[int, int]
) -> Tensor:
    """CIDEr-D of each drawn sentence, rows of a photo side by side."""
    rewards = []
    for row, ids in enumerate(said.tolist()):
        spoken = net.words_of(ids, words)
        ended = [END] if net.EOS in ids else []
        rewards.append(scorer.score([*spoken, *ended], place[int(photos[row // DRAWN])]))
    return torch.tensor(rewards)


def policy_loss(model: net.Captioner, memory: net.Memory, said: Tensor, rewards: Tensor) -> Tensor:
    """Log-probabilities of the drawn words, weighted by the advantage over their siblings."""
    by_photo = rewards.view(-1, DRAWN)
    others = (by_photo.sum(1, keepdim=True) - by_photo) / (DRAWN - 1)
    advantage = (by_photo - others).flatten()
    start = torch.full((said.shape[0], 1), net.BOS)
    spoken = said != net.PAD
    scores = model(memory, torch.cat([start, said[:, :-1]], 1), spoken).float() / HEAT
    scores[:, [net.PAD, net.BOS, net.UNKNOWN]] = -1e4
    chances = F.log_softmax(scores, -1).gather(-1, said[spoken][:, None])[:, 0]
    weight = advantage[:, None].expand_as(said)[spoken]
    return -(weight * chances).sum() / len(chances)


def fit(
    split: data.Split,
    labels: Tensor,
    start: Path,
    out: Path,
    *,
    learn: np.ndarray,
    choose: np.ndarray,
    epochs: int,
    until: int | None = None,
    batch: int = 32,
    rate: float = RATE,
    seed: int = 0,
    anchor: float = 0.1,
) -> Path:
    """Train on from `start`; write the mean of the last steps to `out`/sc.pt after each epoch."""
    model, words = load(start)
    learner = Learner(model, rate, 0.99, 0.0)
    photos, groups = Photos(split, labels), split.captions_by_photo()
    spoken = [tokenize(sentence) for sentence in split.captions]
    ids = to_ids(spoken, words, model.shape.longest)
    reward = CiderScorer([[[*spoken[c], END] for c in groups[photo]] for photo in learn])
    place = {int(photo): i for i, photo in enumerate(learn)}
    scorer = CiderScorer([[spoken[c] for c in groups[photo]] for photo in choose])
    out.mkdir(parents=True, exist_ok=True)
    curve, state_file, first = Curve(out / "sc"), out / "sc.state.pt", 0
    steps, step = epochs * (len(learn) // batch), 0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        learner.restore(state)
        first = state["epoch"]
        step = first * (len(learn) // batch)
        curve.read()
    for epoch in range(first, until or epochs):
        torch.manual_seed(seed + 1000 * epoch)
        rng, began = np.random.default_rng([seed, 1, epoch]), time.monotonic()
        drawn, losses, order = [], [], rng.permutation(learn)
        for at in range(0, len(order) - batch + 1, batch):
            views = rng.integers(0, split.views, batch)
            chosen = order[at : at + batch]
            few = np.stack([ids[rng.choice(groups[p], 1)] for p in chosen])
            seen = photos(chosen * split.views + views)
            fast = learner.fast.eval()
            with torch.no_grad():
                said = net.say(fast, fast.remember(*seen), DRAWN, draw=True, heat=HEAT)
            rewards = rewards_of(said, chosen, reward, words, place)
            memory = fast.train().remember(*seen)
            loss = policy_loss(fast, memory, said, rewards)
            plain = loss_of(fast, memory, torch.from_numpy(few))
            step += 1
            learner.step(loss + anchor * plain, rate * warm_cosine(step / steps))
            drawn.append(float(rewards.mean()))
            losses.append(plain.item())
            if len(drawn) % 20 == 0:
                print(
                    f"  {len(drawn)}: reward {np.mean(drawn[-20:]):.3f}, "
                    f"loss {np.mean(losses[-20:]):.3f}",
                    flush=True,
                )
        score = cider_of(learner.mean, photos, choose * split.views, scorer, words)
        curve.add(
            epoch=epoch + 1, reward=float(np.mean(drawn)), loss=float(np.mean(losses)), cider=score
        )
        print(
            f"epoch {epoch + 1}: reward {np.mean(drawn):.3f}, CIDEr {score:.3f} (greedy), "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        save(learner.mean, words, out / "sc.pt")
        torch.save({**learner.state(), "epoch": epoch + 1}, state_file)
    return out / "sc.pt"


def blend(start: Path, tuned: Sequence[Path], out: Path) -> Path:
    """The mean of the weights before, and of the mean of those after: it speaks better than any."""
    (before, words), after = load(start), [load(path)[0].parameters() for path in tuned]
    with torch.no_grad():
        for ours, *theirs in zip(before.parameters(), *after, strict=True):
            ours.lerp_(torch.stack(theirs).mean(0), 0.5)
    save(before, words, out)
    return out


def train(
    features: Path,
    start: Path,
    out: Path,
    *,
    epochs: int = EPOCHS,
    until: int | None = None,
    batch: int = 32,
    rate: float = RATE,
    seed: int = 0,
    held_out: int = HELD_OUT,
) -> Path:
    """`fit` on the features on disk."""
    split = data.load(features)
    learn, choose = data.cut(len(split.names), held_out)
    return fit(
        split,
        data.label_vectors(split, features),
        start,
        out,
        learn=learn,
        choose=choose,
        epochs=epochs,
        until=until,
        batch=batch,
        rate=rate,
        seed=seed,
    )


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--until", type=int, help="stop after this epoch of the plan")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", type=int, default=HELD_OUT, help="photos to choose on")
    torch.set_num_threads(1)
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
