"""CLIP's two towers as ONNX graphs, from the published safetensors, without PyTorch.

Place in the flow: `derived` builds both once after a pull; `engines.clip` runs them, each loaded
only when it is needed. Sizes come from the model's own config, so every CLIP of the same make fits:
other widths, other patches, the exact or the quick GELU. Knows nothing of pixels or tokenising.

Images: ``pixels`` float32 N x 3 x S x S → ``embedding`` N x D. Texts: ``ids`` int64 N x T →
``embedding`` N x D. Rows have length 1.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.builder import GraphBuilder, write_atomic
from mammothbox.models.graphs.minilm import read_safetensors
from mammothbox.records import Json

IMAGES = "clip-images.onnx"
TEXTS = "clip-texts.onnx"
EXACT_IMAGES = "clip-images-fp32.onnx"
EXACT_TEXTS = "clip-texts-fp32.onnx"
"""The same towers with their matrices as published, for a GPU."""

LEGACY_EOS = 2
"""Configs with this end token mean the largest id of a text instead."""

_MASKED = -1e9
_QUICK = 1.702


class _Tower:
    """Writes one tower; weights are looked up by their published names."""

    def __init__(self, name: str, tensors: dict[str, npt.NDArray[np.float32]], config: Json):
        self.graph = GraphBuilder(f"clip_{name}")
        self._tensors, self._config, self._prefix = tensors, config, f"{name}_model"
        self.width = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        self._eps = float(config.get("layer_norm_eps", 1e-5))

    def weight(self, name: str) -> npt.NDArray[np.float32]:
        return self._tensors[f"{self._prefix}.{name}"]

    def ints(self, *values: int) -> str:
        return self.graph.constant(np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        return self.graph.constant(np.float32(value))

    def norm(self, x: str, name: str) -> str:
        scale = self.graph.constant(self.weight(f"{name}.weight"))
        bias = self.graph.constant(self.weight(f"{name}.bias"))
        return self.graph.add("LayerNormalization", [x, scale, bias], axis=-1, epsilon=self._eps)

    def linear(self, x: str, name: str) -> str:
        weight = self.graph.constant(self.weight(f"{name}.weight").T, f"{name}.weight")
        product = self.graph.add("MatMul", [x, weight])
        return self.graph.add("Add", [product, self.graph.constant(self.weight(f"{name}.bias"))])

    def activation(self, x: str) -> str:
        add, kind = self.graph.add, self._config.get("hidden_act", "quick_gelu")
        if kind == "quick_gelu":
            return add("Mul", [x, add("Sigmoid", [add("Mul", [x, self.scalar(_QUICK)])])])
        if kind != "gelu":
            raise WeightsCorrupt(f"CLIP with the activation {kind!r} is not known here")
        erf = add("Erf", [add("Div", [x, self.scalar(math.sqrt(2.0))])])
        grown = add("Mul", [x, add("Add", [erf, self.scalar(1.0)])])
        return add("Mul", [grown, self.scalar(0.5)])

    def attention(self, x: str, name: str, bias: str) -> str:
        add, deep = self.graph.add, self.width // self._heads
        split = self.ints(0, 0, self._heads, deep)
        parts = {}
        for part, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
            heads = add("Reshape", [self.linear(x, f"{name}.{part}_proj"), split])
            parts[part] = add("Transpose", [heads], perm=perm)
        scores = add("MatMul", [parts["q"], parts["k"]])
        scores = add("Mul", [scores, self.scalar(deep**-0.5)])
        scores = add("Add", [scores, bias]) if bias else scores
        mixed = add("MatMul", [add("Softmax", [scores], axis=-1), parts["v"]])
        joined = add("Transpose", [mixed], perm=[0, 2, 1, 3])
        joined = add("Reshape", [joined, self.ints(0, 0, self.width)])
        return self.linear(joined, f"{name}.out_proj")

    def layers(self, x: str, bias: str = "") -> str:
        add = self.graph.add
        for index in range(int(self._config["num_hidden_layers"])):
            name = f"encoder.layers.{index}"
            seen = self.attention(self.norm(x, f"{name}.layer_norm1"), f"{name}.self_attn", bias)
            x = add("Add", [x, seen])
            wide = self.linear(self.norm(x, f"{name}.layer_norm2"), f"{name}.mlp.fc1")
            x = add("Add", [x, self.linear(self.activation(wide), f"{name}.mlp.fc2")])
        return x

    def project(self, x: str, weight: npt.NDArray[np.float32]) -> None:
        """N x width → ``embedding``, rows of length 1."""
        add = self.graph.add
        shared = add("MatMul", [x, self.graph.constant(weight.T, "projection")])
        length = add("ReduceL2", [shared], axes=[1], keepdims=1)
        add("Div", [shared, add("Max", [length, self.scalar(1e-12)])], "embedding")


def _images(tensors: dict[str, npt.NDArray[np.float32]], config: Json, target: Path) -> None:
    vision = config["vision_config"]
    tower = _Tower("vision", tensors, vision)
    add, side, patch = tower.graph.add, int(vision["image_size"]), int(vision["patch_size"])
    kernel = tower.graph.constant(tower.weight("embeddings.patch_embedding.weight"), "patches")
    grid = add("Conv", ["pixels", kernel], strides=[patch, patch], kernel_shape=[patch, patch])
    flat = add("Reshape", [grid, tower.ints(0, tower.width, -1)])
    pieces = add("Transpose", [flat], perm=[0, 2, 1])
    first = tower.weight("embeddings.class_embedding").reshape(1, 1, -1)
    count = add("Slice", [add("Shape", ["pixels"]), tower.ints(0), tower.ints(1)])
    shape = add("Concat", [count, tower.ints(1, tower.width)], axis=0)
    lead = add("Expand", [tower.graph.constant(first), shape])
    x = add("Concat", [lead, pieces], axis=1)
    places = tower.weight("embeddings.position_embedding.weight")
    x = add("Add", [x, tower.graph.constant(places, "places")])
    x = tower.layers(tower.norm(x, "pre_layrnorm"))
    pooled = add("Gather", [x, tower.graph.constant(np.int64(0))], axis=1)
    tower.project(tower.norm(pooled, "post_layernorm"), tensors["visual_projection.weight"])
    inputs: list[tuple[str, Any, tuple[int | str, ...]]] = [
        ("pixels", np.float32, ("n", 3, side, side))
    ]
    outputs = [("embedding", np.float32, ("n", len(tensors["visual_projection.weight"])))]
    tower.graph.save(target, inputs, outputs)


def _texts(tensors: dict[str, npt.NDArray[np.float32]], config: Json, target: Path) -> None:
    text = config["text_config"]
    tower = _Tower("text", tensors, text)
    add = tower.graph.add
    words = tower.graph.constant(tower.weight("embeddings.token_embedding.weight"), "words")
    table = tower.weight("embeddings.position_embedding.weight")
    longest = len(table)
    length = add("Slice", [add("Shape", ["ids"]), tower.ints(1), tower.ints(2)])
    places = tower.graph.constant(table, "places")
    place = add("Slice", [places, tower.ints(0), length, tower.ints(0)])
    x = add("Add", [add("Gather", [words, "ids"]), place])
    mask = np.triu(np.full((longest, longest), _MASKED, np.float32), 1)
    ahead = tower.graph.constant(mask, "ahead")
    both = add("Concat", [length, length], axis=0)
    bias = add("Slice", [ahead, tower.ints(0, 0), both, tower.ints(0, 1)])
    x = tower.norm(tower.layers(x, bias), "final_layer_norm")
    pooled = _at_end(tower, x, length, int(text.get("eos_token_id", LEGACY_EOS)), longest)
    tower.project(pooled, tensors["text_projection.weight"])
    outputs = [("embedding", np.float32, ("n", len(tensors["text_projection.weight"])))]
    tower.graph.save(target, [("ids", np.int64, ("n", "t"))], outputs)


def _at_end(tower: _Tower, x: str, length: str, end: int, longest: int) -> str:
    """The state at each text's first end token."""
    add = tower.graph.add
    ids = "ids"
    if end != LEGACY_EOS:
        ids = add("Cast", [add("Equal", ["ids", tower.graph.constant(np.int64(end))])], to=7)
    at = add("ArgMax", [ids], axis=1, keepdims=1)
    numbers = tower.graph.constant(np.arange(longest, dtype=np.int64), "numbers")
    numbers = add("Slice", [numbers, tower.ints(0), length, tower.ints(0)])
    chosen = add("Cast", [add("Equal", [numbers, at])], to=1)
    chosen = add("Unsqueeze", [chosen, tower.ints(2)])
    return add("ReduceSum", [add("Mul", [x, chosen]), tower.ints(1)], keepdims=0)


