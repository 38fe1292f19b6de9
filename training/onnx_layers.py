"""PyTorch layers as ONNX nodes, and the making small of finished graphs.

Place in the flow: `export_captioner` and `export_joint` describe networks with this. Knows nothing
of what they are for.
"""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mammothbox.models.engines.sessions import packed_name
from mammothbox.models.graphs.builder import GraphBuilder


class Writer:
    """Writes PyTorch layers into a graph."""

    def __init__(self, name: str) -> None:
        self.graph = GraphBuilder(name)

    def ints(self, *values: int) -> str:
        """A constant of int64."""
        return self.graph.constant(np.array(values, np.int64))

    def array(self, tensor: torch.Tensor) -> str:
        """A constant of float32."""
        return self.graph.constant(tensor.detach().float().numpy())

    def linear(self, x: str, layer: nn.Linear) -> str:
        """x times the layer's weight plus its bias."""
        product = self.graph.add("MatMul", [x, self.array(layer.weight.T)])
        return self.graph.add("Add", [product, self.array(layer.bias)])

    def norm(self, x: str, layer: nn.LayerNorm) -> str:
        """Layer normalisation over the last axis."""
        inputs = [x, self.array(layer.weight), self.array(layer.bias)]
        return self.graph.add("LayerNormalization", inputs, axis=-1, epsilon=layer.eps)

    def gelu(self, x: str) -> str:
        """The exact form, with erf."""
        add = self.graph.add
        half, root = (self.array(torch.tensor(v)) for v in (0.5, 1 / math.sqrt(2.0)))
        one = self.array(torch.tensor(1.0))
        grown = add("Add", [add("Erf", [add("Mul", [x, root])]), one])
        return add("Mul", [add("Mul", [x, half]), grown])

    def look_up(self, query: str, key: str, value: str, size: int) -> str:
        """Attention: N x heads x T x size queries, keys already N x heads x size x S."""
        add = self.graph.add
        scale = self.array(torch.tensor(size**-0.5))
        scores = add("Mul", [add("MatMul", [query, key]), scale])
        found = add("MatMul", [add("Softmax", [scores], axis=-1), value])
        return add("Transpose", [found], perm=[0, 2, 1, 3])

    def split(self, x: str, heads: int, size: int, perm: list[int], output: str = "") -> str:
        """N x T x width to heads, then axes in the order `perm`."""
        parts = self.graph.add("Reshape", [x, self.ints(0, -1, heads, size)])
        return self.graph.add("Transpose", [parts], output, perm=perm)


LEVELS = 31
"""Of a stored number, to either side of zero (six bits): 127 gave the same figures."""


def quantise(path: Path, least: int = 5_000) -> Path:
    """Stores large tables as few levels with one scale a column, and packs the file.

    Only the storage shrinks: no activation is stored as a byte with one scale a batch, so an answer
    does not depend on what else is in its batch. Numbers are bytes that gzip packs into less
    than six bits; nodes that unpacked bits took 280 MB of memory when the graph was loaded.

    ONNX Runtime takes a matrix that only multiplies as it lies. Any other table is unpacked by
    nodes that it works out once, at loading: `DequantizeLinear` would run again for each word,
    which was a third of the captioner's time.

    Returns:
        The path of the `.onnx.gz` that replaces the file.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    graph, nodes = model.graph, []
    products = _only_multiplied(graph)
    for index, constant in enumerate(list(graph.initializer)):
        table = numpy_helper.to_array(constant)
        if table.dtype != np.float32 or table.ndim != 2 or table.size < least:
            continue
        name = constant.name
        scale = np.maximum(np.abs(table).max(axis=0), 1e-12).astype(np.float32) / LEVELS
        small = np.rint(table / scale).astype(np.int8)
        names = [f"{name}.bytes", f"{name}.scale"]
        graph.initializer[index].CopyFrom(numpy_helper.from_array(small, names[0]))
        graph.initializer.append(numpy_helper.from_array(scale, names[1]))
        if name in products:
            nodes.append(helper.make_node("DequantizeLinear", names, [name], axis=1))
            continue
        floats = f"{name}.floats"
        nodes.append(helper.make_node("Cast", names[:1], [floats], to=1))
        nodes.append(helper.make_node("Mul", [floats, names[1]], [name]))
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.checker.check_model(model, full_check=True)
    packed = packed_name(path)
    packed.write_bytes(gzip.compress(model.SerializeToString(deterministic=True), mtime=0))
    path.unlink()
    return packed


def _only_multiplied(graph: Any) -> set[str]:
    """Names of what is nothing but the second factor of matrix products."""
    uses: dict[str, set[tuple[str, int]]] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            uses.setdefault(name, set()).add((node.op_type, place))
    return {name for name, used in uses.items() if used == {("MatMul", 1)}}
