"""CUDA's libraries from Python packages, loaded so that engines find them.

Place in the flow: an engine calls `load_libraries` before it first computes on a GPU. The packages
``nvidia-*`` put their libraries where no loader looks; once loaded by their path, a later wish for
the same name is met by them. Without such packages the system's own are found as ever.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path

_WANTED = ("cudart", "nvrtc", "nvJitLink", "cublasLt", "cublas", "cufft", "curand", "cudnn")
"""In the order in which they need each other."""


@cache
def load_libraries() -> tuple[str, ...]:
    """Names of the libraries that were loaded; none where the packages are not installed."""
    loaded = []
    for name in _WANTED:
        for path in sorted(_found(name)):
            try:
                ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
            except OSError:  # one for another driver; what needs it will say so
                continue
            loaded.append(path.name)
    return tuple(loaded)


def _found(name: str) -> list[Path]:
    spec = importlib.util.find_spec("nvidia")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return [
        path for place in places for path in Path(place).rglob(f"lib{name}.so.*") if path.is_file()
    ]
