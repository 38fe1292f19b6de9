"""Writes the trained captioners as the two ONNX graphs that ship.

The graphs do the same sums as the PyTorch modules (a test compares them). Members speak together:
the mean of their scores chooses a word, and what they keep lies side by side like more layers of
one. Place in the flow: `export` calls this; `eyes_captioner` in the package runs what it writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from training import captioner as net
from training.onnx_layers import Writer

HIDDEN = -1e9
"""Score of a word that must never be said."""

BEST = 8
"""Best next words a row that the step graph gives: enough for beams up to 4."""


def inner(write: Writer, x: str, layer: net.Layer) -> str:
    """The position-wise network with its residual."""
    wide = write.gelu(write.linear(write.norm(x, layer.norm_inner), layer.widen))
    return write.graph.add("Add", [x, write.linear(wide, layer.narrow)])


def half(layer: nn.Linear, part: int) -> nn.Linear:
    """The key (0) or value (1) half of a joined layer."""
    width = layer.out_features // 2
    made = nn.Linear(layer.in_features, width)
    made.weight.data = layer.weight.data[part * width : (part + 1) * width]
    made.bias.data = layer.bias.data[part * width : (part + 1) * width]
    return made


def _remember(write: Writer, model: net.Captioner) -> tuple[list[str], list[str]]:
    """One member's memory: keys and values of each of its decoder layers."""
    shape, add = model.shape, write.graph.add
    heads, size = shape.heads, shape.width // shape.heads
    mean = add("ReduceMean", ["cells"], axes=[1], keepdims=0)
    whole = write.linear(add("Concat", [mean, "labels"], axis=1), model.whole)
    whole = add("Unsqueeze", [whole, write.ints(1)])
    pooled = add("MatMul", [write.array(model.pool), "cells"])
    places = add("Add", [write.linear(pooled, model.cells), write.array(model.places)])
    x = write.norm(add("Concat", [whole, places], axis=1), model.norm_input)
    layer = model.encoder
    y, kv = write.norm(x, layer.norm_self), layer.attend.key_value
    query = write.split(write.linear(y, layer.attend.query), heads, size, [0, 2, 1, 3])
    key = write.split(write.linear(y, half(kv, 0)), heads, size, [0, 2, 3, 1])
    value = write.split(write.linear(y, half(kv, 1)), heads, size, [0, 2, 1, 3])
    found = write.look_up(query, key, value, size)
    found = add("Reshape", [found, write.ints(0, 0, shape.width)])
    x = add("Add", [x, write.linear(found, layer.attend.out)])
    x = write.norm(inner(write, x, layer), model.norm_memory)

    def part_of(one: net.Layer, part: int, perm: list[int]) -> str:
        made = write.split(write.linear(x, half(one.cross.key_value, part)), heads, size, perm)
        return add("Unsqueeze", [made, write.ints(0)])

    keys = [part_of(one, 0, [0, 2, 3, 1]) for one in model.decoder]
    return keys, [part_of(one, 1, [0, 2, 1, 3]) for one in model.decoder]


def write_memory(models: Sequence[net.Captioner], target: Path) -> None:
    """Cells and label vector in; keys (layers x N x heads x size x 26) and values out.

    Layers are those of all members, one member's after the other's.
    """
    shape, write = models[0].shape, Writer("eyes_memory")
    each = [_remember(write, model) for model in models]
    for name, part in (("keys", 0), ("values", 1)):
        write.graph.add("Concat", [one for member in each for one in member[part]], name, axis=0)
    layers, kept = sum(len(model.decoder) for model in models), shape.grid**2 + 1
    heads, size = shape.heads, shape.width // shape.heads
    write.graph.save(
        target,
        [
            ("cells", np.float32, ("n", shape.side**2, shape.features)),
            ("labels", np.float32, ("n", shape.labels)),
        ],
        [
            ("keys", np.float32, (layers, "n", heads, size, kept)),
            ("values", np.float32, (layers, "n", heads, kept, size)),
        ],
    )


