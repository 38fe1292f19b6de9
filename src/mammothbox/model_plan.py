"""What of a profile fits a budget of memory: `mammothbox models plan`.

Place in the flow: the command line asks `model_plan`; configs on disk go before the published ones
that are known by heart. Loads nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace

from mammothbox.models import planning
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import CONTRACTS, MODELS, model_for
from mammothbox.models.lease import estimate
from mammothbox.models.manifest import Model
from mammothbox.models.memory import ceiling, host_budget
from mammothbox.models.planning import Candidate, Choice, ModelPlan, plan
from mammothbox.models.shapes import PUBLISHED, READERS, Shape
from mammothbox.records import Json
from mammothbox.settings import Settings

__all__ = ["Choice", "ModelPlan", "model_plan"]

KINDS = {
    "captioner": ("int8", "int4"),
    "embedder": ("int8",),
    "transcriber": ("int8",),  # only until its files are there: the bench knows the base size
    "writer": ("fp16", "int8", "q4_k_m"),
}
"""Contract → quantisations, best first."""


def model_plan(settings: Settings, profile: str, *, gpu: bool = False) -> ModelPlan:
    """How the models of `profile` run within `settings.memory_bytes` (0: the default ceiling).

    Args:
        settings: where configs may lie, and the budget.
        profile: ``lite`` or ``full``.
        gpu: the budget is memory of a GPU, of which nothing is kept back.
    """
    budget = ceiling(settings.memory_bytes)
    room = host_budget(settings.memory_bytes)
    cache = Cache(settings.cache)
    candidates = [_candidate(settings, cache, profile, contract) for contract in CONTRACTS]
    if gpu:
        candidates = [replace(each, own_bytes=planning.GPU_HOST_BYTES) for each in candidates]
    return plan(candidates, budget, 0 if gpu else budget - room)


def least_bytes(settings: Settings, contract: str) -> int:
    """Memory that the chosen model of `contract` needs at least, known before it is on disk."""
    cache = Cache(settings.cache)
    return planning.least_bytes(_candidate(settings, cache, settings.profile, contract))


def _candidate(settings: Settings, cache: Cache, profile: str, contract: str) -> Candidate:
    model = model_for(replace(settings, profile=profile), contract)
    shape = _shape(model, cache)
    seen = any(file.size or cache.has(file) for file in model.files)
    if shape is not None and contract in KINDS and (contract != "transcriber" or not seen):
        kinds = (model.kind,) if model.kind else KINDS[contract]
        return Candidate(contract, model.id, shape, kinds)
    parts = [model, *(MODELS[name] for name in model.needs)]
    return Candidate(contract, model.id, None, known_bytes=estimate(parts, cache))


def _shape(model: Model, cache: Cache) -> Shape | None:
    """From the config on disk, else from the published one; None for models without either."""
    reader = READERS.get(model.id)
    if reader is None:
        return None
    config: Json = PUBLISHED[model.id]
    try:
        found = json.loads((cache.folder(model) / "config.json").read_text("utf-8"))
        return reader(found)
    except (OSError, ValueError, KeyError, TypeError):
        return reader(config)
