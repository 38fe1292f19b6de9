"""Tensors and words of a GGUF file, whatever its numbers are packed in.

Place in the flow: graph modules ask for tensors by the names that the file has, as they do of
`shards`; each is unpacked to float32 when it is read. Knows nothing of networks.

Example:
    >>> weights = GgufWeights(Path("model.gguf"))                           # doctest: +SKIP
    >>> weights.shape("blk.0.attn_q.weight")                                # doctest: +SKIP
    (896, 896)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models.graphs.shards import BLOCK

Floats = npt.NDArray[np.float32]


class GgufWeights:
    """The tensors of the file `path`, which is mapped and not read.

    Raises:
        WeightsMissing: there is no such file.
        WeightsCorrupt: truncated, or not the GGUF format.
    """

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        if not path.is_file():
            raise WeightsMissing(f"{path} is missing; run: mammothbox models pull")
        try:
            reader = GGUFReader(path)
            # Not the reader's fields themselves: an array for each token, half a gigabyte.
            self._said = {key: field.contents() for key, field in reader.fields.items()}
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise WeightsCorrupt(f"{path} is not a GGUF file: {error}") from error
        self._path = path
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def value(self, key: str) -> Any:
        """What the file says under `key`: a number, a string or a list of them.

        Raises:
            WeightsCorrupt: it says nothing.
        """
        if key not in self._said:
            raise WeightsCorrupt(f"{self._path} does not say {key}")
        return self._said[key]

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a tensor, rows first.

        Raises:
            WeightsCorrupt: there is no such tensor.
        """
        return tuple(int(size) for size in reversed(self._tensor(name).shape))

    def read(self, name: str) -> Floats:
        """The whole tensor.

        Raises:
            WeightsCorrupt: there is no such tensor.
        """
        return np.concatenate(list(self.blocks(name))).reshape(self.shape(name))

    def blocks(self, name: str) -> Iterator[Floats]:
        """The tensor in pieces of as many rows as about `BLOCK` numbers have.

        Raises:
            WeightsCorrupt: there is no such tensor, or it is packed in a way not known here.
        """
        from gguf.quants import dequantize

        tensor, shape = self._tensor(name), self.shape(name)
        rows = max(1, BLOCK // shape[-1])
        packed = tensor.data.reshape(-1, tensor.data.shape[-1])
        for at in range(0, len(packed), rows):
            try:
                numbers = dequantize(packed[at : at + rows], tensor.tensor_type)
            except NotImplementedError as error:
                raise WeightsCorrupt(f"{self._path}: {name}: {error}") from error
            yield np.asarray(numbers, np.float32)

    def _tensor(self, name: str) -> Any:
        if name not in self._tensors:
            raise WeightsCorrupt(f"{self._path} has no tensor {name}")
        return self._tensors[name]
