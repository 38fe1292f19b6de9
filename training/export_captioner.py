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

Value = tuple[str, type[np.generic], tuple[int | str, ...]]
"""Name, kind and shape of an input or output."""


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


def _remember(write: Writer, model: net.Captioner, first: int) -> None:
    """One member's memory: keys and values of its decoder layers, which count from `first`."""
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
    for index, one in enumerate(model.decoder, first):
        for name, part, perm in (("keys", 0, [0, 2, 3, 1]), ("values", 1, [0, 2, 1, 3])):
            seen = write.linear(x, half(one.cross.key_value, part))
            write.split(seen, heads, size, perm, f"{name}_{index}")


def _each(name: str, layers: int, shape: tuple[int | str, ...]) -> list[Value]:
    """One input or output a layer: stacked ones would be copied apart and together at each run."""
    return [(f"{name}_{index}", np.float32, shape) for index in range(layers)]


def write_memory(models: Sequence[net.Captioner], target: Path) -> None:
    """Cells and label vector in; keys (N x heads x size x 26) and values of each layer out.

    Layers are those of all members, one member's after the other's.
    """
    shape, write = models[0].shape, Writer("eyes_memory")
    for index, model in enumerate(models):
        _remember(write, model, index * len(model.decoder))
    layers, kept = sum(len(model.decoder) for model in models), shape.grid**2 + 1
    heads, size = shape.heads, shape.width // shape.heads
    write.graph.save(
        target,
        [
            ("cells", np.float32, ("n", shape.side**2, shape.features)),
            ("labels", np.float32, ("n", shape.labels)),
        ],
        [
            *_each("keys", layers, ("n", heads, size, kept)),
            *_each("values", layers, ("n", heads, kept, size)),
        ],
    )


def _step_layer(
    write: Writer, layer: net.Layer, index: int, x: str, rows: str, heads: int, size: int
) -> str:
    """One decoder layer: the new x (R x 1 x width); names the layer's keys and values so far."""
    add, width = write.graph.add, heads * size
    y, kv, by_row = write.norm(x, layer.norm_self), layer.attend.key_value, [0, 2, 1, 3]
    now = {}
    for name, part in (("keys", 0), ("values", 1)):
        new = write.split(write.linear(y, half(kv, part)), heads, size, by_row)
        past = add("Gather", [f"past_{name}_{index}", "source"], axis=0)
        now[name] = add("Concat", [past, new], f"now_{name}_{index}", axis=2)
    query = write.split(write.linear(y, layer.attend.query), heads, size, by_row)
    key = add("Transpose", [now["keys"]], perm=[0, 1, 3, 2])
    found = write.look_up(query, key, now["values"], size)
    found = add("Reshape", [found, write.ints(0, 0, width)])
    x = add("Add", [x, write.linear(found, layer.attend.out)])
    # Beams of a photo share its memory: R x 1 rows become N x beams.
    query = write.linear(write.norm(x, layer.norm_cross), layer.cross.query)
    query = add("Transpose", [add("Reshape", [query, rows])], perm=by_row)
    found = write.look_up(query, f"keys_{index}", f"values_{index}", size)
    found = add("Reshape", [found, write.ints(-1, 1, width)])
    x = add("Add", [x, write.linear(found, layer.cross.out)])
    return inner(write, x, layer)


def _score(write: Writer, model: net.Captioner, first: int, rows: str) -> str:
    """One member's scores of the next words; its layers count from `first`."""
    shape, add = model.shape, write.graph.add
    heads, size = shape.heads, shape.width // shape.heads
    words = write.array(model.words.weight * math.sqrt(shape.width))
    place = add("Gather", [write.array(model.order), "at"])
    x = add("Unsqueeze", [add("Add", [add("Gather", [words, "ids"]), place]), write.ints(1)])
    for index, layer in enumerate(model.decoder, first):
        x = _step_layer(write, layer, index, x, rows, heads, size)
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
    photos = add("Slice", [add("Shape", ["keys_0"]), write.ints(0), write.ints(1)])
    rows = add("Concat", [photos, write.ints(-1, heads, size)], axis=0)
    deep = len(models[0].decoder)
    scores = [_score(write, model, at * deep, rows) for at, model in enumerate(models)]
    layers, kept = deep * len(models), shape.grid**2 + 1
    together = add("Mean", scores) if len(scores) > 1 else scores[0]
    chances = add("LogSoftmax", [together], axis=-1)
    write.graph.add_many("TopK", [chances, write.ints(BEST)], ["best", "best_ids"], axis=-1)
    past, now = ("p", heads, "t", size), ("r", heads, "t1", size)
    write.graph.save(
        target,
        [
            ("ids", np.int64, ("r",)),
            ("at", np.int64, ()),
            ("source", np.int64, ("r",)),
            *_each("past_keys", layers, past),
            *_each("past_values", layers, past),
            *_each("keys", layers, ("n", heads, size, kept)),
            *_each("values", layers, ("n", heads, kept, size)),
        ],
        [
            ("best", np.float32, ("r", BEST)),
            ("best_ids", np.int64, ("r", BEST)),
            *_each("now_keys", layers, now),
            *_each("now_values", layers, now),
        ],
    )


def write_captioner(models: Sequence[net.Captioner], words: list[str], out: Path) -> None:
    """Both graphs and the words into `out`; the members share sizes and words."""
    for model in models:
        model.eval().float()
    write_memory(models, out / "eyes_memory.onnx")
    write_step(models, out / "eyes_step.onnx")
    (out / "caption_words.txt").write_text("".join(f"{word}\n" for word in words))
