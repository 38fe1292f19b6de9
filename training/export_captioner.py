"""Writes the trained captioner as the two ONNX graphs that ship.

The graphs do the same sums as the PyTorch module (a test compares them). Place in the flow:
`export` calls this; `eyes_captioner` in the package runs what it writes.
"""

from __future__ import annotations

import math
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


def write_memory(model: net.Captioner, target: Path) -> None:
    """Cells and label vector in; keys (layers x N x heads x size x 26) and values out."""
    shape, write = model.shape, Writer("eyes_memory")
    add, heads, size = write.graph.add, shape.heads, shape.width // shape.heads
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
    for name, part, perm in (("keys", 0, [0, 2, 3, 1]), ("values", 1, [0, 2, 1, 3])):
        each = [
            add(
                "Unsqueeze",
                [
                    write.split(
                        write.linear(x, half(one.cross.key_value, part)), heads, size, perm
                    ),
                    write.ints(0),
                ],
            )
            for one in model.decoder
        ]
        add("Concat", each, name, axis=0)
    layers, kept = len(model.decoder), shape.grid**2 + 1
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


def write_step(model: net.Captioner, target: Path) -> None:
    """One word further for R = photos x beams rows; `source` says which row each one continues."""
    shape, write = model.shape, Writer("eyes_step")
    add, heads, size = write.graph.add, shape.heads, shape.width // shape.heads
    layers = len(model.decoder)
    words = write.array(model.words.weight * math.sqrt(shape.width))
    place = add("Gather", [write.array(model.order), "at"])
    x = add("Unsqueeze", [add("Add", [add("Gather", [words, "ids"]), place]), write.ints(1)])
    photos = add("Slice", [add("Shape", ["keys"]), write.ints(1), write.ints(2)])
    rows = add("Concat", [photos, write.ints(-1, heads, size)], axis=0)
    keys, values = [], []
    for index, layer in enumerate(model.decoder):
        x, key, value = _step_layer(write, layer, index, x, rows, heads, size)
        keys.append(add("Unsqueeze", [key, write.ints(0)]))
        values.append(add("Unsqueeze", [value, write.ints(0)]))
    add("Concat", keys, "now_keys", axis=0)
    add("Concat", values, "now_values", axis=0)
    x = add("Squeeze", [write.norm(x, model.norm_output), write.ints(1)])
    bias = model.bias.detach().clone()
    bias[[net.PAD, net.BOS, net.UNKNOWN]] = HIDDEN
    # One table for the words read and the words said: it is a tenth of what ships.
    scores = add("Gemm", [x, words, write.array(bias)], alpha=1 / math.sqrt(shape.width), transB=1)
    chances = add("LogSoftmax", [scores], axis=-1)
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


def write_captioner(model: net.Captioner, words: list[str], out: Path) -> None:
    """Both graphs and the words into `out`."""
    model.eval().float()
    write_memory(model, out / "eyes_memory.onnx")
    write_step(model, out / "eyes_step.onnx")
    (out / "caption_words.txt").write_text("".join(f"{word}\n" for word in words))
