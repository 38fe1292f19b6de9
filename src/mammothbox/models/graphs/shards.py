"""Tensors of a checkpoint in the safetensors format, read one at a time, however large it is.

Place in the flow: graph modules of large networks ask for tensors by their published names; only
the one asked for is in memory. A checkpoint is one `model.safetensors`, or several files that
`model.safetensors.index.json` names. Knows nothing of networks.

Example:
    >>> shards = Shards(Path("blip2-opt-2.7b"))                             # doctest: +SKIP
    >>> shards.read("query_tokens").shape                                   # doctest: +SKIP
    (1, 32, 768)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt, WeightsMissing

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
BLOCK = 1 << 22
"""Numbers of a tensor that are in memory at once when it is read by rows."""

_DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_HEADER_MOST = 100_000_000

Floats = npt.NDArray[np.float32]


def shard_names(index: Path) -> list[str]:
    """Files that an index names, in the order of their names.

    Raises:
        WeightsCorrupt: it is no such index, or names a file outside its directory.
    """
    try:
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise WeightsCorrupt(f"{index} is not an index of safetensors: {error!r}") from error
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or name.startswith("."):
            raise WeightsCorrupt(f"{index} names {name!r}, which is no file beside it")
    return names


class Shards:
    """The tensors of `folder`, by name; float32 whatever they are kept in (F32, F16 or BF16).

    Raises:
        WeightsMissing: there is no checkpoint, or a part of it is not there.
        WeightsCorrupt: truncated, or not the safetensors format.
    """

    def __init__(self, folder: Path) -> None:
        index = folder / INDEX
        names = shard_names(index) if index.is_file() else [SINGLE]
        self._places: dict[str, tuple[Path, int, dict[str, Any]]] = {}
        for name in names:
            self._open(folder / name)
        self._folder = folder

    def _open(self, path: Path) -> None:
        if not path.is_file():
            raise WeightsMissing(f"{path} is missing; run: mammothbox models pull full")
        try:
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > _HEADER_MOST:
                    raise ValueError(f"a header of {length} bytes")
                header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            for name, entry in header.items():
                self._places[name] = (path, 8 + length, entry)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsCorrupt(f"{path} is not a safetensors file: {error}") from error
        if path.stat().st_size < 8 + length + end:
            raise WeightsCorrupt(f"{path} is cut short")

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def names(self) -> list[str]:
        """All tensors."""
        return list(self._places)

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a tensor, without reading it.

        Raises:
            KeyError: there is no such tensor.
        """
        return tuple(self._places[name][2]["shape"])

    def read(self, name: str) -> Floats:
        """The whole tensor.

        Raises:
            KeyError: there is no such tensor.
        """
        shape = self.shape(name)
        rows = shape[0] if len(shape) > 1 else 1
        values = np.concatenate([part.reshape(-1) for part in self.blocks(name, rows)])
        return values.reshape(shape)

    def blocks(self, name: str, rows: int = 0) -> Iterator[Floats]:
        """The tensor in pieces of `rows` rows; 0: as many as about `BLOCK` numbers have."""
        path, start, entry = self._places[name]
        if entry["dtype"] not in _DTYPES:
            raise WeightsCorrupt(f"{path}: {name} is kept as {entry['dtype']}, not known here")
        shape, dtype = entry["shape"], np.dtype(_DTYPES[entry["dtype"]])
        first, *rest = shape if len(shape) > 1 else (1, *shape)
        width = int(np.prod(rest, dtype=np.int64))
        rows = rows or max(1, BLOCK // max(1, width))
        with path.open("rb") as file:
            file.seek(start + entry["data_offsets"][0])
            for at in range(0, first, rows):
                count = min(rows, first - at)
                raw = np.frombuffer(file.read(count * width * dtype.itemsize), dtype)
                yield _floats(raw, entry["dtype"]).reshape(count, *rest)


def _floats(raw: npt.NDArray[Any], kept: str) -> Floats:
    if kept == "BF16":  # the upper half of a float32
        return (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32)
