"""The features on disk as arrays, and the one cut of the training photos that choices are made on.

Place in the flow: `features` and `texts` write, everything after reads through here. The cut is
seeded: 1,000 photos of the training split are held out to choose on; the validation split is for
the report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mammothbox.models.engines.eyes_conse import TEMPERATURE, TOP
from mammothbox.models.engines.text import DIMENSIONS
from training.features import PLACES, SCALE
from training.texts import TOKENS

HELD_OUT = 1000
CUT_SEED = 20
FEATURES, CLASSES = 1280, 1000


@dataclass(frozen=True)
class Split:
    """One directory of features.

    Attributes:
        names: photo names; row of a view = photo x views + view.
        cells: rows x 81 x 1280, bytes (`SCALE` each), on disk.
        logits: rows x 1000.
        captions: sentences; `owner` gives each one's photo.
        sentence: captions x 384. tokens: captions x 24 x 384. mask: captions x 24.
    """

    names: list[str]
    views: int
    cells: np.ndarray
    logits: np.ndarray
    captions: list[str]
    owner: np.ndarray
    sentence: np.ndarray
    tokens: np.ndarray
    mask: np.ndarray

    def captions_by_photo(self) -> list[list[int]]:
        """For each photo the rows of its captions."""
        groups: list[list[int]] = [[] for _ in self.names]
        for row, photo in enumerate(self.owner):
            groups[photo].append(row)
        return groups


def load(folder: Path) -> Split:
    """The features that `features` and `texts` wrote into `folder`."""
    names = (folder / "names.txt").read_text().split()
    logits = np.fromfile(folder / "logits.f16", np.float16).reshape(-1, CLASSES)
    cells = np.memmap(folder / "cells.u8", np.uint8, "r").reshape(-1, PLACES, FEATURES)
    index = {name: i for i, name in enumerate(names)}
    rows = [(n, c) for n, c in json.loads((folder / "captions.json").read_text())]
    keep = [i for i, (name, _) in enumerate(rows) if name in index]
    tokens = np.memmap(folder / "tokens.f16", np.float16, "r").reshape(-1, TOKENS, DIMENSIONS)
    return Split(
        names=names,
        views=len(logits) // len(names),
        cells=cells,
        logits=logits,
        captions=[rows[i][1] for i in keep],
        owner=np.array([index[rows[i][0]] for i in keep]),
        sentence=np.fromfile(folder / "sentence.f16", np.float16).reshape(-1, DIMENSIONS)[keep],
        tokens=tokens[keep] if len(keep) < len(rows) else tokens,
        mask=np.fromfile(folder / "mask.u8", np.uint8).reshape(-1, TOKENS)[keep],
    )


def cut(photos: int, held_out: int = HELD_OUT) -> tuple[np.ndarray, np.ndarray]:
    """(photos to learn from, photos to choose on), both sorted."""
    order = np.random.default_rng(CUT_SEED).permutation(photos)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def pooled(split: Split, chunk: int = 512) -> np.ndarray:
    """rows x 2560 float16: mean and maximum over the places of each view."""
    parts = []
    for start in range(0, len(split.cells), chunk):
        block = split.cells[start : start + chunk]
        mean = block.mean(axis=1, dtype=np.float32) * SCALE
        top = block.max(axis=1).astype(np.float32) * SCALE
        parts.append(np.concatenate([mean, top], axis=1).astype(np.float16))
    return np.concatenate(parts)


def label_vectors(split: Split, folder: Path) -> torch.Tensor:
    """rows x 384: each view's label distribution times the names' vectors, length 1."""
    names = torch.from_numpy(np.load(folder / "names.npy"))
    logits = torch.from_numpy(split.logits.astype(np.float32))
    weights = torch.softmax(logits / TEMPERATURE, dim=1)
    floor = weights.topk(TOP, dim=1).values[:, -1:]
    return torch.nn.functional.normalize((weights * (weights >= floor)) @ names, dim=1)