def is_ours(target: Path) -> bool:
    """Is `target` named as one of the files that `build` makes?"""
    return target.name in (IMAGES, TEXTS, EXACT_IMAGES, EXACT_TEXTS)


def build(directory: Path, target: Path) -> Path:
    """Write the tower that `target` is named after, and return it.

    `IMAGES` and `TEXTS` have the weights of their matrices in 8 bits, a quarter of the size.

    Args:
        directory: holds `config.json` and `model.safetensors` as published.
        target: the `.onnx` file.

    Raises:
        WeightsCorrupt: the files are not a CLIP as published.
    """
    try:
        config = json.loads((directory / "config.json").read_text("utf-8"))
        tensors = read_safetensors(directory / "model.safetensors")
        write = _images if target.name in (IMAGES, EXACT_IMAGES) else _texts
        if target.name in (EXACT_IMAGES, EXACT_TEXTS):
            write(tensors, config, target)
            return target
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            exact = Path(folder) / "exact.onnx"
            write(tensors, config, exact)
            _quantise(exact, Path(folder) / "int8.onnx", target)
    except (KeyError, ValueError, TypeError) as error:
        raise WeightsCorrupt(f"{directory} is not a CLIP: {error!r}") from error
    return target


def _quantise(exact: Path, part: Path, target: Path) -> None:
    """Matrices to 8 bits, a scale for each column; activations are measured while it runs."""
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().addFilter(_quiet)  # it advises preprocessing that needs torch's shapes
    try:
        quantize_dynamic(
            exact,
            part,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    finally:
        logging.getLogger().removeFilter(_quiet)
    write_atomic(target, part.read_bytes())


def _quiet(record: Any) -> bool:
    return "pre-processing" not in record.getMessage()
