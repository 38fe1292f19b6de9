"""Few words about many files, for a list; and where the read text stands in a picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mammothbox.records import Result
from mammothbox.store import Store
from mammothbox.store.listing import Listed
from mammothbox.understand.values import value_of

_STEPS = ("caption", "outline", "describe", "person", "facts")


def summaries(store: Store, entries: Sequence[Listed]) -> list[dict[str, Any]]:
    """For each entry an object with its path, place in time, size, title and caption."""
    digests = list(dict.fromkeys(entry.digest for entry in entries))
    results = store.results(digests, _STEPS)
    return [_summary(entry, results.get(entry.digest, {})) for entry in entries]


def _summary(entry: Listed, results: Mapping[str, Result]) -> dict[str, Any]:
    person, outline = value_of(results, "person"), value_of(results, "outline")
    written, seen = value_of(results, "describe"), value_of(results, "caption")
    return {
        "digest": entry.digest,
        "path": entry.path,
        "name": os.path.basename(entry.path),  # noqa: PTH119 - exact names, never normalised
        "kind": entry.kind.value,
        "when": entry.when,
        "width": entry.width or None,
        "height": entry.height or None,
        "duration_s": entry.duration_s or None,
        "title": person.get("title") or written.get("title") or outline.get("title"),
        "caption": person.get("caption") or seen.get("caption"),
        "understood": "outline" in results,
    }


def ocr_lines(results: Mapping[str, Result], side_px: int) -> list[dict[str, Any]]:
    """Lines of text with their boxes as parts (0 to 1) of the picture's width and height.

    Args:
        results: ``ocr`` and ``facts`` of one content.
        side_px: longer side of the pictures that were read.
    """
    facts = value_of(results, "facts")
    width, height = facts.get("width") or 0, facts.get("height") or 0
    scale = min(1.0, side_px / max(width, height, 1))
    found = []
    for line in value_of(results, "ocr").get("lines", ()):
        entry = {key: line[key] for key in ("text", "page", "start_s") if key in line}
        if width and height and "page" not in line:
            x0, y0, x1, y1 = line["box"]
            across, down = width * scale, height * scale
            entry["box"] = [
                round(min(max(part, 0.0), 1.0), 4)
                for part in (x0 / across, y0 / down, x1 / across, y1 / down)
            ]
        found.append(entry)
    return found