def _step_layer(
    write: Writer, layer: net.Layer, index: int, x: str, rows: str, heads: int, size: int
) -> tuple[str, str, str]:
    """One decoder layer: the new x (R x 1 x width) and the layer's keys and values so far."""
    add, width = write.graph.add, heads * size
    y, kv, by_row = write.norm(x, layer.norm_self), layer.attend.key_value, [0, 2, 1, 3]
    now = {}
    for name, part in (("past_keys", 0), ("past_values", 1)):
        new = write.split(write.linear(y, half(kv, part)), heads, size, by_row)
        past = add("Gather", [name, write.graph.constant(np.int64(index))], axis=0)
        now[name] = add("Concat", [add("Gather", [past, "source"], axis=0), new], axis=2)
    query = write.split(write.linear(y, layer.attend.query), heads, size, by_row)
    key = add("Transpose", [now["past_keys"]], perm=[0, 1, 3, 2])
    found = write.look_up(query, key, now["past_values"], size)
    found = add("Reshape", [found, write.ints(0, 0, width)])
    x = add("Add", [x, write.linear(found, layer.attend.out)])
    # Beams of a photo share its memory: R x 1 rows become N x beams.
    query = write.linear(write.norm(x, layer.norm_cross), layer.cross.query)
    query = add("Transpose", [add("Reshape", [query, rows])], perm=by_row)
    memory = [
        add("Gather", [name, write.graph.constant(np.int64(index))], axis=0)
        for name in ("keys", "values")
    ]
    found = write.look_up(query, memory[0], memory[1], size)
    found = add("Reshape", [found, write.ints(-1, 1, width)])
    x = add("Add", [x, write.linear(found, layer.cross.out)])
    return inner(write, x, layer), now["past_keys"], now["past_values"]


def _score(
    write: Writer, model: net.Captioner, first: int, rows: str, kept: tuple[list[str], list[str]]
) -> str:
    """One member's scores of the next words; its layers count from `first`; fills `kept`."""
    shape, add = model.shape, write.graph.add
    heads, size = shape.heads, shape.width // shape.heads
    words = write.array(model.words.weight * math.sqrt(shape.width))
    place = add("Gather", [write.array(model.order), "at"])
    x = add("Unsqueeze", [add("Add", [add("Gather", [words, "ids"]), place]), write.ints(1)])
    for index, layer in enumerate(model.decoder, first):
        x, key, value = _step_layer(write, layer, index, x, rows, heads, size)
        kept[0].append(add("Unsqueeze", [key, write.ints(0)]))
        kept[1].append(add("Unsqueeze", [value, write.ints(0)]))
    x = add("Squeeze", [write.norm(x, model.norm_output), write.ints(1)])
    bias = model.bias.detach().clone()
    bias[[net.PAD, net.BOS, net.UNKNOWN]] = HIDDEN
    # One table for the words read and the words said: it is a tenth of what ships.
    alpha = 1 / math.sqrt(shape.width)
    return add("Gemm", [x, words, write.array(bias)], alpha=alpha, transB=1)


def write_step(models: Sequence[net.Captioner], target: Path) -> None:
    """One word further for R = photos x beams rows; `source` says which row each one continues."""
    shape, write = models[0].shape, Writer("eyes_step")
    add, heads, size = write.graph.add, shape.heads, shape.width // shape.heads
    photos = add("Slice", [add("Shape", ["keys"]), write.ints(1), write.ints(2)])
    rows = add("Concat", [photos, write.ints(-1, heads, size)], axis=0)
    kept: tuple[list[str], list[str]] = ([], [])
    scores = [_score(write, model, len(kept[0]), rows, kept) for model in models]
    layers = len(kept[0])
    add("Concat", kept[0], "now_keys", axis=0)
    add("Concat", kept[1], "now_values", axis=0)
    together = add("Mean", scores) if len(scores) > 1 else scores[0]
    chances = add("LogSoftmax", [together], axis=-1)
    write.graph.add_many("TopK", [chances, write.ints(BEST)], ["best", "best_ids"], axis=-1)
    past = (layers, "r", heads, "t", size)
    write.graph.save(
        target,
        [
            ("ids", np.int64, ("r",)),
            ("at", np.int64, ()),
            ("source", np.int64, ("r",)),
            ("past_keys", np.float32, (layers, "p", heads, "t", size)),
            ("past_values", np.float32, (layers, "p", heads, "t", size)),
            ("keys", np.float32, (layers, "n", heads, size, shape.grid**2 + 1)),
            ("values", np.float32, (layers, "n", heads, shape.grid**2 + 1, size)),
        ],
        [
            ("best", np.float32, ("r", BEST)),
            ("best_ids", np.int64, ("r", BEST)),
            ("now_keys", np.float32, (*past[:3], "t1", size)),
            ("now_values", np.float32, (*past[:3], "t1", size)),
        ],
    )


def write_captioner(models: Sequence[net.Captioner], words: list[str], out: Path) -> None:
    """Both graphs and the words into `out`; the members share sizes and words."""
    for model in models:
        model.eval().float()
    write_memory(models, out / "eyes_memory.onnx")
    write_step(models, out / "eyes_step.onnx")
    (out / "caption_words.txt").write_text("".join(f"{word}\n" for word in words))
