"""Sentence vectors of the backbone's label names, for the label vectors of photos.

python -m training.names --minilm DIR --out DIR/features [--ship src/mammothbox/models/weights]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from mammothbox.models.engines.eyes_labels import label_names
from mammothbox.models.engines.text import TextEngine


def write(minilm: Path, out: Path, ship: Path | None = None) -> None:
    """`names.npy` (1000 x 384) into `out`; half precision into `ship`, for the package."""
    vectors = TextEngine(minilm, 2).embed(label_names())
    np.save(out / "names.npy", vectors)
    if ship:
        np.save(ship / "imagenet_label_vectors.npy", vectors.astype(np.float16))


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ship", type=Path)
    args = parser.parse_args()
    write(args.minilm, args.out, args.ship)


if __name__ == "__main__":
    main()
