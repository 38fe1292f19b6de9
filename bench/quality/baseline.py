"""Our captions and tags against another model's, for the same photos.

The other model's file: ``{"model": name, "captions": {photo: sentence}, "tags": {photo: [word]}}``;
a photo is named as in the media directory (its file name is enough). Both are judged by people's
captions; the figure is our score over its score, so 0.9 is the mission's 90 %.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.media import flickr_captions, photo_truth
from bench.metrics.cider import cider, tokenize
from bench.quality.captions import describe
from bench.quality.context import Context
from bench.quality.documents import tag_names
from mammothbox.errors import UsageError


def compare(context: Context, baseline: Path) -> dict[str, Any]:
    """``captions`` and ``tags``: ours over theirs, with both scores and the number of photos.

    Raises:
        UsageError: the file is not of the form above, or names no photo of the media directory.
    """
    try:
        theirs = json.loads(baseline.read_text(encoding="utf-8"))
        captions, tags = theirs.get("captions", {}), theirs.get("tags", {})
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{baseline} is not a baseline: {error}") from error
    truth = reference_captions(context)
    with_caption = {path: captions[path.name] for path in truth if path.name in captions}
    with_tags = {path: tags[path.name] for path in truth if path.name in tags}
    if not with_caption and not with_tags:
        raise UsageError(f"{baseline} names no photo that this media directory has captions for")
    result: dict[str, Any] = {"model": theirs.get("model", baseline.stem)}
    if with_caption:
        result["captions"] = _captions(context, with_caption, truth)
    if with_tags:
        result["tags"] = _tags(context, with_tags, truth)
    return result


def reference_captions(context: Context) -> dict[Path, list[str]]:
    """People's captions of every photo that has some."""
    found = dict(flickr_captions(context.media, context.split))
    for item in context.index:
        if item.kind == "photo" and photo_truth(item.truth).captions:
            found[item.path] = list(photo_truth(item.truth).captions)
    return found


def _captions(
    context: Context, theirs: Mapping[Path, str], truth: Mapping[Path, Sequence[str]]
) -> dict[str, Any]:
    ours = {path: one.text for path, one in describe(context, list(theirs)).items()}
    references = [truth[path] for path in ours]
    mine = cider(list(ours.values()), references).mean
    other = cider([theirs[path] for path in ours], references).mean
    return _ratio(mine, other, len(ours))


def _tags(
    context: Context, theirs: Mapping[Path, Sequence[str]], truth: Mapping[Path, Sequence[str]]
) -> dict[str, Any]:
    paths = list(theirs)
    library = context.library("baseline", paths, describe="groups")
    ours = [
        tag_names(library.show(str(context.copied("baseline", number, path))))
        for number, path in enumerate(paths)
    ]
    mine = [tag_score(tags, truth[path]) for tags, path in zip(ours, paths, strict=True)]
    other = [tag_score(theirs[path], truth[path]) for path in paths]
    return _ratio(sum(mine) / len(mine), sum(other) / len(other), len(paths))


def tag_score(tags: Sequence[str], references: Sequence[str]) -> float:
    """Share of tags, 0 to 1, all of whose words people use in their captions of the photo."""
    said = {word for sentence in references for word in tokenize(sentence)}
    stems = said | {word.removesuffix("s") for word in said}
    words = [[word.removesuffix("s") for word in tokenize(tag)] for tag in tags]
    right = [bool(parts) and all(word in stems for word in parts) for parts in words]
    return sum(right) / len(right) if right else 0.0


def _ratio(ours: float, theirs: float, photos: int) -> dict[str, Any]:
    ratio = round(ours / theirs, 4) if theirs else None
    return {"ratio": ratio, "ours": round(ours, 4), "theirs": round(theirs, 4), "photos": photos}
