"""CLIP ViT-B/32 at its size: milliseconds a picture and a sentence, memory of its host."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.models.sampling import Samples, on_gpu
from bench.models.weights import prepare
from bench.speed.inputs import Inputs, pixels_of
from mammothbox.models import open_models
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import model_for
from mammothbox.models.lease import estimate
from mammothbox.settings import Settings

PICTURES, TEXTS, ALONE = 64, 64, 12


def measure(settings: Settings, scratch: Path) -> dict[str, Any]:
    """Times through the contract, process and preparing included; memory in GB (10^9)."""
    full = prepare(settings, scratch)
    model = model_for(full, "embedder")
    photos = pixels_of(Inputs(scratch / "clip", seed=4).photos(PICTURES + ALONE, (640, 480)))
    photos, others = photos[:PICTURES], photos[PICTURES:]  # what was seen once is remembered
    texts = [f"a photo of a dog and {n} children in the snow" for n in range(TEXTS)]
    begin = time.perf_counter()
    with open_models(full) as models, Samples(models.pss_bytes) as samples, on_gpu(models) as gpu:
        with models.embedder() as embedder:
            embedder.embed_images(photos[:1])
            loaded = time.perf_counter() - begin
            embedder.embed_texts(texts[:1])
            times = {
                "image_ms": _each(embedder.embed_images, photos),
                "image_alone_ms": _alone(embedder.embed_images, others),
                "text_ms": _each(embedder.embed_texts, texts),
                "text_alone_ms": _alone(embedder.embed_texts, texts),
            }
        most = samples.most
    there = gpu()
    return {
        **times,
        **there,
        "load_s": round(loaded, 1),
        "host_gb": round(most / 1e9, 2),
        "estimated_gb": round(estimate([model], Cache(full.cache)) / 1e9, 2),
        "promised_ms": 100,
        "request_ms": 100,
    }


def _each(embed: Callable[[Sequence[Any]], object], inputs: Sequence[Any]) -> float:
    """Milliseconds an input, all asked for together."""
    begin = time.perf_counter()
    embed(inputs)
    return round(1000 * (time.perf_counter() - begin) / len(inputs), 1)


def _alone(embed: Callable[[Sequence[Any]], object], inputs: Sequence[Any]) -> float:
    """Milliseconds of a request of one, the median of `ALONE`."""
    found = sorted(_each(embed, [one]) for one in inputs[:ALONE])
    return found[len(found) // 2]
