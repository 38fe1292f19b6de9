"""Layers of large transformers as nodes: weights are streamed from a checkpoint, matrices packed.

Place in the flow: `blip2` and `qwen2` write their networks with these. A matrix is kept exact, or
in 4 or 8 bits (`few_bits`), in the `DataFile` beside the graph; only one is in memory at a time.
Knows nothing of any architecture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.builder import RUNTIME, GraphBuilder
from mammothbox.models.graphs.external import DataFile, Place
from mammothbox.models.graphs.few_bits import BLOCK, Packed, pack

BITS = {"fp32": 32, "int8": 8, "blocks8": 8, "int4": 4}
"""How matrices are kept → bits a number. ``int8`` may be whole products of integers (see `Layers`),
which a GPU has no kernel for; ``blocks8`` is always `few_bits`."""

Floats = npt.NDArray[np.float32]

_LARGE = 65536
"""Bytes from which on a constant lies beside the graph instead of in it."""

_INT8_COMPUTE = 4
"""Accuracy level of ``MatMulNBits``: rows are rounded to 8 bits, block by block, while it runs."""


class Tensors(Protocol):
    """A checkpoint: float32 tensors by their published names, read one at a time."""

    def __contains__(self, name: str) -> bool: ...

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes, without reading."""

    def read(self, name: str) -> Floats:
        """The whole tensor."""

    def blocks(self, name: str) -> Iterator[Floats]:
        """The tensor some rows at a time."""


