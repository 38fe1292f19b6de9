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
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from bench.metrics.cider import CiderScorer, tokenize
from training import captioner as net
from training import data
from training.curves import Curve
from training.train_captioner import Learner, Photos, cider_of, load, loss_of, save, to_ids

DRAWN = 5
EPOCHS = 4
RATE = 1e-4
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
    # To a size of one: else the cross-entropy beside it outweighs the small differences.
    advantage = advantage / (advantage.std() + 1e-6)
    start = torch.full((said.shape[0], 1), net.BOS)
    scores = model(memory, torch.cat([start, said[:, :-1]], 1)).float()
    scores[..., [net.PAD, net.BOS, net.UNKNOWN]] = -1e4
    spoken = said != net.PAD
    chances = F.log_softmax(scores, -1).gather(-1, said[..., None])[..., 0]
    return -(advantage[:, None] * chances * spoken).sum() / spoken.sum()


def fit(
    split: data.Split,
    labels: Tensor,
    start: Path,
    out: Path,
    *,
    learn: np.ndarray,
    choose: np.ndarray,
    epochs: int,
    batch: int = 48,
    rate: float = RATE,
    seed: int = 0,
    anchor: float = 0.02,
) -> Path:
    """Train on from `start`; write the best by the held-out photos to `out`/sc.pt."""
    torch.manual_seed(seed)
    model, words = load(start)
    learner = Learner(model, rate, 0.98, 0.0)
    photos, groups = Photos(split, labels), split.captions_by_photo()
    spoken = [tokenize(sentence) for sentence in split.captions]
    ids = to_ids(spoken, words, model.shape.longest)
    reward = CiderScorer([[[*spoken[c], END] for c in groups[photo]] for photo in learn])
    place = {int(photo): i for i, photo in enumerate(learn)}
    scorer = CiderScorer([[spoken[c] for c in groups[photo]] for photo in choose])
    curve, state_file, first, best = Curve(out / "sc"), out / "sc.state.pt", 0, 0.0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        learner.restore(state)
        first, best = state["epoch"], state["best"]
        curve.read()
    for epoch in range(first, epochs):
        rng, began, drawn, losses = (
            np.random.default_rng([seed, 1, epoch]),
            time.monotonic(),
            [],
            [],
        )
        order = rng.permutation(learn)
        for at in range(0, len(order) - batch + 1, batch):
            chosen = order[at : at + batch]
            seen = photos(chosen * split.views + rng.integers(0, split.views, batch))
            fast = learner.fast.eval()
            with torch.no_grad():
                said = net.say(fast, fast.remember(*seen), DRAWN, draw=True)
            rewards = rewards_of(said, chosen, reward, words, place)
            few = np.stack([ids[rng.choice(groups[photo], 1)] for photo in chosen])
            fast.train()
            loss = policy_loss(fast, fast.remember(*seen), said, rewards)
            plain = loss_of(fast, seen, torch.from_numpy(few), forget=0.0)
            learner.step(loss + anchor * plain, rate * (1 - epoch / epochs))
            drawn.append(float(rewards.mean()))
            losses.append(plain.item())
            if len(drawn) % 20 == 0:
                print(f"  {len(drawn)} reward {np.mean(drawn[-20:]):.3f}", flush=True)
        score = cider_of(learner.mean, photos, choose * split.views, scorer, words)
        curve.add(
            epoch=epoch + 1, reward=float(np.mean(drawn)), loss=float(np.mean(losses)), cider=score
        )
        print(
            f"epoch {epoch + 1}: reward {np.mean(drawn):.3f}, CIDEr {score:.3f} (greedy), "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        if score > best:
            best = score
            save(learner.mean, words, out / "sc.pt")
        torch.save({**learner.state(), "epoch": epoch + 1, "best": best}, state_file)
    return out / "sc.pt"


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    split = data.load(args.features)
    learn, choose = data.cut(len(split.names))
    labels = data.label_vectors(split, args.features)
    fit(
        split,
        labels,
        args.start,
        args.out,
        learn=learn,
        choose=choose,
        epochs=args.epochs,
        rate=args.rate,
        seed=args.seed,
    )


if __name__ == "__main__":
    main()
