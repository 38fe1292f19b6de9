"""BLIP-2 at its published size with random weights: seconds a caption, and memory.

Place in the flow: a part of `bench.models`. The checkpoint (15 GB) and what is built of it (3 GB)
lie in `scratch`; what an earlier run left there is used. Ours and the reference at half precision
run one after the other, each in a process of its own. The weights are random, so the words mean
nothing; their number is fixed.

Run alone, with a place for 18 GB: ``python -m bench.models.blip all FOLDER``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.models.blip_size import write
from mammothbox.arrays import Pixels
from mammothbox.models import open_models
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import BLIP2
from mammothbox.models.engines.blip import QUESTION, BlipEngine
from mammothbox.models.placing import place
from mammothbox.settings import Settings, load_settings

MODEL = place(BLIP2, load_settings())
"""On a GPU where one is at hand."""

GPU = bool(MODEL.gpu_bytes)
WORDS = 12
"""Tokens of a caption."""

ANSWER = 3
"""Tokens of an answer."""

PHOTOS = 3
THREADS = 2


def measure(settings: Settings, scratch: Path) -> dict[str, Any]:
    """The figures; seconds, megabytes (10^6 bytes).

    Args:
        settings: whatever they are, `scratch` is the cache and the profile is ``full``.
        scratch: a folder with room for 18 GB.
    """
    folder = scratch / "models" / BLIP2.id
    if not (folder / "model.safetensors.index.json").is_file():
        write(folder)
    built, ours = _child("build", scratch), _child("ours", scratch)
    host, theirs = _host(settings, scratch), _child("theirs", scratch)
    figures = {**built, **ours, **host, **theirs}
    return {**figures, "times_faster": round(theirs["reference_caption_s"] / ours["caption_s"], 2)}


def _child(what: str, scratch: Path) -> dict[str, Any]:
    """One part in a process of its own, which gives its memory back."""
    line = [sys.executable, "-m", "bench.models.blip", what, str(scratch)]
    found = subprocess.run(line, stdout=subprocess.PIPE, check=True, text=True)
    figures: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    print(what, json.dumps(figures), file=sys.stderr, flush=True)
    return figures


def _peak_mb() -> int:
    """The most memory this process ever held, its mapped files included."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000


def _build(scratch: Path) -> dict[str, Any]:
    """The streaming conversion. The parts stay, for the reference."""
    from mammothbox.models.graphs import blip2

    cache, folder, began = Cache(scratch), scratch / "models" / BLIP2.id, time.perf_counter()
    if cache.is_built(MODEL):
        return {}
    for _, graph in MODEL.derived:
        if cache.is_built(MODEL, graph):
            continue
        blip2.build(folder, folder / graph)
        cache.seal(MODEL, folder / graph)
    seconds = time.perf_counter() - began
    size = sum(path.stat().st_size for path in folder.glob("blip2-*"))
    figures = {"built_mb": size // 1_000_000, "build_peak_mb": _peak_mb()}
    return {"build_s": round(seconds, 1), **figures}


def _photos() -> list[Pixels]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (480, 640, 3), np.uint8) for _ in range(PHOTOS)]


def _timed(call: Callable[..., Any], *given: Any, **named: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = call(*given, **named)
    return time.perf_counter() - began, found


def _ours(scratch: Path) -> dict[str, Any]:
    vision = "blocks8" if GPU else "int8"
    engine = BlipEngine(scratch / "models" / MODEL.id, THREADS, MODEL.kind, vision, gpu=GPU)
    first, *photos = _photos()
    load_s, _ = _timed(engine.caption, [first])
    looks, says, answers = [], [], []
    for photo in photos:
        look_s, features = _timed(engine.features, [photo])
        say_s, (words,) = _timed(engine.speaker.say, engine.states(features, ""), WORDS)
        if len(words.ids) != WORDS:
            raise RuntimeError(f"{len(words.ids)} words instead of {WORDS}")
        asked = engine.states(engine.features([photo]), QUESTION.format("how many are there?"))
        answer_s, _ = _timed(engine.speaker.say, asked, ANSWER)
        looks.append(look_s)
        says.append(say_s)
        answers.append(answer_s)
    four_s, _ = _timed(engine.speaker.say, engine.states(np.repeat(features, 4, 0), ""), WORDS)
    return {
        "caption_s": round(median(looks) + median(says), 2),
        "look_s": round(median(looks), 2),
        **_by_word(engine, features),
        "further_question_s": round(median(answers), 2),
        "caption_of_four_s": round(median(looks) + four_s / 4, 2),
        "load_s": round(load_s, 1),
    }


def _by_word(engine: BlipEngine, features: Any) -> dict[str, float]:
    """Reading the picture's vectors, and each word after them."""
    read_s, (_, cache) = _timed(engine.speaker.start, engine.states(features, ""))
    word = engine.speaker.vectors([[7]])
    steps = [_timed(engine.speaker.go_on, word, cache)[0] for _ in range(5)]
    return {"read_prompt_s": round(read_s, 2), "word_s": round(median(steps), 3)}


def _theirs(scratch: Path) -> dict[str, Any]:
    import torch
    from transformers import Blip2ForConditionalGeneration

    torch.set_num_threads(THREADS)
    torch.set_default_device("cuda" if GPU else "cpu")
    folder = scratch / "models" / BLIP2.id
    half = torch.bfloat16
    model: Any = Blip2ForConditionalGeneration.from_pretrained(folder, dtype=half)
    model.to(torch.get_default_device()).eval()
    side = model.config.vision_config.image_size
    pixels = torch.randn((1, 3, side, side), dtype=half)
    length = {"max_new_tokens": WORDS, "min_new_tokens": WORDS, "do_sample": False}
    model.generate(pixels, max_new_tokens=2)
    seconds = [_timed(model.generate, pixels, **length)[0] for _ in range(PHOTOS - 1)]
    return {"reference_caption_s": round(median(seconds), 2), "reference_peak_mb": _peak_mb()}


def _host(settings: Settings, scratch: Path) -> dict[str, Any]:
    """The product's own host after captions and an answer, by its proportional set size."""
    chosen = replace(
        settings,
        cache=scratch,
        leases=scratch / "leases",
        profile="full",
        captioner="",
        threads=THREADS,
        memory_bytes=6_000_000_000,
    )
    with open_models(chosen) as models, models.captioner() as captioner:
        captioner.caption(_photos()[:1])
        captioner.ask(_photos()[0], "how many people are there?")
        taken = {"host_pss_mb": models.pss_bytes() // 1_000_000}
        return taken | ({"host_gpu_mb": models.gpu_bytes() // 1_000_000} if GPU else {})


def main() -> None:
    """One part, as JSON on the last line of standard output."""
    what, scratch = sys.argv[1], Path(sys.argv[2])
    parts: dict[str, Callable[[Path], dict[str, Any]]] = {
        "build": _build,
        "ours": _ours,
        "theirs": _theirs,
        "host": lambda place: _host(load_settings(), place),
        "all": lambda place: measure(load_settings(), place),
    }
    print(json.dumps(parts[what](scratch)))


if __name__ == "__main__":
    main()
