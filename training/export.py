"""Writes everything that ships into the package's `models/weights`. Last step of the recipe.

    python -m training.export --run DIR --out src/mammothbox/models/weights

`--run` holds what the steps before wrote: `captioner/member*/captioner.pt`, `joint/member*.pt` and
`joint/standard.npz`. Tables are stored as few levels and packed (`--plain` leaves them as they
are).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training import joint
from training.export_captioner import write_captioner
from training.export_joint import write_image, write_sentence
from training.onnx_layers import quantise
from training.train_captioner import load

GRAPHS = ("eyes_memory.onnx", "eyes_step.onnx", "eyes_image.onnx", "eyes_sentence.onnx")


def export(captioners: Sequence[Path], heads: Path, out: Path, *, plain: bool = False) -> None:
    """All graphs and the words into `out`; the captioners speak together."""
    out.mkdir(parents=True, exist_ok=True)
    models, words = zip(*map(load, captioners), strict=True)
    if any(some != words[0] for some in words):
        raise ValueError("the captioners do not share their words")
    write_captioner(models, words[0], out)
    pairs, standard = joint.load_members(heads), np.load(heads / "standard.npz")
    write_image(pairs, standard, out)
    write_sentence(pairs, standard["keep"], out)
    for name in () if plain else GRAPHS:
        quantise(out / name)


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plain", action="store_true")
    args = parser.parse_args()
    captioners = sorted(args.run.glob("captioner/member*/captioner.pt"))
    export(captioners, args.run / "joint", args.out, plain=args.plain)


if __name__ == "__main__":
    main()
