"""Whether photos that are alike lie together in the joint space, as ``similar`` and groups need.

True groups come from ``organise.csv`` (its photos only). Near duplicates are the turned, mirrored,
shrunk and grey copies of one scene in the index, among all those photos.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.metrics.grouping import purity, v_measure
from bench.quality.context import Context
from bench.quality.retrieval import embed_photos
from mammothbox.arrays import Vectors
from mammothbox.cluster.groups import group_rows

MOST = 40
"""Groups at most, as for a plan."""

_VARIANT = re.compile(r"_(gray|hflip|resize|rotation)$")


def measure(context: Context) -> dict[str, Any] | None:
    """Nearest neighbours, groups by the joint vector alone, and near duplicates.

    ``nearest_same_group``: share of photos whose nearest other photo is of the same true group;
    ``top5_same_group`` the same over the five nearest. ``v_measure`` and ``purity`` judge the
    product's own grouping of these vectors into ``groups``. ``near_copies_first``: share of the
    copies of a scene whose nearest photo is another copy of it.
    """
    truth = _grouped(context.media)
    copies = _copies(context)
    if not truth:
        context.lacks.append("photos in organise.csv")
        return None
    scenes = {**dict.fromkeys(truth, ""), **copies}
    paths, rows = embed_photos(context, list(scenes))
    grouped = [place for place, path in enumerate(paths) if path in truth]
    groups = [truth[paths[place]] for place in grouped]
    labels = group_rows(rows[grouped], MOST).tolist()
    nearest = _nearest(rows[grouped], 5)
    same = np.array([[groups[n] == groups[row] for n in near] for row, near in enumerate(nearest)])
    result: dict[str, Any] = {
        "photos": len(grouped),
        "true_groups": len(set(groups)),
        "groups": len(set(labels)),
        "v_measure": v_measure(groups, labels),
        "purity": purity(groups, labels),
        "nearest_same_group": round(float(same[:, 0].mean()), 4),
        "top5_same_group": round(float(same.mean()), 4),
    }
    scene = [scenes[path] for path in paths]
    first = _nearest(rows, 1)[:, 0]
    found = [scene[first[row]] == name for row, name in enumerate(scene) if name]
    if found:
        result["near_copies"] = len(found)
        result["near_copies_first"] = round(sum(found) / len(found), 4)
    return result


def _grouped(media: Path) -> dict[Path, str]:
    """Photo → true group."""
    table = media / "organise.csv"
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    photos = {
        media / row["source"]: row["group"] for row in rows if row["source"].startswith("photos/")
    }
    return {path: group for path, group in photos.items() if path.is_file()}


def _copies(context: Context) -> dict[Path, str]:
    """Copy → its scene, for scenes with several different copies; equal bytes once."""
    found: dict[bytes, Path] = {}
    for item in context.index:
        if item.kind == "dedup" and _VARIANT.search(item.path.stem):
            found.setdefault(item.path.read_bytes(), item.path)
    return {path: _VARIANT.sub("", path.stem) for path in found.values()}


def _nearest(rows: Vectors, count: int) -> npt.NDArray[np.intp]:
    """The `count` most similar other rows of each row, nearest first."""
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]
