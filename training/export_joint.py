"""Writes the joint space's heads as the two ONNX graphs that ship.

``eyes_image.onnx``: cells and label vectors to N x 512. ``eyes_sentence.onnx``: MiniLM's sentence
vectors, tokens and mask to N x 512. Members stand side by side, turned into the main directions;
rows have length 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from training import data, joint
from training.onnx_layers import Writer


def _unit(write: Writer, x: str, output: str = "") -> str:
    length = write.graph.add("ReduceL2", [x], axes=[-1], keepdims=1)
    floor = write.array(torch.tensor(1e-12))
    return write.graph.add("Div", [x, write.graph.add("Max", [length, floor])], output)


def _side_by_side(write: Writer, parts: list[str], keep: np.ndarray) -> None:
    joined = write.graph.add("Concat", parts, axis=-1)
    _unit(write, write.graph.add("MatMul", [joined, write.array(torch.tensor(keep))]), "vector")


def write_image(pairs: list[joint.Pair], numbers: Mapping[str, np.ndarray], out: Path) -> None:
    """The photo's side; `numbers` holds ``mean``, ``spread`` and ``keep`` of `joint`."""
    write = Writer("eyes_image")
    add = write.graph.add
    average = add("ReduceMean", ["cells"], axes=[1], keepdims=0)
    most = add("ReduceMax", ["cells"], axes=[1], keepdims=0)
    seen = add(
        "Sub", [add("Concat", [average, most], axis=1), write.array(torch.tensor(numbers["mean"]))]
    )
    standard = add("Div", [seen, write.array(torch.tensor(numbers["spread"]))])
    labels = add("Mul", ["labels", write.array(torch.tensor(joint.LABEL_SCALE))])
    x = add("Concat", [standard, labels], axis=1)
    parts = []
    for head, _ in pairs:
        bent = write.linear(write.gelu(write.linear(x, head.first)), head.second)
        parts.append(_unit(write, add("Add", [bent, write.linear(x, head.straight)])))
    _side_by_side(write, parts, numbers["keep"])
    cells, labels_in = ("n", 81, data.FEATURES), ("n", 384)
    write.graph.save(
        out / "eyes_image.onnx",
        [("cells", np.float32, cells), ("labels", np.float32, labels_in)],
        [("vector", np.float32, ("n", joint.SPACE))],
    )


def write_sentence(pairs: list[joint.Pair], keep: np.ndarray, out: Path) -> None:
    """The sentence's side."""
    write = Writer("eyes_sentence")
    add, number = write.graph.add, lambda value: write.array(torch.tensor(value))
    here = add("Cast", ["mask"], to=1)
    away = add("Mul", [add("Sub", [number(1.0), here]), number(-1e4)])
    away = add("Unsqueeze", [away, write.ints(2)])
    parts = []
    for _, head in pairs:
        x = write.gelu(write.linear("tokens", head.first))
        x = write.gelu(write.linear(x, head.second))
        strongest = add("ReduceMax", [add("Add", [x, away])], axes=[1], keepdims=0)
        straight = add("Mul", [write.linear("sentence", head.straight), number(4.0)])
        parts.append(_unit(write, add("Add", [straight, write.linear(strongest, head.out)])))
    _side_by_side(write, parts, keep)
    write.graph.save(
        out / "eyes_sentence.onnx",
        [
            ("sentence", np.float32, ("n", 384)),
            ("tokens", np.float32, ("n", "t", 384)),
            ("mask", np.int64, ("n", "t")),
        ],
        [("vector", np.float32, ("n", joint.SPACE))],
    )
