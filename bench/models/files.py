"""Seconds of one photo, document, recording and video on `full`, from scan to its last step."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.models import standing_in
from bench.models.weights import lacks_captioner, prepare
from bench.processes import environment
from bench.speed.inputs import Inputs
from mammothbox.library import Library
from mammothbox.settings import Settings

REQUEST = "2-3 s a caption by BLIP-2, 100 ms by CLIP, 50-100 tokens/s, < 5 s a file"


def measure(settings: Settings, scratch: Path) -> dict[str, Any]:
    """Seconds of each kind: of a whole run over one file, of one over a second file after it, and
    of that one's steps.

    The first run loads the models, which a folder pays once and not for every file. The writer's
    random weights write to their limit (200 tokens), so its part is an upper bound.
    """
    full = prepare(settings, scratch)
    make = Inputs(scratch / "files", seed=6)
    kinds = {
        "photo": make.photos(2, (1600, 1200)),
        "document_3p": make.documents(2),
        "audio_30s": make.sounds(2, 30),
        "video_15s": make.videos(2, 15),
    }
    instead = lacks_captioner(full)
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        if instead:
            url = stack.enter_context(standing_in.captioner(environment()))
            full = replace(full, blip_endpoint=url)
        for name, (first, second) in kinds.items():
            shutil.rmtree(scratch / f"files-{name}", ignore_errors=True)
            own = replace(full, library=scratch / f"files-{name}", describe="each")
            with Library.open(own, write=True) as library:
                loading = library.ingest([str(first)])
                report = library.ingest([str(second)])
                steps = _steps(library, second)
            found[name] = {
                "first_s": round(loading.seconds, 1),
                "wall_s": round(report.seconds, 1),
                "steps_s": round(sum(steps.values()), 1),
                **{step: round(seconds, 1) for step, seconds in steps.items() if seconds >= 0.05},
            }
    return {**found, "captioner": instead or "the profile's own", "request": REQUEST}


def _steps(library: Library, path: Path) -> dict[str, float]:
    """Step → seconds, of one file."""
    digests = [ref.digest for ref in library.store.files() if ref.path == str(path)]
    (results,) = library.store.results(digests).values()
    return {step: result.seconds for step, result in results.items()}
