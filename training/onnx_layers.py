"""PyTorch layers as ONNX nodes, and the making small of finished graphs.

Place in the flow: `export_captioner` and `export_joint` describe networks with this. Knows nothing
of what they are for.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mammothbox.models.graphs.builder import GraphBuilder

INT8, INT32 = 3, 6
"""ONNX's numbers for these types."""


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

    def split(self, x: str, heads: int, size: int, perm: list[int]) -> str:
        """N x T x width to heads, then axes in the order `perm`."""
        shape = self.ints(0, -1, heads, size)
        return self.graph.add("Transpose", [self.graph.add("Reshape", [x, shape])], perm=perm)


BITS = 6
"""Of a stored number; eight gave the same figures and a third more to ship."""

MIDDLE = 2 ** (BITS - 1)


class Unpacking:
    """Collects the nodes and constants that make float32 tables of packed ones, named after them.

    ONNX Runtime runs all but the last node of each once, when it loads the graph: what it holds in
    memory is bytes.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, name: str, small: np.ndarray, scale: np.ndarray) -> None:
        """The table `name`: numbers from 0 to 63 less 32, times the scale of their column.

        Upper four bits lie two in a byte, lower two bits four in a byte, each a slice of the table.
        """
        high, low = (small >> 2).reshape(2, -1), (small & 3).reshape(4, -1)
        upper = self._whole(name, high[0] << 4 | high[1], (0, 4), 4)
        together = low[0] << 6 | low[1] << 4 | low[2] << 2 | low[3]
        lower = self._whole(name, together, (0, 2, 4, 6), 6)
        four, middle = (self._keep(name, np.array(v, np.int32)) for v in (4, MIDDLE))
        number = self._node(name, "Add", [self._node(name, "Mul", [upper, four]), lower])
        number = self._node(name, "Sub", [number, middle])
        number = self._node(name, "Cast", [number], to=INT8)
        shape = self._keep(name, np.array(small.shape, np.int64))
        number = self._node(name, "Reshape", [number, shape])
        self._node(name, "DequantizeLinear", [number, self._keep(name, scale)], name, axis=1)

    def _whole(self, name: str, packed: np.ndarray, lefts: tuple[int, ...], right: int) -> str:
        """All numbers of packed bytes: without their first bits, then moved down."""
        source, parts = self._keep(name, packed), []
        for left in lefts:
            part = source
            for distance, direction in ((left, "LEFT"), (right, "RIGHT")):
                by = self._keep(name, np.array([distance], np.uint8))
                part = self._node(name, "BitShift", [part, by], direction=direction)
            parts.append(part)
        joined = self._node(name, "Concat", parts, axis=0)
        return self._node(name, "Cast", [joined], to=INT32)

    def _keep(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        label = f"{name}.{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), label))
        return label

    def _node(
        self, name: str, kind: str, inputs: list[str], output: str = "", **attributes: Any
    ) -> str:
        from onnx import helper

        output = output or f"{name}.v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def quantise(path: Path, least: int = 5_000) -> None:
    """Stores large tables with six bits a number and one scale a column, in place.

    Only the storage shrinks: sums stay in float32, so an answer does not depend on what else is in
    its batch, as it would with activations as bytes.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    graph, unpacking = model.graph, Unpacking()
    for constant in list(graph.initializer):
        table = numpy_helper.to_array(constant)
        if table.dtype != np.float32 or table.ndim != 2 or table.size < least or table.size % 4:
            continue
        scale = np.maximum(np.abs(table).max(axis=0), 1e-12).astype(np.float32) / (MIDDLE - 1)
        unpacking.add(constant.name, (np.rint(table / scale) + MIDDLE).astype(np.uint8), scale)
        graph.initializer.remove(constant)
    graph.initializer.extend(unpacking.constants)
    for node in reversed(unpacking.nodes):
        graph.node.insert(0, node)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