class Layers:
    """Writes layers; weights are looked up by their published names.

    Args:
        name: of the graph.
        shards: the checkpoint.
        data: where large constants go.
        kind: how matrices are kept; one of `BITS`.
        many: matrices meet hundreds of rows at once. Then whole products of integers are quicker
            than `few_bits`, which saves reading; only for ``int8``.
    """

    def __init__(
        self, name: str, shards: Tensors, data: DataFile, kind: str, *, many: bool = False
    ) -> None:
        self.graph = GraphBuilder(name)
        self.shards, self._data, self._bits = shards, data, BITS[kind]
        self._kept: dict[str, list[Place]] = {}
        self._whole = many and kind == "int8"

    def ints(self, *values: int) -> str:
        """A constant row of int64."""
        return self.graph.constant(np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        """A constant float32."""
        return self.graph.constant(np.float32(value))

    def weight(self, name: str, shape: tuple[int, ...] = ()) -> str:
        """A tensor as it is, or in another shape."""
        shape = shape or self.shards.shape(name)
        if 4 * math.prod(shape) < _LARGE:
            return self.graph.constant(self.shards.read(name).reshape(shape))
        place = self._data.put(name, lambda: self.shards.read(name).reshape(shape))
        return self.graph.external(place, self._data)

    def matrix(self, x: str, name: str) -> str:
        """`x` times the transposed matrix `name` (outputs x inputs, as published)."""
        if self._bits == BITS["fp32"]:
            place = self._data.put(name, lambda: self.shards.read(name).T)
            return self.graph.add("MatMul", [x, self.graph.external(place, self._data)])
        if self._whole:
            return self._whole_numbers(x, name)
        outputs, width = self.shards.shape(name)
        packed = [self.graph.external(place, self._data) for place in self._packed(name)]
        return self.graph.add(
            "MatMulNBits",
            [x, *packed],
            domain=RUNTIME,
            N=outputs,
            K=width,
            bits=self._bits,
            block_size=BLOCK,
            accuracy_level=_INT8_COMPUTE,
        )

    def _whole_numbers(self, x: str, name: str) -> str:
        """The product in integers. Each row of `x` has a scale of its own (its largest number), so
        that one loud row does not drown the others; so has each output."""
        from onnx.numpy_helper import from_array

        @cache
        def rounded() -> tuple[npt.NDArray[np.int8], Floats]:
            matrix = self.shards.read(name)
            scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127
            return np.rint(matrix / scales[:, None]).astype(np.int8), scales

        values = self._data.put(f"{name}.values", lambda: rounded()[0].T)
        scales = self._data.put(f"{name}.scales", lambda: rounded()[1])
        outputs, width = self.shards.shape(name)
        add, middle = self.graph.add, np.array([128], np.uint8)
        rows = add("Reshape", [x, self.ints(-1, width)])
        high, low = (add(f"Reduce{end}", [rows], axes=[-1], keepdims=0) for end in ("Max", "Min"))
        loud = add("Max", [high, add("Neg", [low]), self.scalar(1e-12)])
        scale = add("Mul", [loud, self.scalar(1 / 127)])
        # Unsigned, around 128: ONNX Runtime is 40 times slower with two signed sides on x86.
        middles = add("ConstantOfShape", [add("Shape", [loud])], value=from_array(middle))
        given = [add("QuantizeLinear", [rows, scale, middles], axis=0)]
        given += [self.graph.external(values, self._data), self.scalar(1)]
        given += [self.graph.external(scales, self._data), self.graph.constant(middle[0])]
        product = add("MatMulIntegerToFloat", given, domain=RUNTIME)
        product = add("Mul", [product, add("Unsqueeze", [scale, self.ints(-1)])])
        before = add("Slice", [add("Shape", [x]), self.ints(0), self.ints(-1)])
        return add("Reshape", [product, add("Concat", [before, self.ints(outputs)], axis=0)])

    def rows(self, ids: str, name: str) -> str:
        """The rows of a matrix in 8 bits that `ids` name: shape of `ids` x width.

        They are read where the matrix lies, which may be multiplied with as well.
        """
        assert self._bits == BITS["blocks8"]
        _, width = self.shards.shape(name)
        values, scales, zeros = self._packed(name)
        flat = (values.shape[0], values.shape[1] * values.shape[2])
        places = [replace(values, shape=flat), scales, zeros]
        values, scales, zeros = (replace(p, name=f"{p.name}.rows") for p in places)
        found = self.graph.add(
            "GatherBlockQuantized",
            [self.graph.external(values, self._data), ids]
            + [self.graph.external(place, self._data) for place in (scales, zeros)],
            domain=RUNTIME,
            bits=8,
            block_size=BLOCK,
            gather_axis=0,
            quantize_axis=1,
        )
        if flat[1] == width:
            return found
        return self.graph.add("Slice", [found, self.ints(0), self.ints(width), self.ints(-1)])

    def _packed(self, name: str) -> list[Place]:
        """Values, scales and zero points of a matrix; read once, a few rows at a time."""

        @cache
        def pieces() -> list[Packed]:
            return [pack(rows, self._bits) for rows in self.shards.blocks(name)]

        def place(part: str) -> Place:
            made = lambda: (getattr(piece, part) for piece in pieces())  # noqa: E731
            return self._data.put_blocks(f"{name}.{part}", made)

        if name not in self._kept:
            self._kept[name] = [place(part) for part in ("values", "scales", "zeros")]
        return self._kept[name]

    def linear(self, x: str, name: str) -> str:
        """A matrix, and its bias where it has one."""
        product = self.matrix(x, f"{name}.weight")
        if f"{name}.bias" not in self.shards:
            return product
        return self.graph.add("Add", [product, self.weight(f"{name}.bias")])

    def norm(self, x: str, name: str, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        parts = [x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.graph.add("LayerNormalization", parts, axis=-1, epsilon=epsilon)

    def root_norm(self, x: str, name: str, epsilon: float) -> str:
        """Division by the root mean square over the last axis (Zhang and Sennrich 2019)."""
        add = self.graph.add
        square = add("Pow", [x, self.scalar(2.0)])
        mean = add("ReduceMean", [square], axes=[-1], keepdims=1)
        root = add("Sqrt", [add("Add", [mean, self.scalar(epsilon)])])
        return add("Mul", [add("Div", [x, root]), self.weight(f"{name}.weight")])

    def activation(self, x: str, kind: str) -> str:
        """`kind` as configs name it: ``gelu`` (exact) or ``relu``.

        Raises:
            WeightsCorrupt: another one.
        """
        add = self.graph.add
        if kind == "relu":
            return add("Relu", [x])
        if kind != "gelu":
            raise WeightsCorrupt(f"the activation {kind!r} is not known here")
        erf = add("Erf", [add("Div", [x, self.scalar(math.sqrt(2.0))])])
        grown = add("Mul", [x, add("Add", [erf, self.scalar(1.0)])])
        return add("Mul", [grown, self.scalar(0.5)])

    def heads(self, x: str, heads: int, width: int, *, turned: bool = False) -> str:
        """N x T x width → N x heads x T x deep, or x deep x T where `turned`."""
        cut = self.graph.add("Reshape", [x, self.ints(0, 0, heads, width // heads)])
        return self.graph.add("Transpose", [cut], perm=[0, 2, 3, 1] if turned else [0, 2, 1, 3])

    def attend(self, query: str, key: str, value: str, bias: str, width: int) -> str:
        """Mix `value` by how `query` (already scaled) meets `key` (turned); N x T x width."""
        add = self.graph.add
        scores = add("MatMul", [query, key])
        scores = add("Add", [scores, bias]) if bias else scores
        mixed = add("MatMul", [add("Softmax", [scores], axis=-1), value])
        joined = add("Transpose", [mixed], perm=[0, 2, 1, 3])
        return add("Reshape", [joined, self.ints(0, 0, width)])
