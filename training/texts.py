"""What MiniLM makes of every caption, computed once and kept on disk.

Second step of the recipe; the sentence model is frozen too. Writes `captions.json` (rows of photo
name and sentence, in order), `sentence.f16` (rows x 384), `tokens.f16` (rows x 24 x 384) and
`mask.u8`.

    python -m training.texts --captions captions.csv --split train --minilm DIR --out DIR/features
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from mammothbox.models.engines.sessions import open_session
from mammothbox.models.engines.text import DIMENSIONS, GRAPH, TextEngine

TOKENS = 24
"""Tokens kept of a caption, the start and end marks included; 1 % are longer."""


def captions_of(table: Path, split: str) -> list[tuple[str, str]]:
    """(photo name, sentence) of one split, in the table's order."""
    with table.open(encoding="utf-8") as file:
        return [(r["image"], r["caption"]) for r in csv.DictReader(file) if r["split"] == split]


def extract(rows: list[tuple[str, str]], minilm: Path, out: Path, threads: int = 2) -> None:
    """Write the features of all sentences of `rows` into the directory `out`."""
    out.mkdir(parents=True, exist_ok=True)
    engine = TextEngine(minilm, threads)
    session = open_session(minilm / GRAPH, threads)
    sentence = np.zeros((len(rows), DIMENSIONS), np.float16)
    tokens = np.zeros((len(rows), TOKENS, DIMENSIONS), np.float16)
    mask = np.zeros((len(rows), TOKENS), np.uint8)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][1]))
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        ids, here = engine.tokenize([rows[index][1] for index in chosen])
        pooled, states = session.run(["embedding", "tokens"], {"ids": ids, "mask": here})
        kept = min(TOKENS, ids.shape[1])
        sentence[chosen] = pooled
        tokens[chosen, :kept] = states[:, :kept]
        mask[chosen, :kept] = here[:, :kept]
    sentence.tofile(out / "sentence.f16")
    tokens.tofile(out / "tokens.f16")
    mask.tofile(out / "mask.u8")
    (out / "captions.json").write_text(json.dumps(rows))


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--split", required=True)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    extract(captions_of(args.captions, args.split), args.minilm, args.out)


if __name__ == "__main__":
    main()
