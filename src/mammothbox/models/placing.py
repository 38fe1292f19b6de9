"""Where a model runs: on the processor, or on a GPU if there is one that serves.

Place in the flow: `catalog.model_for` puts each chosen model through `place`, so that pulling,
accounts and hosts agree on it. Loads nothing.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import replace

from mammothbox.models import gpu
from mammothbox.models.manifest import Model
from mammothbox.settings import Settings


def place(model: Model, settings: Settings) -> Model:
    """The model as it runs here: `gpu_bytes` is set, and all that goes with it, if on the GPU.

    With ``device`` on ``auto`` it goes there if its library computes there and its memory is
    within the GPU's budget; with ``gpu`` without asking; with ``cpu`` never.
    """
    how = model.on_gpu
    if how is None or settings.device == "cpu":
        return _on_processor(model)
    if settings.device == "auto":
        found = gpu.find()
        if found is None or how.library not in found.libraries:
            return _on_processor(model)
        if how.gpu_bytes > gpu.budget(settings.gpu_memory_bytes, found):
            return _on_processor(model)
    return replace(
        _plain(model),
        derived=how.derived or _plain(model).derived,
        load_factor=0.0,
        load_bytes=how.load_bytes,
        gpu_bytes=how.gpu_bytes,
    )


def _on_processor(model: Model) -> Model:
    """What is derived for the sake of speed was measured with x86-64; and on a Mac, what runs the
    plain file has its GPU as well."""
    quick = sys.platform != "darwin" and platform.machine() in ("x86_64", "AMD64")
    return model if quick else _plain(model)


def _plain(model: Model) -> Model:
    if not model.plain_engine:
        return model
    return replace(model, engine=model.plain_engine, derived=(), built_bytes=0)


def gpu_budget(settings: Settings) -> int:
    """Bytes of the GPU for all models together; 0 where there is none."""
    found = gpu.find()
    return gpu.budget(settings.gpu_memory_bytes, found) if found else settings.gpu_memory_bytes
