"""EfficientNet-Lite2 as an ONNX graph, from the published `.pth`, without PyTorch.

Place in the flow: the weights store has the `.pth`; `build` turns it once into an `.onnx` in the
cache; the eyes engine runs that. The network (Tan and Le 2019, "Lite" variant: no squeeze-excite,
ReLU6) keeps TensorFlow's "same" padding, and batch normalisation (eps 1e-3) is folded into the
convolutions. Knows nothing of label names or of how a photo is resized.

Two thirds of the arithmetic are the 1 x 1 convolutions on grids of at most `SMALL_SIDE` places a
side. Unless everything is wanted `exact`, they are matrix products of 8-bit integers: a scale for
each output and, worked out as it runs, one for all inputs of a pass. So a photo should have a pass
of its own. A pass takes a third less time, at the same quality (docs/decisions.md).

Outputs for N photos:
    ``logits``  N x 1000, ImageNet classes in the usual order (sorted WordNet ids);
    ``pooled``  N x 1280, the mean over all places;
    ``cells``   N x 81 x 1280, the 9 x 9 grid of places, row by row from the top left.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.builder import RUNTIME, GraphBuilder
from mammothbox.models.graphs.torch_pickle import read_state_dict

GRAPH = "efficientnet-lite2.onnx"

SIDE = 260
"""Height and width of the input, pixels."""

CLASSES = 1000
FEATURES = 1280
GRID = 9
"""Places a side of the ``cells`` output."""

SMALL_SIDE = 17
"""Places a side of the largest grid whose 1 x 1 convolutions are computed in integers; on larger
ones there is little to multiply and much to move."""

_EPS = 1e-3


@dataclass(frozen=True)
class _Stage:
    """Consecutive blocks of one kind: how many, kernel side, and stride of the first."""

    blocks: int
    kernel: int
    stride: int


_STAGES = (
    _Stage(1, 3, 1),
    _Stage(3, 3, 2),
    _Stage(3, 5, 2),
    _Stage(4, 3, 2),
    _Stage(4, 5, 1),
    _Stage(5, 5, 2),
    _Stage(1, 3, 1),
)


class _Writer:
    """Writes convolutions with folded batch norms and tracks the side of the feature map.

    Where integers are used, what goes between blocks has its channels last.
    """

    def __init__(self, tensors: dict[str, npt.NDArray[Any]], *, exact: bool) -> None:
        self.graph = GraphBuilder("efficientnet_lite2")
        self.side = SIDE
        self.channels_last = False
        self._exact = exact
        self._tensors = tensors
        self._low = self.graph.constant(np.float32(0.0), "relu6_low")
        self._high = self.graph.constant(np.float32(6.0), "relu6_high")

    def conv(self, x: str, weight: str, norm: str, stride: int = 1, *, relu6: bool = True) -> str:
        """Convolution, folded batch norm, ReLU6. Depthwise where the weight says so."""
        kernel, bias = self._folded(weight, norm)
        depthwise = kernel.shape[1] == 1 and kernel.shape[0] > 1
        y = self.graph.add(
            "Conv",
            [x, self.graph.constant(kernel, weight), self.graph.constant(bias, f"{norm}.folded")],
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            pads=self._same(kernel.shape[2], stride),
            group=kernel.shape[0] if depthwise else 1,
        )
        return self.graph.add("Clip", [y, self._low, self._high]) if relu6 else y

    def _folded(
        self, weight: str, norm: str
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        kernel = self._tensors[weight].astype(np.float64)
        scale, shift, mean, variance = (
            self._tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPS)
        folded = kernel * factor[:, None, None, None]
        return folded.astype(np.float32), (shift - mean * factor).astype(np.float32)

    def _same(self, kernel: int, stride: int) -> list[int]:
        """TensorFlow's padding: the output has ceil(side / stride), odd pixels go to the end."""
        out = -(-self.side // stride)
        total = max(0, (out - 1) * stride + kernel - self.side)
        self.side = out
        before = total // 2
        return [before, before, total - before, total - before]

    def product(self, x: str, weight: str, norm: str, *, relu6: bool = True) -> str:
        """A 1 x 1 convolution, channels last, as a product of integers.

        DynamicQuantizeMatMul rounds its input to 256 levels between its least and largest number.
        """
        kernel, bias = self._folded(weight, norm)
        matrix = kernel[:, :, 0, 0]
        scales = (np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127).astype(np.float32)
        rounded = np.rint(matrix / scales[:, None]).astype(np.int8)
        constant = self.graph.constant
        parts = [
            constant(rounded.T, weight),
            constant(scales, f"{weight}.scales"),
            constant(np.zeros_like(scales, np.int8), f"{weight}.zeros"),
            constant(bias, f"{norm}.folded"),
        ]
        y = self.graph.add("DynamicQuantizeMatMul", [x, *parts], domain=RUNTIME)
        return self.graph.add("Clip", [y, self._low, self._high]) if relu6 else y

    def turn(self, x: str, *, channels_last: bool) -> str:
        """The same numbers with the channels at the other end."""
        return self.graph.add(
            "Transpose", [x], perm=[0, 2, 3, 1] if channels_last else [0, 3, 1, 2]
        )

    def block(self, x: str, prefix: str, stride: int) -> str:
        """Inverted residual: expand, depthwise, project; plus the input where shapes agree."""
        expand, project = f"{prefix}._expand_conv.weight", f"{prefix}._project_conv.weight"
        depthwise = f"{prefix}._depthwise_conv.weight"
        shape = self._tensors[expand if expand in self._tensors else depthwise].shape
        channels = shape[1] if expand in self._tensors else shape[0]
        if self.side <= SMALL_SIDE and not self._exact:
            if not self.channels_last:
                x, self.channels_last = self.turn(x, channels_last=True), True
            y = self.turn(self.product(x, expand, f"{prefix}._bn0"), channels_last=False)
            y = self.conv(y, depthwise, f"{prefix}._bn1", stride)
            y = self.turn(y, channels_last=True)
            y = self.product(y, project, f"{prefix}._bn2", relu6=False)
        else:
            y = self.conv(x, expand, f"{prefix}._bn0") if expand in self._tensors else x
            y = self.conv(y, depthwise, f"{prefix}._bn1", stride)
            y = self.conv(y, project, f"{prefix}._bn2", relu6=False)
        same = stride == 1 and channels == self._tensors[project].shape[0]
        return self.graph.add("Add", [x, y]) if same else y

    def head(self, x: str) -> str:
        """The last feature map, channels first."""
        if not self.channels_last:
            return self.conv(x, "_conv_head.weight", "_bn1")
        return self.turn(self.product(x, "_conv_head.weight", "_bn1"), channels_last=False)

    def outputs(self, x: str) -> None:
        """The three outputs from the last feature map."""
        graph = self.graph
        pooled = graph.add("ReduceMean", [x], "pooled", axes=[2, 3], keepdims=0)
        weight = graph.constant(self._tensors["_fc.weight"], "_fc.weight")
        bias = graph.constant(self._tensors["_fc.bias"], "_fc.bias")
        graph.add("Gemm", [pooled, weight, bias], "logits", transB=1)
        places = graph.constant(np.array([0, FEATURES, -1], np.int64), "flat_shape")
        flat = graph.add("Reshape", [x, places])
        graph.add("Transpose", [flat], "cells", perm=[0, 2, 1])


def build(pth: Path, target: Path, *, exact: bool = False) -> Path:
    """Write the graph to `target` (same input, same bytes) and return it.

    Args:
        pth: the published weights.
        target: the `.onnx` file.
        exact: all in float32, as published; photos may then go through it in any number.

    Raises:
        WeightsCorrupt: the file is not EfficientNet-Lite2 as published.
    """
    writer = _Writer(read_state_dict(pth), exact=exact)
    try:
        x = writer.conv("pixels", "_conv_stem.weight", "_bn0", 2)
        index = 0
        for stage in _STAGES:
            for position in range(stage.blocks):
                stride = stage.stride if position == 0 else 1
                x = writer.block(x, f"_blocks.{index}", stride)
                index += 1
        writer.outputs(writer.head(x))
    except KeyError as error:
        raise WeightsCorrupt(f"{pth} lacks the tensor {error} of EfficientNet-Lite2") from error
    writer.graph.save(
        target,
        [("pixels", np.float32, ("n", 3, SIDE, SIDE))],
        [
            ("logits", np.float32, ("n", CLASSES)),
            ("pooled", np.float32, ("n", FEATURES)),
            ("cells", np.float32, ("n", GRID * GRID, FEATURES)),
        ],
    )
    return target
