"""Whether what the writer says fits the schema it was given, over a sample of all kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.media import Item
from bench.quality.context import Context

SAMPLE = {"document": 20, "ocr": 6, "speech": 12, "video": 8, "photo": 40}
"""Files of each kind of the index that are described; spread evenly over the index."""


def measure(context: Context) -> dict[str, Any] | None:
    """``valid`` of ``of`` files whose describing reached the writer.

    A file that failed because the answer did not fit counts against it; a file that never reached
    the writer (it does not decode, or has no words) is not counted.
    """
    sample = [path for kind, most in SAMPLE.items() for path in _spread(context.index, kind, most)]
    sample = context.few(sample)
    if not sample:
        context.lacks.append("files to describe")
        return None
    library = context.library("schema", sample, describe="groups")
    refused = [one for one in library.failed() if one.step == "describe"]
    for one in refused:
        context.say(f"  {one.path}: {one.reason}: {one.message}")
    shown = [library.show(str(context.copied("schema", n, p))) for n, p in enumerate(sample)]
    valid = sum("describe" in one["authors"] for one in shown)
    return {"valid": valid, "of": valid + len(refused)}


def _spread(index: Sequence[Item], kind: str, most: int) -> list[Path]:
    paths = [item.path for item in index if item.kind == kind]
    step = max(1.0, len(paths) / most)
    return [paths[int(n * step)] for n in range(min(most, len(paths)))]
