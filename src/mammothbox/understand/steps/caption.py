"""Step `caption`: what a picture shows, in a sentence; for a video, over time.

`Done.value`: ``{"caption", "confidence", "from_labels", "labels": [{"label", "score"}]}`` and for
a video also ``"timeline": [{"start_s", "end_s", "caption"}]`` in time order without gaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from mammothbox.models.contracts import Caption
from mammothbox.records import Done, Passage, VideoContent

OBJECT_FLOOR = 0.3
"""Probability from which a label is called an object that is there."""
LABELS_KEPT = 5
LABEL_FLOOR = 0.1
"""Labels under this probability say more about the model than about the picture."""


def _labels(scores: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    kept = [(name, score) for name, score in scores[:LABELS_KEPT] if score >= LABEL_FLOOR]
    return [{"label": name, "score": round(score, 4)} for name, score in kept]


def _value(caption: Caption) -> dict[str, Any]:
    return {
        "caption": caption.text,
        "confidence": round(caption.confidence, 4),
        "from_labels": caption.from_labels,
        "labels": _labels(caption.labels),
    }


def _label_passage(value: dict[str, Any]) -> tuple[Passage, ...]:
    names = ", ".join(label["label"] for label in value["labels"])
    return (Passage("labels", names),) if names else ()


def image_caption(caption: Caption) -> tuple[Done, tuple[Passage, ...]]:
    """The result for a photo."""
    value = _value(caption)
    return Done(value), (Passage("caption", caption.text), *_label_passage(value))


def video_caption(
    content: VideoContent, captions: Sequence[Caption]
) -> tuple[Done, tuple[Passage, ...]]:
    """The result for a video: one caption a keyframe, neighbours that say the same joined.

    Args:
        content: the decoded video.
        captions: one for each of `content.frames`, in order.
    """
    timeline = _timeline(content, captions)
    best = max(captions, key=lambda caption: caption.confidence)
    value = _value(best)
    value["labels"] = _labels(_mean_labels(captions))
    value["timeline"] = timeline
    passages = tuple(
        Passage("caption", entry["caption"], start_s=entry["start_s"], end_s=entry["end_s"])
        for entry in timeline
    )
    return Done(value), passages + _label_passage(value)


def _mean_labels(captions: Sequence[Caption]) -> list[tuple[str, float]]:
    total: dict[str, float] = defaultdict(float)
    for caption in captions:
        for name, score in caption.labels:
            total[name] += score / len(captions)
    return sorted(total.items(), key=lambda item: -item[1])


def _timeline(content: VideoContent, captions: Sequence[Caption]) -> list[dict[str, Any]]:
    """Each frame speaks for its shot from the shot's beginning, or from its own time on."""
    starts = []
    for index, frame in enumerate(content.frames):
        shot = max((cut for cut in content.cuts if cut <= frame.time_s), default=0.0)
        first = index == 0 or content.frames[index - 1].time_s < shot
        starts.append(shot if first else frame.time_s)
    end = content.facts.duration_s or content.frames[-1].time_s
    entries: list[dict[str, Any]] = []
    for index, caption in enumerate(captions):
        until = starts[index + 1] if index + 1 < len(starts) else max(end, starts[index])
        if entries and entries[-1]["caption"] == caption.text:
            entries[-1]["end_s"] = round(until, 3)
            continue
        entry = {"start_s": starts[index], "end_s": until}
        entries.append({k: round(v, 3) for k, v in entry.items()} | {"caption": caption.text})
    return entries
