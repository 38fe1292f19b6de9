"""The whole recipe in a row: `python -m training --media DIR` (`make train ARGS="--media DIR"`).

Takes the published weights from the user's cache (`mammothbox models pull` brings them). Goes on
where it was stopped. `--quick` takes 200 photos and one epoch of each step: a smoke test, not a
model.
"""

from __future__ import annotations

import argparse
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mammothbox.models.engines.text import GRAPH
from mammothbox.models.pulling import where
from mammothbox.settings import load_settings
from training import data, features, joint, names, self_critical, texts, train_captioner
from training.export import export
from training.team import together

WORKERS = 2


def prepare(media: Path, run: Path, *, limit: int | None) -> data.Split:
    """Features of photos, captions and label names; returns them."""
    folders, flickr = where(load_settings()), media / "photos/flickr8k"
    minilm, out = folders["minilm"], run / "train"
    pth = folders["efficientnet-lite2"] / "efficientnet-lite2.pth"
    if not (minilm / GRAPH).is_file():
        raise SystemExit("the published weights are missing; run: mammothbox models pull")
    features.extract(flickr / "train", pth, out, views=4, limit=limit)
    if not (out / "captions.json").exists():
        texts.extract(texts.captions_of(flickr / "captions.csv", "train"), minilm, out)
        names.write(minilm, out)
    return data.load(out)


def learn_joint(split: data.Split, run: Path, *, quick: bool) -> None:
    """The joint space's members and their turn into one space, learnt from every photo."""
    learn, choose = data.cut(len(split.names), held_out(quick))
    everything = np.arange(len(split.names))
    inputs = joint.inputs_of(split, run / "train", learn)
    for seed in range(1 if quick else joint.MEMBERS):
        epochs = 2 if quick else joint.EPOCHS
        joint.fit_member(
            inputs, split, run / "joint", seed=seed, learn=everything, choose=choose, epochs=epochs
        )
    joint.finish(run / "joint", inputs, split, everything, choose)


def learn_captioner(run: Path, minilm: Path, *, quick: bool) -> Path:
    """Cross-entropy, self-critical learning, and the mean of the two; returns the weights."""
    features, out = run / "train", run / "captioner"
    for planned, until in [(1, 1)] if quick else train_captioner.PLAN:
        together(
            partial(
                train_captioner.as_member,
                {
                    "features": features,
                    "out": out,
                    "minilm": minilm,
                    "epochs": planned,
                    "until": until,
                    "held_out": held_out(quick),
                },
            ),
            WORKERS,
        )
    together(
        partial(
            self_critical.as_member,
            {
                "features": features,
                "start": out / "xe.pt",
                "out": out,
                "epochs": 1 if quick else self_critical.EPOCHS,
                "held_out": held_out(quick),
            },
        ),
        WORKERS,
    )
    return self_critical.blend(out / "xe.pt", out / "sc.pt", out / "captioner.pt")


def held_out(quick: bool) -> int:
    """Photos to choose on."""
    return 50 if quick else data.HELD_OUT


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--run", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, help="where the graphs go; default RUN/weights")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(2)
    run = args.run / "quick" if args.quick else args.run
    split = prepare(args.media, run, limit=200 if args.quick else None)
    learn_joint(split, run, quick=args.quick)
    minilm = where(load_settings())["minilm"]
    best = learn_captioner(run, minilm, quick=args.quick)
    out = args.out or run / "weights"
    export(best, run / "joint", out)
    shutil.copy(Path(__file__).parents[1] / "src/mammothbox/models/weights/LICENSE", out)
    print(f"graphs in {out}; next: python -m training.calibrate --weights {out}")


if __name__ == "__main__":
    main()
