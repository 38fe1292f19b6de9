"""Cuts of videos, and whether a moment is found at its right second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.media import Item, truth_file
from bench.metrics.cuts import CutCounts, match_cuts
from bench.quality.captions import names_one_of
from bench.quality.context import Context
from mammothbox.records import Hit, VideoContent, Why

if TYPE_CHECKING:
    from mammothbox.library import Library

RANK = 3
"""A video counts as found by its own vector up to this rank."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Words of a search that must find `name` between two times (seconds)."""

    query: str
    name: str
    start_s: float
    end_s: float


MOMENTS = (
    Moment("quarterly report", "screen_text.mp4", 0, 3),
    Moment("invoice 349.99 EUR", "screen_text.mp4", 3, 6),
    Moment("ask what you can do for your country", "realclips_concat.mp4", 0, 11),
)
"""What is known of the generated videos: words on the screen, and a spoken sentence."""


def measure(context: Context) -> dict[str, Any] | None:
    """``cut_f1`` within half a second; ``timeline_hits`` of ``timeline_of`` moments.

    ``own_vector_hits`` of ``own_vector_of``: videos that come back at rank `RANK` or better for
    their own vector, among all videos; ``shots_named``: share of shots with known objects whose
    timeline caption names one.
    """
    videos = context.few([item for item in context.index if item.kind == "video"])
    if not videos:
        context.lacks.append("videos")
        return None
    result: dict[str, Any] = {**_cuts(context, videos)}
    library = context.library("video", [item.path for item in videos])
    copies = {
        item.path.name: context.copied("video", n, item.path) for n, item in enumerate(videos)
    }
    result.update(_moments(context, library, copies))
    result.update(_own_vectors(context, library, list(copies.values())))
    result.update(_shots(library, videos, copies))
    return result


def _cuts(context: Context, videos: Sequence[Item]) -> dict[str, Any]:
    truths = {
        item.path: [float(cut) for cut in truth["cuts_sec"]]
        for item in videos
        if isinstance(truth := truth_file(item.path), dict) and "cuts_sec" in truth
    }
    if not truths:
        context.lacks.append("videos with known cuts")
        return {"cut_f1": None}
    counts = CutCounts()
    for path, content in context.contents(list(truths)):
        found = content.cuts if isinstance(content, VideoContent) else ()
        here = match_cuts(found, truths[path])
        context.say(f"  {path.name}: cuts {here.right} right, {here.found} found, {here.true} true")
        counts += here
    return {"cut_f1": counts.f1, "cut_videos": len(truths)}


def _moments(context: Context, library: Library, copies: dict[str, Path]) -> dict[str, Any]:
    hits = of = 0
    for moment in MOMENTS:
        if moment.name not in copies:
            context.lacks.append(f"generated/video/{moment.name}")
            continue
        found = library.search(moment.query, limit=10).hits
        good = hits_moment(found, str(copies[moment.name]), moment)
        first = [(Path(hit.path).name, [_told(why) for why in hit.why]) for hit in found[:1]]
        context.say(f"  {moment.query!r} -> {first}: {'hit' if good else 'miss'}")
        hits, of = hits + good, of + 1
    return {"timeline_hits": hits, "timeline_of": of}


def _told(why: Why) -> str:
    return f"{why.how}/{why.field} at {why.start_s}: {why.text[:40]}"


def hits_moment(found: Sequence[Hit], path: str, moment: Moment) -> bool:
    """Whether the first hit is the video, and its first reason with a time lies in the moment.

    Half a second of grace on both sides: cuts are found within that.
    """
    if not found or found[0].path != path:
        return False
    times = [why.start_s for why in found[0].why if why.start_s is not None]
    return bool(times) and moment.start_s - 0.5 <= times[0] < moment.end_s


def _own_vectors(context: Context, library: Library, videos: Sequence[Path]) -> dict[str, Any]:
    hits = of = 0
    for path in videos:
        rank = own_rank(library, path)
        if rank is None:
            context.say(f"  no vector: {path.name}")
            continue
        hits, of = hits + (rank <= RANK), of + 1
        if rank > RANK:
            context.say(f"  rank {rank}: {path.name}")
    return {"own_vector_hits": hits, "own_vector_of": of}


def own_rank(library: Library, path: Path) -> int | None:
    """The rank of a video among all files nearest to its own vector; None when it has none.

    A file of equal bytes counts as the video itself.
    """
    ref = library.ref(str(path))
    space = next((space for space, _ in library.store.spaces() if space.name == "joint"), None)
    vector = library.store.whole_vectors([ref.digest], space).get(ref.digest) if space else None
    if vector is None or space is None:
        return None
    near = library.store.nearest("joint", space.model, space.revision, vector)
    digests = [one.digest for one in near]
    return digests.index(ref.digest) + 1 if ref.digest in digests else len(digests) + 1


def _shots(library: Library, videos: Sequence[Item], copies: dict[str, Path]) -> dict[str, Any]:
    named = of = 0
    for item in videos:
        truth = truth_file(item.path)
        shots = truth.get("shots", []) if isinstance(truth, dict) else []
        timeline = library.show(str(copies[item.path.name])).get("timeline") or [] if shots else []
        for shot in shots:
            objects = set(_objects(shot))
            if not objects:
                continue
            of += 1
            middle = (shot["start"] + shot["end"]) / 2
            said = [one["caption"] for one in timeline if one["start_s"] <= middle < one["end_s"]]
            named += any(names_one_of(sentence, objects) for sentence in said)
    return {"shots_named": round(named / of, 4) if of else None, "shots": of}


def _objects(shot: dict[str, Any]) -> list[str]:
    from bench.media import photo_truth

    return list(photo_truth(shot.get("truth", "")).objects)
