"""The whole recipe in a row: `python -m training --media DIR` (`make train ARGS="--media DIR"`).

Takes the published weights from the user's cache (`mammothbox models pull` brings them). Goes on
where it was stopped. `--quick` takes 160 photos and a few epochs of each step: a smoke test of a
minute, not a model.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import torch

from mammothbox.models.engines.text import GRAPH
from mammothbox.models.pulling import where
from mammothbox.settings import load_settings
from training import calibrate, data, features, joint, members, names, texts
from training.export import export

QUICK_PHOTOS = 160
QUICK = members.Plan(epochs=6, tuned=1, held_out=32)


def prepare(media: Path, run: Path, *, limit: int | None) -> data.Split:
    """Features of photos, captions and label names; returns them."""
    folders, flickr = where(load_settings()), media / "photos/flickr8k"
    minilm, out = folders["minilm"], run / "train"
    pth = folders["efficientnet-lite2"] / "efficientnet-lite2.pth"
    if not (minilm / GRAPH).is_file():
        raise SystemExit("the published weights are missing; run: mammothbox models pull")
    features.extract(flickr / "train", pth, out, views=4, limit=limit)
    if not (out / "captions.json").exists():
        rows = texts.captions_of(flickr / "captions.csv", "train")
        seen = set((out / "names.txt").read_text().split())
        texts.extract([row for row in rows if row[0] in seen], minilm, out)
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


def held_out(quick: bool) -> int:
    """Photos that the joint space chooses on."""
    return QUICK.held_out if quick else data.HELD_OUT


def recipe(media: Path, run: Path, out: Path, *, quick: bool = False) -> None:
    """All steps: features, joint space, captioners, graphs and `eyes.json` into `out`.

    Args:
        media: directory that holds `photos/flickr8k`.
        run: directory of everything in between; a second start goes on from what is there.
        out: directory of what could ship.
        quick: few photos, few epochs.
    """
    torch.set_num_threads(2)
    split = prepare(media, run, limit=QUICK_PHOTOS if quick else None)
    learn_joint(split, run, quick=quick)
    minilm = where(load_settings())["minilm"]
    plan = QUICK if quick else members.Plan()
    captioners = members.learn(run / "train", run / "captioner", minilm, plan)
    export(captioners, run / "joint", out)
    shutil.copy(Path(__file__).parents[1] / "src/mammothbox/models/weights/LICENSE", out)
    calibrate.calibrate(split, out, plan.held_out)


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--run", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, help="where the graphs go; default RUN/weights")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    run = args.run / "quick" if args.quick else args.run
    out = args.out or run / "weights"
    recipe(args.media, run, out, quick=args.quick)
    print(f"graphs in {out}")


if __name__ == "__main__":
    main()
