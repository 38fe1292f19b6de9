"""Which weights were measured: the sha256 of every file the profile's models really read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from bench.quality.context import Context
from mammothbox.models.cache import Cache, sha256_of
from mammothbox.models.catalog import models_of

SUFFIXES = (".onnx", ".gz", ".npz", ".safetensors", ".bin")


def measure(context: Context) -> dict[str, str]:
    """``model/file`` → sha256 of its bytes on disk now, hexadecimal."""
    settings = context.settings
    cache = Cache(settings.cache)
    found = {
        f"{file.model}/{file.name}": sha256_of(cache.path(file))
        for model in models_of(settings)
        for file in model.files
        if cache.has(file)
    }
    return found | {name: sha256_of(path) for name, path in _shipped()}


def _shipped() -> Iterator[tuple[str, Path]]:
    """Weights inside packages: the project's own, and those of the text reader."""
    for package, folder in (("mammothbox.models", "weights"), ("rapidocr", "models")):
        directory = Path(str(files(package).joinpath(folder)))
        if directory.is_dir():
            for path in sorted(directory.rglob("*")):
                if path.suffix in SUFFIXES:
                    yield f"{package}/{path.relative_to(directory).as_posix()}", path
