"""all-MiniLM-L6-v2 as an ONNX graph, from the published safetensors, without PyTorch.

Place in the flow: the weights store has the model directory; `build` turns it once into an `.onnx`
in the cache; the text engine runs that. A BERT encoder of 6 layers, then the mean over the tokens
and L2 normalisation, all inside the graph. Knows nothing of tokenising.

The weights lie beside the graph, where ONNX Runtime maps them: half the time to load, of which a
search in the shell waits for all, and the table of words is read where words occur only.

Inputs: ``ids`` and ``mask``, int64, N x T (T at most 512). Outputs: ``embedding`` N x 384 with rows
of length 1, and ``tokens`` N x T x 384 (the last layer, for heads that look at single words).
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.builder import GraphBuilder, write_atomic
from mammothbox.models.graphs.external import DataFile

GRAPH = "minilm-l6.onnx"
"""Name of the graph's file."""

LAYERS = 6
HEADS = 12
DIMENSIONS = 384

VERSION = 2
"""Raised with `GRAPH` whenever the arrays would be others, so that no half built ones are used."""

_EPS = 1e-12
_MASKED = -1e4
"""Added to attention scores of padding; large against any score, small against float16."""


def read_safetensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The file's float32 tensors by name, as views of one buffer; other dtypes are left out.

    Raises:
        WeightsCorrupt: truncated, or not the safetensors format.
    """
    data = path.read_bytes()
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        body = memoryview(data)[8 + length :]
        return {
            name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] == "F32"
        }
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise WeightsCorrupt(f"{path} is not a safetensors file: {error}") from error


class _Writer:
    """Writes the encoder's parts; weights are looked up by their published names."""

    def __init__(self, tensors: dict[str, npt.NDArray[np.float32]], data: DataFile) -> None:
        self.graph = GraphBuilder("minilm_l6")
        self._tensors, self._data = tensors, data

    def matrix(self, array: npt.NDArray[np.float32], name: str) -> str:
        return self.graph.external(self._data.put(name, lambda: array), self._data)

    def scalar(self, value: float) -> str:
        return self.graph.constant(np.float32(value))

    def ints(self, *values: int) -> str:
        return self.graph.constant(np.array(values, np.int64))

    def linear(self, x: str, name: str) -> str:
        weight = self.matrix(self._tensors[f"{name}.weight"].T, f"{name}.weight")
        bias = self.graph.constant(self._tensors[f"{name}.bias"], f"{name}.bias")
        return self.graph.add("Add", [self.graph.add("MatMul", [x, weight]), bias])

    def norm(self, x: str, name: str, output: str = "") -> str:
        scale = self.graph.constant(self._tensors[f"{name}.weight"], f"{name}.weight")
        bias = self.graph.constant(self._tensors[f"{name}.bias"], f"{name}.bias")
        inputs = [x, scale, bias]
        return self.graph.add("LayerNormalization", inputs, output, axis=-1, epsilon=_EPS)

    def gelu(self, x: str) -> str:
        add = self.graph.add
        erf = add("Erf", [add("Div", [x, self.scalar(math.sqrt(2.0))])])
        grown = add("Mul", [x, add("Add", [erf, self.scalar(1.0)])])
        return add("Mul", [grown, self.scalar(0.5)])

    def embeddings(self) -> str:
        """Word, position and segment (always the first) embeddings, normalised."""
        add, prefix = self.graph.add, "embeddings"
        words = self._tensors[f"{prefix}.word_embeddings.weight"]
        places = self._tensors[f"{prefix}.position_embeddings.weight"]
        places = places + self._tensors[f"{prefix}.token_type_embeddings.weight"][0]
        word = add("Gather", [self.matrix(words, f"{prefix}.words"), "ids"])
        length = add("Slice", [add("Shape", ["ids"]), self.ints(1), self.ints(2)])
        table = self.graph.constant(places, f"{prefix}.places")
        place = add("Slice", [table, self.ints(0), length, self.ints(0)])
        return self.norm(add("Add", [word, place]), f"{prefix}.LayerNorm")

    def attention(self, x: str, bias: str, prefix: str) -> str:
        """Multi-head self-attention with its output projection."""
        add, split = self.graph.add, self.ints(0, 0, HEADS, DIMENSIONS // HEADS)
        parts = {}
        for part, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
            heads = add("Reshape", [self.linear(x, f"{prefix}.self.{part}"), split])
            parts[part] = add("Transpose", [heads], perm=perm)
        scores = add("MatMul", [parts["query"], parts["key"]])
        scores = add("Div", [scores, self.scalar(math.sqrt(DIMENSIONS / HEADS))])
        weights = add("Softmax", [add("Add", [scores, bias])], axis=-1)
        mixed = add("Transpose", [add("MatMul", [weights, parts["value"]])], perm=[0, 2, 1, 3])
        joined = add("Reshape", [mixed, self.ints(0, 0, DIMENSIONS)])
        return self.linear(joined, f"{prefix}.output.dense")

    def layer(self, x: str, bias: str, index: int) -> str:
        add, prefix = self.graph.add, f"encoder.layer.{index}"
        seen = self.attention(x, bias, f"{prefix}.attention")
        x = self.norm(add("Add", [x, seen]), f"{prefix}.attention.output.LayerNorm")
        wide = self.gelu(self.linear(x, f"{prefix}.intermediate.dense"))
        narrow = self.linear(wide, f"{prefix}.output.dense")
        output = "tokens" if index == LAYERS - 1 else ""
        return self.norm(add("Add", [x, narrow]), f"{prefix}.output.LayerNorm", output)

    def pool(self, x: str, mask: str) -> None:
        """Mean over the tokens that are not padding, then length 1."""
        add = self.graph.add
        spread = add("Unsqueeze", [mask, self.ints(2)])
        total = add("ReduceSum", [add("Mul", [x, spread]), self.ints(1)], keepdims=0)
        count = add("ReduceSum", [mask, self.ints(1)], keepdims=1)
        mean = add("Div", [total, add("Max", [count, self.scalar(1e-9)])])
        length = add("ReduceL2", [mean], axes=[1], keepdims=1)
        add("Div", [mean, add("Max", [length, self.scalar(1e-12)])], "embedding")

    def network(self) -> None:
        """All nodes."""
        add = self.graph.add
        mask = add("Cast", ["mask"], to=1)
        inverse = add("Sub", [self.scalar(1.0), mask])
        padding = add("Unsqueeze", [inverse, self.ints(1, 2)])
        bias = add("Mul", [padding, self.scalar(_MASKED)])
        x = self.embeddings()
        for index in range(LAYERS):
            x = self.layer(x, bias, index)
        self.pool(x, mask)


def build(directory: Path, target: Path) -> Path:
    """Write the graph of `directory`/model.safetensors to `target` and return it.

    `tokenizer.json` is put beside it, so that the target's directory is what `TextEngine` opens.

    Raises:
        WeightsCorrupt: the file is not all-MiniLM-L6-v2 as published.
    """
    source = directory / "model.safetensors"
    tensors, stat = read_safetensors(source), source.stat()
    with DataFile(target, f"{VERSION} {stat.st_size} {stat.st_mtime_ns}") as data:
        writer = _Writer(tensors, data)
        try:
            writer.network()
        except KeyError as error:
            raise WeightsCorrupt(f"{source} lacks the tensor {error} of MiniLM-L6") from error
        data.finish()
    shape: tuple[int | str, ...] = ("n", "t")
    writer.graph.save(
        target,
        [("ids", np.int64, shape), ("mask", np.int64, shape)],
        [
            ("embedding", np.float32, ("n", DIMENSIONS)),
            ("tokens", np.float32, (*shape, DIMENSIONS)),
        ],
    )
    write_atomic(target.with_name("tokenizer.json"), (directory / "tokenizer.json").read_bytes())
    return target
