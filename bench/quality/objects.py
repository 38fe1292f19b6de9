"""Object names find the photos that hold the object (COCO's names, through the joint space)."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.media import photo_truth
from bench.metrics.ranking import average_precision
from bench.quality.context import Context
from bench.quality.retrieval import embed_photos, embed_sentences


def measure(context: Context) -> dict[str, Any] | None:
    """``map``: mean over object names of the average precision of ranking all labelled photos.

    ``map_by_photo`` turns it round (the mean over photos of ranking all names); ``chance`` is what
    random scores would give for ``map``: the mean share of photos that hold an object.
    """
    labelled = {
        item.path: set(photo_truth(item.truth).objects)
        for item in context.index
        if item.kind == "photo" and photo_truth(item.truth).objects
    }
    if not labelled:
        context.lacks.append("photos with object labels in index.csv")
        return None
    paths, images = embed_photos(context, list(labelled))
    names = sorted({name for path in paths for name in labelled[path]})
    scores = images @ embed_sentences(context, names).T
    holds = np.array([[name in labelled[path] for name in names] for path in paths])
    by_photo = _precisions(scores, holds)
    by_name = _precisions(scores.T, holds.T)
    return {
        "map": round(float(np.mean(by_name)), 4),
        "map_by_photo": round(float(np.mean(by_photo)), 4),
        "chance": round(float(holds.mean()), 4),
        "photos": len(paths),
        "names": len(names),
    }


def _precisions(scores: Any, relevant: Any) -> list[float]:
    """The average precision of each row's ranking."""
    rows = zip(scores.tolist(), relevant.tolist(), strict=True)
    return [average_precision(row, wanted) for row, wanted in rows]
