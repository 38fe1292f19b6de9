"""What one photo costs the eyes in batches (features, joint vector and caption), and their memory.

The whole way through the contracts, as an ingest takes it: requests to the host and back, without
the decoding of files before and the storing after.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from bench.speed.inputs import Inputs, pixels_of
from mammothbox.arrays import Pixels
from mammothbox.models import Models, open_models
from mammothbox.settings import Settings

WARM_UP, PHOTOS, SIZE = 32, 192, (224, 224)
ROUNDS = 3
"""The median round counts."""

LOOK_EVERY_S = 0.05


def measure(settings: Settings, scratch: Path) -> dict[str, float]:
    """``eyes_batch_ms`` a photo, and ``eyes_host_mb``, the most the host used (10^6 bytes).

    The sentence side of the joint space is used as well, so that all of the host is loaded.
    """
    make = Inputs(scratch / "eyes", seed=2)
    photos = pixels_of(make.photos(WARM_UP + ROUNDS * PHOTOS, SIZE))
    with open_models(replace(settings, library=scratch / "eyes-library")) as models:
        with models.embedder() as embedder:
            embedder.embed_texts(["a dog runs through the snow"])
        peak = _Peak(models)
        _look(models, photos[:WARM_UP])
        starts = range(WARM_UP, len(photos), PHOTOS)
        seconds = sorted(_look(models, photos[at : at + PHOTOS]) for at in starts)
        most = peak.end()
    a_photo = seconds[len(seconds) // 2] / PHOTOS
    return {"eyes_batch_ms": round(1000 * a_photo, 1), "eyes_host_mb": round(most / 1e6)}


def _look(models: Models, photos: Sequence[Pixels]) -> float:
    """Seconds until all photos have a caption and a vector; the second comes from the same pass."""
    start = time.monotonic()
    with models.captioner() as captioner, models.embedder() as embedder:
        captioner.caption(photos)
        embedder.embed_images(photos)
    return time.monotonic() - start


class _Peak:
    """Watches the memory of all hosts until asked to end."""

    def __init__(self, models: Models) -> None:
        self._models, self._most, self._over = models, 0, Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            self._most = max(self._most, self._models.pss_bytes())

    def end(self) -> int:
        """The most bytes seen."""
        self._over.set()
        self._thread.join()
        return max(self._most, self._models.pss_bytes())
