"""BLIP-2 as two ONNX graphs and a table of words, from the published safetensors, without PyTorch.

Place in the flow: `derived` builds these once after a pull; `engines.blip` runs them. Sizes come
from the checkpoint and its config, so every BLIP-2 with an OPT fits. Tensors are streamed one by
one into what they become, so 15 GB on disk need well under 4 GB of memory, and a build that was
killed goes on. Knows nothing of pixels or tokenising.

`LOOK`: ``pixels`` float32 N x 3 x S x S → ``queries`` N x Q x D: vision tower, query transformer
and projection. `SPEAK` is `opt`'s graph. `WORDS`: float16 or float32, words x D, read by rows.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs import opt
from mammothbox.models.graphs.external import DataFile
from mammothbox.models.graphs.layers import Layers
from mammothbox.models.graphs.shards import INDEX, Shards
from mammothbox.records import Json

VERSION = 2
"""Raised whenever the arrays of a half built graph would be others."""

LOOK, SPEAK, WORDS = "blip2-look", "blip2-speak", "blip2-words"
"""Stems of the built files; how matrices are kept follows after a dash."""

_VISION = {"hidden_act": "gelu", "layer_norm_eps": 1e-6, "patch_size": 14, "image_size": 224}
_VISION |= {"num_attention_heads": 16, "num_hidden_layers": 39}
_QUERIES = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "num_attention_heads": 12}
_QUERIES |= {"num_hidden_layers": 12, "cross_attention_frequency": 2}
# Published configs leave out what is as usual.


def file_name(stem: str, kind: str) -> str:
    """Name of a built file, e.g. ``blip2-speak-int4.onnx``."""
    return f"{stem}-{kind}.{'npy' if stem == WORDS else 'onnx'}"


def is_ours(target: Path) -> bool:
    """Is `target` named as one of the files that `build` makes?"""
    return target.name.startswith((LOOK, SPEAK, WORDS))


def build(folder: Path, target: Path) -> Path:
    """Write the file that `target` is named after (see `file_name`), and return it.

    Args:
        folder: holds `config.json` and the checkpoint as published.
        target: the file; a graph's numbers go beside it with the suffix ``.data``.

    Raises:
        WeightsMissing: a part of the checkpoint is not there.
        WeightsCorrupt: the files are not a BLIP-2 with an OPT as published.
    """
    stem, _, kind = target.stem.rpartition("-")
    try:
        config: Json = json.loads((folder / "config.json").read_text("utf-8"))
        shards = Shards(folder)
        if stem == WORDS:
            opt.write_words(shards, target, np.float32 if kind == "fp32" else np.float16)
            return target
        with DataFile(target, _seal(folder, kind)) as data:
            layers = Layers(stem.replace("-", "_"), shards, data, kind, many=stem == LOOK)
            if stem == LOOK:
                _look(layers, config)
            else:
                opt.speak(layers, config["text_config"])
            data.finish()
        _save(layers, stem, target, config)
    except (KeyError, ValueError, TypeError) as error:
        raise WeightsCorrupt(f"{folder} is not a BLIP-2 with an OPT: {error!r}") from error
    return target


def _seal(folder: Path, kind: str) -> str:
    """Changes with the checkpoint, the way matrices are kept, and this code."""
    index = folder / INDEX
    files = sorted((file.name, file.stat().st_size) for file in folder.glob("*.safetensors"))
    told = [json.dumps([VERSION, kind, files]).encode(), (folder / "config.json").read_bytes()]
    told += [index.read_bytes()] if index.is_file() else []
    return hashlib.sha256(b"\n".join(told)).hexdigest()


def _save(layers: Layers, stem: str, target: Path, config: Json) -> None:
    if stem == SPEAK:
        inputs, outputs = opt.doors(layers.shards, config["text_config"])
        layers.graph.save(target, inputs, outputs)
        return
    side = int({**_VISION, **config["vision_config"]}["image_size"])
    count, width = layers.shards.shape("query_tokens")[1], _spoken(layers)
    inputs = [("pixels", np.float32, ("n", 3, side, side))]
    layers.graph.save(target, inputs, [("queries", np.float32, ("n", count, width))])


def _spoken(layers: Layers) -> int:
    return layers.shards.shape("language_projection.weight")[0]


def _look(layers: Layers, config: Json) -> None:
    vision = {**_VISION, **config["vision_config"]}
    seen = _vision(layers, vision)
    queries = _queries(layers, {**_QUERIES, **config.get("qformer_config", {})}, seen)
    product = layers.matrix(queries, "language_projection.weight")
    bias = layers.weight("language_projection.bias")
    layers.graph.add("Add", [product, bias], "queries")


def _vision(layers: Layers, config: Json) -> str:
    """``pixels`` → N x (patches + 1) x width."""
    add, name = layers.graph.add, "vision_model.embeddings"
    width, patch = layers.shards.shape(f"{name}.patch_embedding.weight")[0], config["patch_size"]
    kernel = layers.weight(f"{name}.patch_embedding.weight")
    bias = layers.weight(f"{name}.patch_embedding.bias")
    sides = [patch, patch]
    grid = add("Conv", ["pixels", kernel, bias], strides=sides, kernel_shape=sides)
    flat = add("Reshape", [grid, layers.ints(0, width, -1)])
    first = layers.weight(f"{name}.class_embedding", (1, 1, width))
    first = add("Expand", [first, _rows(layers, width)])
    x = add("Concat", [first, add("Transpose", [flat], perm=[0, 2, 1])], axis=1)
    x = add("Add", [x, layers.weight(f"{name}.position_embedding")])
    for index in range(config["num_hidden_layers"]):
        x = _vision_layer(layers, config, x, f"vision_model.encoder.layers.{index}", width)
    return layers.norm(x, "vision_model.post_layernorm", config["layer_norm_eps"])


def _rows(layers: Layers, width: int, rows: int = 1) -> str:
    """The shape N x rows x width, for as many pictures as there are."""
    add = layers.graph.add
    count = add("Slice", [add("Shape", ["pixels"]), layers.ints(0), layers.ints(1)])
    return add("Concat", [count, layers.ints(rows, width)], axis=0)


def _vision_layer(layers: Layers, config: Json, x: str, name: str, width: int) -> str:
    add, heads, eps = layers.graph.add, config["num_attention_heads"], config["layer_norm_eps"]
    mixed = layers.linear(layers.norm(x, f"{name}.layer_norm1", eps), f"{name}.self_attn.qkv")
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    layers.graph.add_many("Split", [mixed, layers.ints(width, width, width)], parts, axis=-1)
    query, value = (layers.heads(part, heads, width) for part in parts[::2])
    key = layers.heads(parts[1], heads, width, turned=True)
    query = add("Mul", [query, layers.scalar((width // heads) ** -0.5)])
    seen = layers.attend(query, key, value, "", width)
    x = add("Add", [x, layers.linear(seen, f"{name}.self_attn.projection")])
    wide = layers.linear(layers.norm(x, f"{name}.layer_norm2", eps), f"{name}.mlp.fc1")
    wide = layers.activation(wide, config["hidden_act"])
    return add("Add", [x, layers.linear(wide, f"{name}.mlp.fc2")])


def _queries(layers: Layers, config: Json, seen: str) -> str:
    """The learnt queries, after they have looked at `seen`; N x queries x width."""
    add, eps = layers.graph.add, config["layer_norm_eps"]
    _, count, width = layers.shards.shape("query_tokens")
    x = layers.norm(layers.weight("query_tokens"), "qformer.layernorm", eps)
    x = add("Expand", [x, _rows(layers, width, count)])
    for index in range(config["num_hidden_layers"]):
        name = f"qformer.encoder.layer.{index}"
        x = _crossing(layers, config, x, x, f"{name}.attention")
        if index % config["cross_attention_frequency"] == 0:
            x = _crossing(layers, config, x, seen, f"{name}.crossattention")
        wide = layers.linear(x, f"{name}.intermediate_query.dense")
        wide = layers.activation(wide, config["hidden_act"])
        narrow = layers.linear(wide, f"{name}.output_query.dense")
        x = layers.norm(add("Add", [x, narrow]), f"{name}.output_query.LayerNorm", eps)
    return x


def _crossing(layers: Layers, config: Json, x: str, seen: str, name: str) -> str:
    """Attention of `x` to `seen`, added to `x` and normalised."""
    add, heads = layers.graph.add, config["num_attention_heads"]
    width = layers.shards.shape(f"{name}.attention.query.weight")[0]
    query = layers.heads(layers.linear(x, f"{name}.attention.query"), heads, width)
    query = add("Mul", [query, layers.scalar((width // heads) ** -0.5)])
    key = layers.heads(layers.linear(seen, f"{name}.attention.key"), heads, width, turned=True)
    value = layers.heads(layers.linear(seen, f"{name}.attention.value"), heads, width)
    mixed = layers.attend(query, key, value, "", width)
    mixed = layers.linear(mixed, f"{name}.output.dense")
    norm = f"{name}.output.LayerNorm"
    return layers.norm(add("Add", [x, mixed]), norm, config["layer_norm_eps"])
