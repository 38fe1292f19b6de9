"""A small hand for writing ONNX graphs node by node, and for putting them on disk atomically.

Place in the flow: the graph modules beside this one describe architectures; this one names values,
keeps initialisers and serialises. Large constants may lie in an `external.DataFile` beside the
graph. Knows nothing of any model.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.models.graphs.external import DataFile, Place

Array = npt.NDArray[Any] | np.generic

OPSET = 17
"""Operator set of all graphs: old enough for every ONNX Runtime the project supports."""

IR_VERSION = 8

RUNTIME = "com.microsoft"
"""Domain of the operators that ONNX Runtime alone has."""


class GraphBuilder:
    """Collects nodes and initialisers in order; names are counted, so builds are repeatable."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._count = 0
        self._domains = {""}

    def constant(self, array: Array, name: str = "") -> str:
        """Keep `array` in the graph and return its value name."""
        from onnx import numpy_helper

        name = name or f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def external(self, place: Place, data: DataFile) -> str:
        """Name an array of `data` as a constant of the graph."""
        from onnx import TensorProto, helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(place.dtype))
        tensor = TensorProto(name=place.name, data_type=kind, dims=place.shape)
        tensor.data_location = TensorProto.EXTERNAL
        said = {"location": data.path.name, "offset": place.offset, "length": place.length}
        for key, value in said.items():
            tensor.external_data.add(key=key, value=str(value))
        self._constants.append(tensor)
        return place.name

    def add(self, op: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Append a node with one output and return the output's name.

        `attributes` are the operator's own and are checked against its schema in `save`;
        ``domain=RUNTIME`` names an operator of ONNX Runtime's own.
        """
        from onnx import helper

        self._domains.add(attributes.get("domain", ""))
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
        versions = {"": OPSET, RUNTIME: 1}
        opsets = [helper.make_opsetid(name, versions[name]) for name in sorted(self._domains)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="mammothbox"
        )
        part = target.with_name(f".{target.name}.{os.getpid()}.checked")
        try:  # by its path: what lies beside the graph is found from there
            write_atomic(part, model.SerializeToString(deterministic=True))
            onnx.checker.check_model(str(part), full_check=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _infos(values: Sequence[tuple[str, Any, Sequence[int | str]]]) -> list[Any]:
    from onnx import helper

    return [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape)
        )
        for name, dtype, shape in values
    ]


def write_atomic(target: Path, data: bytes) -> None:
    """Write `data` beside `target`, to the disk, then rename it over; writers cannot mix bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
