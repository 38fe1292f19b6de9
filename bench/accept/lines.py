"""What is promised: figures of the benches on one side, limits on the other. Pure.

Example:
    >>> judge(Limit("recall", ("r10",), ">=", 0.22), {"r10": 0.25})
    Line(what='recall', required='>= 0.22', measured='0.25', ok=True)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: `ok` is None for a figure that is only printed."""

    what: str
    required: str
    measured: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure's place in a bench's result, and what it must be.

    Attributes:
        what: the promise in words.
        path: keys that lead to the figure.
        sign: ``>``, ``>=``, ``<=``, ``==``, or empty for a figure that is only printed.
        value: the limit; a path of keys when it is itself a figure of the result.
    """

    what: str
    path: tuple[str, ...]
    sign: str = ""
    value: float | tuple[str, ...] = 0.0


QUALITY: Sequence[Limit] = (
    Limit("text to image, recall at 10", ("text_to_image", "r10"), ">=", 0.68),
    Limit("text to image, recall at 1", ("text_to_image", "r1"), ">=", 0.25),
    Limit("image to text, recall at 10", ("image_to_text", "r10"), ">=", 0.70),
    Limit("captions, CIDEr", ("captions", "cider"), ">=", 0.62),
    Limit("captions, BLEU-4", ("captions", "bleu4"), ">=", 0.22),
    Limit("COCO photos, recall at 10", ("coco", "text_to_image", "r10")),
    Limit("COCO photos, CIDEr", ("captions", "coco_cider")),
    Limit(
        "COCO captions that name a true object, above the sentences alone",
        ("captions", "named_object"),
        ">",
        ("captions", "named_by_sentence_alone"),
    ),
    Limit("COCO object names, mean average precision", ("objects", "map")),
    Limit("photos whose nearest is of their own group", ("likeness", "nearest_same_group")),
    Limit("groups by looks against true ones, V-measure", ("likeness", "v_measure")),
    Limit("word error rate, clear English", ("speech", "wer"), "<=", 0.05),
    Limit("word error rate, noise of 5 dB and better", ("speech", "wer_noisy"), "<=", 0.12),
    Limit("words invented where nobody speaks", ("speech", "invented_words"), "==", 0),
    Limit("languages right, of eight", ("language", "right"), ">=", 7),
    Limit("languages wrong though sure", ("language", "wrong_sure"), "==", 0),
    Limit(
        "parts of the recording in eight languages",
        ("language", "parts_right"),
        ">=",
        ("language", "parts_of"),
    ),
    Limit("cuts within half a second, F1", ("video", "cut_f1"), ">=", 0.9),
    Limit(
        "moments found at the right second",
        ("video", "timeline_hits"),
        ">=",
        ("video", "timeline_of"),
    ),
    Limit(
        "videos found by their own vector",
        ("video", "own_vector_hits"),
        ">=",
        ("video", "own_vector_of"),
    ),
    Limit("shots whose caption names an object of theirs", ("video", "shots_named")),
    Limit("pictures of text, character error rate", ("ocr", "cer")),
    Limit("pictures of text, words found", ("ocr", "words_found")),
    Limit("receipts and invoices filed as such", ("documents", "kind_right")),
    Limit("their fields found", ("documents", "fields_found")),
)

WHOLE: Sequence[Limit] = (
    Limit("answers of the writer that fit", ("schema", "valid"), ">=", ("schema", "of")),
    Limit("memory of all processes, MB", ("schema", "ingest", "peak_pss_mb"), "<=", 2500),
    Limit("files of that run", ("schema", "ingest", "found")),
    Limit("seconds of that run", ("schema", "ingest", "seconds")),
)

SPEED: Sequence[Limit] = (
    Limit("a photo of 224 px can be found after, ms", ("photo_searchable_ms",), "<=", 30),
    Limit("a photo of 12 MP can be found after, ms", ("photo_12mp_ms",), "<=", 90),
    Limit("eyes in batches, ms a photo", ("eyes_batch_ms",), "<=", 30),
    Limit("eyes' host at its most, MB", ("eyes_host_mb",), "<=", 400),
    Limit("a photo to its last step, s (p95)", ("seconds_per_file", "photo"), "<=", 5),
    Limit("a document of 3 pages, s (p95)", ("seconds_per_file", "document_3p"), "<=", 5),
    Limit("30 s of sound, s (p95)", ("seconds_per_file", "audio_30s"), "<=", 5),
    Limit("15 s of video, s (p95)", ("seconds_per_file", "video_15s"), "<=", 5),
    Limit("120 s of sound, s (0.2 of its duration)", ("seconds_per_file", "audio_120s"), "<=", 24),
    Limit("rescan of 100,000 files over a bare walk", ("rescan_ratio",), "<=", 3),
    Limit("a search as a command from nothing, s", ("search_cold_s",), "<=", 1.0),
    Limit("a search among 100,000 vectors, ms", ("search_warm_ms",), "<=", 50),
    Limit("ingest over bare engines", ("ingest_over_engines",)),
    Limit("describing in groups, s a photo", ("describe_s_per_photo",), "<=", 0.3),
)

ORGANISE: Sequence[Limit] = (
    Limit("files in a folder a person would accept", ("acceptance",), ">=", 0.85),
    Limit("adjusted Rand index", ("ari",), ">=", 0.65),
    Limit("folders", ("folders",), "<=", 20),
    Limit("true groups whose folder is named sensibly, of 11", ("names_right",), ">=", 9),
    Limit("seconds for ingest and plan", ("seconds",)),
)

_HOLDS = {
    ">": lambda figure, limit: figure > limit,
    ">=": lambda figure, limit: figure >= limit,
    "<=": lambda figure, limit: figure <= limit,
    "==": lambda figure, limit: figure == limit,
}


def judge_all(limits: Sequence[Limit], result: Mapping[str, Any]) -> list[Line]:
    """A line for each limit."""
    return [judge(limit, result) for limit in limits]


def judge(limit: Limit, result: Mapping[str, Any]) -> Line:
    """The limit's line; a figure that is missing fails, unless it is only printed."""
    figure = _at(result, limit.path)
    wanted = _at(result, limit.value) if isinstance(limit.value, tuple) else limit.value
    shown = "-" if figure is None else f"{figure:g}"
    if not limit.sign:
        return Line(limit.what, "printed", shown, None)
    required = f"{limit.sign} {wanted:g}" if wanted is not None else f"{limit.sign} ?"
    ok = figure is not None and wanted is not None and bool(_HOLDS[limit.sign](figure, wanted))
    return Line(limit.what, required, shown, ok)


def _at(result: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = result
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
