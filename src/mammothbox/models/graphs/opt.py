"""OPT, the language half of BLIP-2, as an ONNX graph with a cache of keys and values.

Place in the flow: `blip2.build` writes it. ``states`` float32 N x T x D are words or pictures as
vectors; the learnt positions are added in the graph. For each layer the cache goes in as
``past.key.i`` (N x H x deep x P, turned for the product to come) and ``past.value.i``
(N x H x P x deep), and comes out T longer as ``key.i`` and ``value.i``. ``logits`` N x words are of
the last state alone. Knows nothing of tokenising or of choosing words.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.layers import Layers, Tensors
from mammothbox.records import Json

OFFSET = 2
"""Rows of the table of positions before that of the first word."""

EPSILON = 1e-5
_MASKED = -1e9
_BODY = "language_model.model.decoder"
_TABLE = f"{_BODY}.embed_tokens.weight"
_HEAD = "language_model.lm_head.weight"

_USUAL = {"num_attention_heads": 32, "num_hidden_layers": 32, "activation_function": "relu"}
_ONE_WAY = {"do_layer_norm_before": True, "enable_bias": True, "_remove_final_layer_norm": False}

Doors = list[tuple[str, Any, Sequence[int | str]]]


def _sizes(shards: Tensors, config: Json) -> tuple[int, int, int]:
    """(layers, heads, width).

    Raises:
        WeightsCorrupt: an OPT of another make.
    """
    if config.get("model_type", "opt") != "opt":
        raise WeightsCorrupt(f"a language model of the make {config['model_type']!r}")
    width = shards.shape(f"{_BODY}.embed_positions.weight")[1]
    if any(config.get(name, value) != value for name, value in _ONE_WAY.items()):
        raise WeightsCorrupt("an OPT that normalises after its layers, or has no biases")
    if shards.shape(_TABLE)[1] != width:
        raise WeightsCorrupt("an OPT whose words are narrower than its layers")
    chosen = {**_USUAL, **config}
    return int(chosen["num_hidden_layers"]), int(chosen["num_attention_heads"]), width


def doors(shards: Tensors, config: Json) -> tuple[Doors, Doors]:
    """Inputs and outputs of the graph, as `GraphBuilder.save` takes them."""
    layers, heads, width = _sizes(shards, config)
    deep = width // heads
    inputs: Doors = [("states", np.float32, ("n", "t", width))]
    outputs: Doors = [("logits", np.float32, ("n", shards.shape(_TABLE)[0]))]
    for index in range(layers):
        inputs.append((f"past.key.{index}", np.float32, ("n", heads, deep, "p")))
        inputs.append((f"past.value.{index}", np.float32, ("n", heads, "p", deep)))
        outputs.append((f"key.{index}", np.float32, ("n", heads, deep, "all")))
        outputs.append((f"value.{index}", np.float32, ("n", heads, "all", deep)))
    return inputs, outputs


def speak(layers: Layers, config: Json) -> None:
    """Write the graph's nodes."""
    count, heads, width = _sizes(layers.shards, config)
    act, add = str({**_USUAL, **config}["activation_function"]), layers.graph.add
    before = _size(layers, "past.value.0", 2)
    after = add("Add", [before, _size(layers, "states", 1)])
    x = add("Add", ["states", _positions(layers, before, after)])
    bias = _ahead(layers, before, after)
    for index in range(count):
        x = _layer(layers, x, index, heads, width, bias, act)
    last = add("Slice", [x, layers.ints(-1), layers.ints(2**31), layers.ints(1)])
    last = add("Reshape", [last, layers.ints(-1, width)])
    last = layers.norm(last, f"{_BODY}.final_layer_norm", EPSILON)
    head = _HEAD if _HEAD in layers.shards else _TABLE
    add("Identity", [layers.matrix(last, head)], "logits")


def _size(layers: Layers, value: str, axis: int) -> str:
    shape = layers.graph.add("Shape", [value])
    return layers.graph.add("Slice", [shape, layers.ints(axis), layers.ints(axis + 1)])


def _positions(layers: Layers, before: str, after: str) -> str:
    add, offset = layers.graph.add, layers.ints(OFFSET)
    table = layers.weight(f"{_BODY}.embed_positions.weight")
    ends = [add("Add", [end, offset]) for end in (before, after)]
    return add("Slice", [table, *ends, layers.ints(0)])


def _ahead(layers: Layers, before: str, after: str) -> str:
    """T x all: what each state must not see yet, for adding to scores."""
    add, zero = layers.graph.add, layers.graph.constant(np.int64(0))
    one = layers.graph.constant(np.int64(1))
    flat = layers.graph.constant(np.array([], np.int64))
    first, end = (add("Reshape", [value, flat]) for value in (before, after))
    rows = add("Unsqueeze", [add("Range", [first, end, one]), layers.ints(1)])
    later = add("Greater", [add("Range", [zero, end, one]), rows])
    return add("Where", [later, layers.scalar(_MASKED), layers.scalar(0.0)])


def _layer(layers: Layers, x: str, index: int, heads: int, width: int, bias: str, act: str) -> str:
    add, name = layers.graph.add, f"{_BODY}.layers.{index}"
    normed = layers.norm(x, f"{name}.self_attn_layer_norm", EPSILON)
    parts = {p: layers.linear(normed, f"{name}.self_attn.{p}_proj") for p in ("q", "k", "v")}
    query = add("Mul", [parts["q"], layers.scalar((width // heads) ** -0.5)])
    key = layers.heads(parts["k"], heads, width, turned=True)
    value = layers.heads(parts["v"], heads, width)
    key = add("Concat", [f"past.key.{index}", key], f"key.{index}", axis=3)
    value = add("Concat", [f"past.value.{index}", value], f"value.{index}", axis=2)
    seen = layers.attend(layers.heads(query, heads, width), key, value, bias, width)
    x = add("Add", [x, layers.linear(seen, f"{name}.self_attn.out_proj")])
    wide = layers.linear(layers.norm(x, f"{name}.final_layer_norm", EPSILON), f"{name}.fc1")
    return add("Add", [x, layers.linear(layers.activation(wide, act), f"{name}.fc2")])


def write_words(shards: Tensors, target: Path, dtype: npt.DTypeLike) -> None:
    """The table of words as an `.npy` file, which is read by rows: one word's vector each."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        table = np.lib.format.open_memmap(part, "w+", np.dtype(dtype), shards.shape(_TABLE))
        at = 0
        for rows in shards.blocks(_TABLE):
            table[at : at + len(rows)] = rows
            at += len(rows)
        table.flush()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
