"""A small hand for writing ONNX graphs node by node, and for putting them on disk atomically.

Place in the flow: the graph modules beside this one describe architectures; this one names values,
keeps initialisers and serialises. Knows nothing of any model.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any] | np.generic

OPSET = 17
"""Operator set of all graphs: old enough for every ONNX Runtime the project supports."""

IR_VERSION = 8


class GraphBuilder:
    """Collects nodes and initialisers in order; names are counted, so builds are repeatable."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._count = 0

    def constant(self, array: Array, name: str = "") -> str:
        """Keep `array` in the graph and return its value name."""
        from onnx import numpy_helper

        name = name or f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def add(self, op: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Append a node with one output and return the output's name.

        `attributes` are the operator's own and are checked against its schema in `save`.
        """
        from onnx import helper

        self._count += 1
        output = output or f"v{self._count}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def add_many(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Append a node with several outputs, all named by the caller."""
        from onnx import helper

        self._nodes.append(helper.make_node(op, list(inputs), list(outputs), **attributes))

    def save(
        self,
        target: Path,
        inputs: Sequence[tuple[str, Any, Sequence[int | str]]],
        outputs: Sequence[tuple[str, Any, Sequence[int | str]]],
    ) -> None:
        """Check the graph and write it to `target` in one step (no half file is ever seen).

        Args:
            target: the `.onnx` file; its directory is made when missing.
            inputs: (name, numpy dtype, shape) of each input; a string in a shape is a free size.
            outputs: likewise.
        """
        import onnx
        from onnx import helper

        graph = helper.make_graph(
            self._nodes, self._name, _infos(inputs), _infos(outputs), self._constants
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="mammothbox"
        )
        onnx.checker.check_model(model, full_check=True)
        write_atomic(target, model.SerializeToString(deterministic=True))


def _infos(values: Sequence[tuple[str, Any, Sequence[int | str]]]) -> list[Any]:
    from onnx import helper

    return [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape)
        )
        for name, dtype, shape in values
    ]


def write_atomic(target: Path, data: bytes) -> None:
    """Write `data` beside `target`, then rename it over; concurrent writers cannot mix bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
