"""Whether what the writer says fits its schema, over one ingest of the whole media directory.

The run is the command's own, as a user starts it, and so are its figures: memory, seconds, and
what became of the files. A writer's answer is checked where it arrives, in
`mammothbox.models.fitting`; one that does not fit twice is a failure of the step `describe`.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.processes import run_command
from bench.quality.context import Context
from mammothbox.library import Library
from mammothbox.records import Done, Failed

VAL_PHOTOS = 100
"""Of Flickr8k; its other photos are many and much alike, and are judged by other parts."""

LONGEST_S = 2 * 3600


def measure(context: Context) -> dict[str, Any] | None:
    """``valid`` of ``of`` files that reached the writer, ``by_kind``, and the run's own figures.

    A file that failed because the answer did not fit counts against it; a file that never reached
    the writer (it does not decode, has no words, or no other photo is like it) is not counted.
    """
    files = _some(context, everything(context.media))
    if not files:
        context.lacks.append("files to describe")
        return None
    folder = copied(context.media, files, context.scratch / "schema" / "files")
    place = context.scratch / "schema" / "library"
    asked = ["ingest", str(folder), "--library", str(place), "--describe", "groups", "--json"]
    run = run_command(asked, timeout_s=LONGEST_S)
    if run.code not in (0, 3):
        raise RuntimeError(f"the ingest failed with code {run.code}: {run.err[-2000:]}")
    return {**_answers(context, place), "ingest": run.json}


def everything(media: Path) -> list[Path]:
    """All files below `media`, in order, but of Flickr8k only `VAL_PHOTOS` of val."""
    flickr = media / "photos" / "flickr8k"
    photos = sorted((flickr / "val").glob("*.jpg"))[:VAL_PHOTOS]
    others = [
        Path(top, name)
        for top, _, names in os.walk(media)
        for name in names
        if flickr not in Path(top, name).parents
    ]
    return sorted([*others, *photos])


def copied(media: Path, files: Iterable[Path], folder: Path) -> Path:
    """`folder` with copies of `files` at their places below `media`; links stay links."""
    for path in files:
        target = folder / path.relative_to(media)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    return folder


def _some(context: Context, files: list[Path]) -> list[Path]:
    """`limit` of the files of each kind, evenly spread; all when there is no limit."""
    if context.limit is None:
        return files
    from mammothbox.scan import kind_of

    by_kind: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        by_kind[kind_of(str(path))[0]].append(path)
    most = context.limit
    steps = {kind: max(1.0, len(mine) / most) for kind, mine in by_kind.items()}
    return [
        mine[int(n * steps[kind])]
        for kind, mine in by_kind.items()
        for n in range(min(most, len(mine)))
    ]


def _answers(context: Context, place: Path) -> dict[str, Any]:
    """What became of the step `describe`, content by content."""
    valid: dict[str, int] = defaultdict(int)
    wrong = 0
    with Library.open(replace(context.settings, library=place)) as library:
        refs = {ref.digest: ref for ref in library.store.files()}
        found = library.store.results(list(refs), steps=["describe"])
        for digest, results in found.items():
            outcome = results["describe"].outcome if "describe" in results else None
            if isinstance(outcome, Done):
                valid[refs[digest].kind.value] += 1
            elif isinstance(outcome, Failed):
                wrong += 1
                context.say(f"  {refs[digest].path}: {outcome.error}: {outcome.message}")
    total = sum(valid.values())
    return {"valid": total, "of": total + wrong, "by_kind": dict(valid)}
