"""A cache for the `full` profile: what `lite` shares with it linked, the large models made.

Everything lies in the bench's scratch folder, which is the cache: 3.2 GB, and the 18 GB of the part
`blip` where that ran before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.models import clip_file, phi_file
from mammothbox.errors import WeightsMissing
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import MODELS, model_for
from mammothbox.models.derived import build_missing
from mammothbox.settings import Settings

BUDGET = 6_000_000_000
SHARED = ("minilm", "efficientnet-lite2", "whisper-base")
"""Models with real weights."""


def prepare(settings: Settings, scratch: Path) -> Settings:
    """Settings of the `full` profile over a cache in `scratch`; what is there already is used.

    Raises:
        WeightsMissing: the weights of `lite` are not on disk.
    """
    full = replace(
        settings,
        profile="full",
        cache=scratch,
        leases=scratch / "leases",
        memory_bytes=BUDGET,
        embedder="",
        transcriber="",
    )
    mine, theirs = Cache(full.cache), Cache(settings.cache)
    theirs.require([MODELS[name] for name in SHARED], "lite")
    mine.root.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        if not mine.folder(MODELS[name]).exists():
            mine.folder(MODELS[name]).symlink_to(theirs.folder(MODELS[name]))
    words = theirs.folder(MODELS["minilm"]) / "tokenizer.json"
    space, writer = model_for(full, "embedder"), model_for(full, "writer")
    if mine.missing([space]):
        clip_file.write(mine.folder(space), words)
    build_missing(space, mine)  # as a pull does
    if mine.missing([writer]):
        mine.folder(writer).mkdir(exist_ok=True)
        phi_file.write(mine.folder(writer) / "model.gguf", words)
    return full


def lacks_captioner(full: Settings) -> str:
    """Why the profile's captioner cannot run here; empty where it can."""
    model = model_for(full, "captioner")
    if not model.engine:
        return f"{model.id}: this version has no engine for it"
    try:
        Cache(full.cache).require([model], "full")
    except WeightsMissing:
        return f"{model.id} is not there; the part blip makes it (--only blip,pipeline)"
    if not Cache(full.cache).is_built(model):
        return f"{model.id} is not built yet; the part blip does it (--only blip,pipeline)"
    return ""
