"""The weights as a person manages them: which models there are, what is on disk, fetch, remove.

A thin door for the interfaces, which do not see `models`. Loads nothing.

Example:
    >>> [state.id for state in describe_models(load_settings())][:1]        # doctest: +SKIP
    ['efficientnet-lite2']
"""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

from mammothbox.errors import ModelError
from mammothbox.models import (
    Models,
    ModelState,
    PullProgress,
    PullSize,
    describe_models,
    missing,
    open_models,
    pull,
    pull_size,
    remove,
    where,
)
from mammothbox.models.cache import Cache, sha256_of
from mammothbox.models.catalog import CONTRACTS, MODELS, model_for, models_of, setting_for
from mammothbox.models.lease import estimate
from mammothbox.models.ledger import Account, Ledger
from mammothbox.models.remote.services import MEMORY
from mammothbox.settings import Settings

HOST_MODULE = "mammothbox.models.host"
"""How a host's command line tells it from other processes; the engine's name follows."""

__all__ = [
    "Account",
    "ModelState",
    "PullProgress",
    "PullSize",
    "accounts",
    "damaged",
    "describe_models",
    "disk_bytes",
    "missing",
    "model_names",
    "needed_bytes",
    "owned_notes",
    "owned_weights",
    "pull",
    "pull_size",
    "remove",
    "running_hosts",
    "setting_for",
    "start_early",
    "where",
]


def start_early(settings: Settings) -> Models:
    """Open the models and begin to load what a query needs, while the caller does other things.

    Without weights nothing is begun; the query itself will say so.
    """
    models = open_models(settings)
    with contextlib.suppress(ModelError):
        models.start("text_embedder")
    return models


def running_hosts(settings: Settings) -> dict[tuple[str, str], int]:
    """(profile, engine) → process of the hosts that run on these weights now, whoever's they are.

    Both profiles have a writer on the same engine, so the engine alone would not tell which runs.
    """
    import psutil

    found: dict[tuple[str, str], int] = {}
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = process.info["cmdline"] or []
        if HOST_MODULE in line and str(settings.cache) in line:
            words = dict(pairwise(line))
            found[words.get("--profile", ""), words[HOST_MODULE]] = process.info["pid"]
    return found


def accounts(settings: Settings) -> list[Account]:
    """The hosts of all commands of this user that run now, the longest running first."""
    return sorted(Ledger(settings.leases).read(), key=lambda account: account.since)


def owned_notes(settings: Settings) -> list[Path]:
    """Small files beside the weights: the accounts of memory, and which services were heard."""
    heard = settings.cache / MEMORY
    return [*_files(settings.leases), *([heard] if heard.is_file() else [])]


def needed_bytes(settings: Settings) -> list[tuple[str, str, int]]:
    """(contract, model, bytes of its host) of the chosen models.

    From the sizes of files; where the first pull will tell those, from the network's shape, at the
    fewest bits that its engine runs.
    """
    from mammothbox.model_plan import least_bytes

    cache, found = Cache(settings.cache), []
    for contract in CONTRACTS:
        model = model_for(settings, contract)
        parts = [model, *(MODELS[name] for name in model.needs)]
        here = model.gpu_bytes or not cache.missing(parts)
        size = estimate(parts, cache) if here else least_bytes(settings, contract)
        found.append((contract, model.id, size))
    return found


def model_names() -> list[str]:
    """Ids of all models."""
    return list(MODELS)


def owned_weights(settings: Settings) -> list[Path]:
    """Every file below the weights' directory: those derived and unfinished downloads too."""
    return _files(Cache(settings.cache).root)


def disk_bytes(settings: Settings, model: str) -> int:
    """Bytes on disk of one model, with what was derived from its weights."""
    return sum(path.stat().st_size for path in _files(Cache(settings.cache).folder(MODELS[model])))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def damaged(settings: Settings) -> list[str]:
    """Files of the chosen profile whose bytes are not those expected, as ``model/file``.

    Reads every byte of them; seconds.
    """
    cache = Cache(settings.cache)
    return [
        f"{file.model}/{file.name}"
        for model in models_of(settings)
        for file in model.files
        if cache.has(file)
        and (wanted := cache.pinned(file))
        and sha256_of(cache.path(file)) != wanted
    ]
