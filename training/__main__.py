"""The whole recipe in a row: `python -m training --media DIR` (`make train ARGS="--media DIR"`).

Takes the published weights from the user's cache (`mammothbox models pull` brings them). Goes on
where it was stopped. `--quick` takes 200 photos and one epoch of each step: a smoke test, not a
model.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from mammothbox.models.engines.text import GRAPH
from mammothbox.models.pulling import where
from mammothbox.settings import load_settings
from training import data, features, joint, names, self_critical, texts, train_captioner
from training.export import export


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


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--run", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, help="where the graphs go; default RUN/weights")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(2)
    run, quick = args.run / "quick" if args.quick else args.run, args.quick
    split = prepare(args.media, run, limit=200 if quick else None)
    learn, choose = data.cut(len(split.names), 50 if quick else data.HELD_OUT)
    inputs = joint.inputs_of(split, run / "train", learn)
    for seed in range(1 if quick else joint.MEMBERS):
        epochs = 2 if quick else 20
        joint.fit_member(
            inputs, split, run / "joint", seed=seed, learn=learn, choose=choose, epochs=epochs
        )
    joint.finish(run / "joint", inputs, split, learn, choose)
    captioner, labels = run / "captioner", inputs.labels
    start = train_captioner.fit(
        split,
        labels,
        captioner,
        learn=learn,
        choose=choose,
        epochs=1 if quick else train_captioner.EPOCHS,
        minilm=where(load_settings())["minilm"],
    )
    best = self_critical.fit(
        split,
        labels,
        start,
        captioner,
        learn=learn,
        choose=choose,
        epochs=1 if quick else self_critical.EPOCHS,
        rate=self_critical.RATE,
    )
    out = args.out or run / "weights"
    export(best, run / "joint", out)
    shutil.copy(Path(__file__).parents[1] / "src/mammothbox/models/weights/LICENSE", out)
    print(f"graphs in {out}; next: python -m training.calibrate --weights {out}")


if __name__ == "__main__":
    main()
