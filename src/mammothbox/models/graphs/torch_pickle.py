"""Tensors out of a `.pth` of the older PyTorch format, without PyTorch and without running code.

The file is a row of pickles (magic, protocol, machine facts, state dict, storage keys) followed by
the raw storages. Only the four globals a plain state dict needs are allowed; any other name in the
pickle is refused, so a hostile file cannot run anything. Knows nothing of what the tensors mean.

Example:
    >>> tensors = read_state_dict(Path("efficientnet-lite2.pth"))     # doctest: +SKIP
    >>> tensors["_fc.weight"].shape                                   # doctest: +SKIP
    (1000, 1280)
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import numpy.typing as npt

from mammothbox.errors import WeightsCorrupt

Tensor = npt.NDArray[Any]

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


@dataclass
class _Storage:
    """One flat block of numbers, filled in after the pickles have been read."""

    dtype: np.dtype[Any]
    size: int
    data: Tensor | None = None


@dataclass
class _View:
    """A tensor as the pickle describes it: a window on a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Tensor:
        data = self.storage.data
        if data is None:
            raise WeightsCorrupt("a tensor refers to a storage that the file does not hold")
        step = data.itemsize
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        if self.offset < 0 or min(self.strides, default=0) < 0 or last >= max(1, data.size):
            raise WeightsCorrupt("a tensor reaches outside its storage")
        view = np.lib.stride_tricks.as_strided(
            data[self.offset :], self.shape, [s * step for s in self.strides], writeable=False
        )
        return np.ascontiguousarray(view)


def _view(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _View:
    return _View(storage, offset, shape, strides)


class _RestrictedUnpickler(pickle.Unpickler):
    """Knows the names of a state dict and nothing else."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Callable[..., Any] | str:
        if module == "torch" and name in _DTYPES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _view
        raise WeightsCorrupt(f"the weights file asks for {module}.{name}, which is not allowed")

    def persistent_load(self, pid: tuple[Any, ...]) -> _Storage:
        kind, storage_type, key, _device, size, *_ = pid
        if kind != "storage":
            raise WeightsCorrupt(f"unknown persistent object {kind!r} in the weights file")
        return self._storages.setdefault(key, _Storage(_DTYPES[storage_type], int(size)))


def _fail(path: Path, why: str, cause: Exception | None = None) -> NoReturn:
    raise WeightsCorrupt(
        f"{path} is not a PyTorch weights file of the older format: {why}"
    ) from cause


def _fill(file: BinaryIO, keys: list[str], storages: Mapping[str, _Storage]) -> None:
    for key in keys:
        storage = storages[key]
        (size,) = struct.unpack("<q", file.read(8))
        if size != storage.size:
            raise WeightsCorrupt(f"storage {key} has {size} numbers instead of {storage.size}")
        raw = file.read(size * storage.dtype.itemsize)
        storage.data = np.frombuffer(raw, storage.dtype, count=size)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """All tensors of the file by name, float32 or int64, C-contiguous.

    Raises:
        WeightsCorrupt: not this format, truncated, or it names a global that is not allowed.
    """
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:
        try:
            magic, _protocol, _system, state, keys = (
                _RestrictedUnpickler(file, storages).load() for _ in range(5)
            )
            if magic != _MAGIC:
                _fail(path, "wrong magic number")
            _fill(file, keys, storages)
        except (pickle.UnpicklingError, EOFError, ValueError, KeyError, struct.error) as error:
            _fail(path, str(error), error)
    return {name: value.array() for name, value in state.items() if isinstance(value, _View)}
