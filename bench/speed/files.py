"""Seconds from a file's arrival to its last step, and what everything around the engines costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.speed.inputs import RATE, Inputs, pixels_of
from mammothbox.library import Library
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import model_for
from mammothbox.settings import Settings

WARM_UP, PHOTOS, LARGE = 48, 480, 96
"""Photos to start with, photos timed at 224 px, photos timed at 12 megapixels."""
EACH = 12
"""Files of each kind that are timed to their last step."""


def searchable(settings: Settings, scratch: Path) -> dict[str, float]:
    """Milliseconds until a photo can be found, at 224 px and at 12 MP, loading shared out.

    A photo is found by its picture, caption, labels, name and text once its batch of the stage
    `look` is stored. Timed are whole ingests of `PHOTOS` and `LARGE` photos, all but the later
    stage `read`: the start of decoders and models, scan, decoding, the gate before the reader, the
    reading of those that it lets through, the vectors and captions, and the store.
    """
    make = Inputs(scratch / "searchable")
    quiet = replace(settings, library=scratch / "searchable-library", describe="none")
    with Library.open(quiet, write=True) as library:
        _ingest(library, make.photos(WARM_UP, (232, 232)))
        small = _until_found(library, make.photos(PHOTOS, (224, 224))) / PHOTOS
        large = _until_found(library, make.photos(LARGE, (4000, 3000))) / LARGE
    return {"photo_searchable_ms": _ms(small), "photo_12mp_ms": _ms(large)}


def _until_found(library: Library, photos: Sequence[Path]) -> float:
    report = library.ingest([str(path.parent) for path in photos[:1]])
    if report.done != len(photos):
        raise RuntimeError(f"of {len(photos)} photos only {report.done} are done: {report}")
    return report.seconds - report.stage_seconds["read"]


def per_file(settings: Settings, scratch: Path, media: Path | None) -> dict[str, float]:
    """95th percentile of the seconds from scan to last step, with the loading of models shared out.

    `EACH` files of a kind go through one whole ingest, so that each model is loaded once. A file's
    seconds are those of its own steps, raised in proportion until all files together make up the
    wall time of the run: scan, decoding, loading and storing are in it.
    """
    make = Inputs(scratch / "each", seed=1, media=media)
    kinds = {
        "photo": make.photos(EACH, (1600, 1200)),
        "document_3p": make.documents(EACH),
        "audio_30s": make.sounds(EACH, 30),
        "video_15s": make.videos(EACH, 15),
        "audio_120s": make.sounds(3, 120),
    }
    found = {}
    for name, paths in kinds.items():
        whole = replace(settings, library=scratch / f"{name}-library", describe="each")
        with Library.open(whole, write=True) as library:
            wall = _ingest(library, paths)
            shares = step_seconds(library)
        scale = wall / sum(shares)
        found[name] = round(float(np.percentile([scale * share for share in shares], 95)), 3)
    return found


def step_seconds(library: Library) -> list[float]:
    """For each content of the library, the seconds of all its steps together."""
    digests = [ref.digest for ref in library.store.files()]
    results = library.store.results(digests).values()
    return [sum(result.seconds for result in steps.values()) for steps in results]


def over_engines(settings: Settings, scratch: Path, media: Path | None) -> dict[str, float]:
    """Seconds of an ingest over those of the bare engines on the same photos and recordings.

    The bare side reads with Pillow and NumPy and calls the engines in this process: no scan, no
    child, no host, no store. Both sides have their models loaded before the clock starts.
    """
    make = Inputs(scratch / "ratio", seed=2, media=media)
    photos, sounds = make.photos(100, (640, 480)), make.sounds(3, 30)
    quiet = replace(settings, library=scratch / "ratio-library", describe="none")
    with Library.open(quiet, write=True) as library:
        _ingest(library, [*make.photos(1, (232, 232)), *make.sounds(1, 5)])
        ours = _ingest(library, [*photos, *sounds])
    bare = _bare(settings, photos, sounds)
    return {
        "ingest_over_engines": round(ours / bare, 2),
        "ingest_s": round(ours, 2),
        "engines_s": round(bare, 2),
    }


def describe_amortised(settings: Settings, scratch: Path, photos: int = 1000) -> float:
    """Seconds the writer's stage takes for each of `photos` photos described in groups."""
    make = Inputs(scratch / "groups", seed=3)
    settings = replace(settings, library=scratch / "groups-library", describe="groups")
    with Library.open(settings, write=True) as library:
        report = library.ingest([str(path.parent) for path in make.photos(photos, (224, 224))[:1]])
    return round(report.stage_seconds["describe"] / photos, 3)


def _bare(settings: Settings, photos: Sequence[Path], sounds: Sequence[Path]) -> float:
    from mammothbox.models.engines.eyes import EyesEngine
    from mammothbox.models.engines.whisper import WhisperEngine

    cache, threads = Cache(settings.cache), settings.threads or min(8, _cores())
    eyes_model = model_for(settings, "captioner")
    text = cache.folder(model_for(settings, "text_embedder"))
    graph = cache.folder(eyes_model) / eyes_model.derived[0][1]
    eyes = EyesEngine(backbone=graph, text=text, threads=threads)
    whisper = WhisperEngine(cache.folder(model_for(settings, "transcriber")), threads)
    eyes.look(pixels_of(photos[:1]))
    whisper.transcribe(_samples(sounds[0])[: 5 * RATE])
    begin = time.perf_counter()
    for start in range(0, len(photos), 32):
        eyes.look(pixels_of(photos[start : start + 32]))
    for sound in sounds:
        whisper.transcribe(_samples(sound))
    return time.perf_counter() - begin


def _samples(path: Path) -> Any:
    import wave

    with wave.open(str(path)) as reader:
        raw = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
    return (raw / 32768).astype(np.float32)


def _cores() -> int:
    import os

    return os.cpu_count() or 1


def _ingest(library: Library, paths: Sequence[Path]) -> float:
    """Wall seconds of an ingest in which every file must get through."""
    begin = time.perf_counter()
    report = library.ingest([str(path) for path in paths])
    seconds = time.perf_counter() - begin
    if report.done != len(paths):
        raise RuntimeError(f"of {len(paths)} files only {report.done} are done: {report}")
    return seconds


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
