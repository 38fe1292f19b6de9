"""Who each model is, and what is known of it without loading it.

Place in the flow: results are keyed by a card's id and revision, so `lease.cards` must be cheap;
`describe_models` feeds the command line's table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache as once
from pathlib import Path

from mammothbox.models.cache import Cache
from mammothbox.models.catalog import CHOICES, CONTRACTS, MODELS, model_for
from mammothbox.models.contracts import ModelCard
from mammothbox.models.manifest import Model
from mammothbox.settings import Settings

EYES = Path(__file__).parent / "weights" / "eyes.json"
"""The numbers that go with the shipped eyes, and the digests of their graphs."""


@once
def _shipped_eyes() -> str:
    return hashlib.sha256(EYES.read_bytes()).hexdigest()[:12]


def card_of(model: Model, cache: Cache) -> ModelCard:
    """The model's card; the revision covers the weights of all models its answers rest on."""
    revisions = [cache.revision(model)]
    if model.id == "efficientnet-lite2":  # it speaks through MiniLM and what ships with the package
        revisions += [cache.revision(MODELS["minilm"]), _shipped_eyes()]
    said = (model.dimensions, model.languages, model.answers)
    return ModelCard(model.id, "+".join(revisions), *said)


@dataclass(frozen=True, slots=True)
class ModelState:
    """One line of the table of models.

    Attributes:
        profile, contract: which place it fills.
        id: the model.
        licence: of the weights.
        size_bytes: of its files together; 0 where not known before the first pull.
        on_disk: all files are there (or come with a dependency).
        runs_here: this version has an engine for it.
        pid: of the host that has it loaded, else 0.
        note: one line for people.
        chosen: it fills the place; False for what could be chosen in its stead.
    """

    profile: str
    contract: str
    id: str
    licence: str
    size_bytes: int
    on_disk: bool
    runs_here: bool
    pid: int
    note: str
    chosen: bool = True


def describe_models(
    settings: Settings, pids: Mapping[tuple[str, str], int] | None = None
) -> list[ModelState]:
    """Both profiles, contract by contract, each with what could be chosen in its stead.

    `pids` ((profile, engine) → process) marks what is loaded.
    """
    cache, loaded = Cache(settings.cache), pids or {}
    states = []
    for profile, choices in CHOICES.items():
        for contract in CONTRACTS:
            own = model_for(replace(settings, profile=profile), contract)
            for model in dict.fromkeys((own, *choices.get(contract, ()))):
                pid = loaded.get((profile, model.engine), 0) if model is own else 0
                states.append(_state(profile, contract, model, cache, pid, chosen=model is own))
    return states


def _state(
    profile: str, contract: str, model: Model, cache: Cache, pid: int, *, chosen: bool
) -> ModelState:
    return ModelState(
        profile=profile,
        contract=contract,
        id=model.id,
        licence=model.licence,
        size_bytes=sum(file.size for file in model.files),
        on_disk=not cache.missing([model]),
        runs_here=bool(model.engine),
        pid=pid,
        note=model.note,
        chosen=chosen,
    )
