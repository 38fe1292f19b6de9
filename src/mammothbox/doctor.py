"""Whether everything needed is there and works: one `Check` for each question.

Asks the machine, the library's directory and the weights; loads no model; asks nobody but the
services that the settings name.

Example:
    >>> [check.name for check in examine(load_settings()) if not check.ok]  # doctest: +SKIP
    ['weights']
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from mammothbox import model_admin
from mammothbox.errors import LibraryError
from mammothbox.models import gpu
from mammothbox.models.catalog import model_for
from mammothbox.models.memory import host_budget, machine_bytes
from mammothbox.models.processor import features
from mammothbox.settings import Settings

LOW_DISK_BYTES = 2_000_000_000
EXTRAS = {
    "reference": "transformers",
    "train": "torch",
    "postgres": "psycopg",
    "workers": "dramatiq",
    "cuda": "nvidia",
}
"""Optional extra → a module that shows it is installed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer.

    Attributes:
        name: what was asked about.
        ok: it is as needed; False only for what keeps MammothBox from working.
        detail: what was found.
        hint: what to do about it, empty where nothing is needed.
    """

    name: str
    ok: bool
    detail: str
    hint: str = ""


def examine(settings: Settings, *, deep: bool = False) -> Iterator[Check]:
    """All checks in turn.

    Args:
        settings: names the library, the weights and the profile.
        deep: read all weights and compare their sha256 (seconds).
    """
    yield _python()
    yield Check("system", os.name == "posix", f"{platform.platform()}, {platform.machine()}")
    yield _processor()
    yield _memory(settings)
    yield _disk("disk of the library", settings.library)
    yield _disk("disk of the weights", settings.cache)
    yield _library(settings)
    if settings.database_url:
        yield _database(settings)
    yield _weights(settings, deep)
    yield from _engines(settings)
    yield _gpu(settings)
    yield from _services(settings)
    for extra, module in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield Check(f"extra {extra}", True, "installed" if there else "not installed (optional)")


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    hint = "" if ok else "install Python 3.11 or newer"
    return Check("python", ok, f"{platform.python_version()} at {sys.executable}", hint)


def _processor() -> Check:
    flags, told = features(), ("avx", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "asimd")
    known = [name for name in told if name in flags]
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    detail = f"{cores} cores; {', '.join(known) or 'features unknown'}"
    slow = bool(flags) and platform.machine() == "x86_64" and "avx2" not in flags
    return Check(
        "processor", True, detail, "without AVX2 models run several times slower" if slow else ""
    )


def _memory(settings: Settings) -> Check:
    free, most = psutil.virtual_memory().available, machine_bytes()
    budget = host_budget(settings.memory_bytes)
    detail = f"{most / 1e9:.1f} GB, {free / 1e9:.1f} GB free; {budget / 1e9:.1f} GB for models"
    hint = "close other programs, or lower --memory" if budget > free else ""
    return Check("memory", True, detail, hint)


def _disk(name: str, place: Path) -> Check:
    near = place.absolute()
    while not near.exists():
        near = near.parent
    free = shutil.disk_usage(near).free
    low = free < LOW_DISK_BYTES
    hint = f"less than {LOW_DISK_BYTES / 1e9:.0f} GB are free at {near}" if low else ""
    return Check(name, True, f"{free / 1e9:.1f} GB free at {near}", hint)


def _library(settings: Settings) -> Check:
    from mammothbox.store.place import check_fit, file_system

    near = settings.library.absolute()
    while not near.exists():
        near = near.parent
    there = "" if near == settings.library.absolute() else " (not there yet)"
    try:
        check_fit(near)
    except LibraryError as error:
        return Check("library", False, str(settings.library), str(error))
    kind = file_system(near) or "unknown file system"
    return Check("library", True, f"{settings.library}{there}, on {kind}")


def _database(settings: Settings) -> Check:
    from mammothbox.errors import NotFound, UsageError
    from mammothbox.store import open_store

    try:
        with open_store(settings.library, write=False, url=settings.database_url) as store:
            return Check("database", True, f"{store.place} answers")
    except NotFound:
        return Check("database", True, "answers; no library in it yet")
    except (LibraryError, UsageError) as error:
        return Check("database", False, "DATABASE_URL", str(error))


def _engines(settings: Settings) -> Iterator[Check]:
    """Which model does what, where, and whether its memory is within the budget."""
    from mammothbox.models.remote.services import NAMES, Services

    services, room = Services(settings), host_budget(settings.memory_bytes)
    for contract, model, size in model_admin.needed_bytes(settings):
        name = f"runs {contract}"
        if contract in NAMES and services.get(contract) is not None:
            yield Check(name, True, "a service, see below")
            continue
        fits = size <= room
        hint = "" if fits else "a larger --memory or another model; see: mammothbox models plan"
        about = f"about {size / 1e9:.1f} GB" if fits else f"needs {size / 1e9:.1f} GB"
        where = "on the processor"
        if on_gpu := model_for(settings, contract).gpu_bytes:
            where = f"on the GPU, {on_gpu / 1e9:.1f} GB there"
        yield Check(name, fits, f"{model} {where}, {about} of {room / 1e9:.1f} GB", hint)


def _gpu(settings: Settings) -> Check:
    if settings.device == "cpu":
        return Check("gpu", True, "not asked for (device = cpu)")
    found = gpu.find()
    if found is None:
        return Check("gpu", True, "none found; models run on the processor")
    users = ", ".join(sorted(found.libraries)) or "nothing"
    lacking = ", ".join(sorted(gpu.LIBRARIES - found.libraries))
    hint = f"not by {lacking}: what that needs is in docs/gpu.md" if lacking else ""
    room = gpu.budget(settings.gpu_memory_bytes, found) / 1e9
    detail = f"{found.name}, {room:.1f} of {found.total_bytes / 1e9:.1f} GB; used by {users}"
    return Check("gpu", True, detail, hint)


def _services(settings: Settings) -> Iterator[Check]:
    """Which models are services of this person's, and whether those answer."""
    from mammothbox.models.remote.services import NAMES, Services

    services = Services(settings)
    away = services.away()
    for contract, name in NAMES.items():
        endpoint = services.get(contract)
        if endpoint is None:
            continue
        hint = "what it does is postponed until it is back" if contract in away else ""
        said = away.get(contract) or f"{services.card(contract).id} at {endpoint.url}"
        yield Check(f"service {name}", True, said, hint)


def _weights(settings: Settings, deep: bool) -> Check:
    lacking = model_admin.missing(settings)
    command = f"mammothbox models pull {settings.profile}"
    if lacking:
        names = ", ".join(sorted({file.model for file in lacking}))
        return Check("weights", False, f"{settings.profile}: missing {names}", f"run: {command}")
    if not deep:
        return Check("weights", True, f"{settings.profile}: all there (--deep compares hashes)")
    wrong = model_admin.damaged(settings)
    if wrong:
        hint = f"run: mammothbox models remove, then {command}"
        return Check("weights", False, f"damaged: {', '.join(wrong)}", hint)
    return Check("weights", True, f"{settings.profile}: all there, every hash right")
