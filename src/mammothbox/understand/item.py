"""Everything known about one file as one JSON object: the shape of ``show --json`` and of exports.

Where a person and a model disagree the person wins; where the writer has spoken its words stand
before those made by code; for each statement the object names the model and revision behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mammothbox.records import Done, Failed, FileRef, Kind, Result, Skipped
from mammothbox.store import Tag
from mammothbox.understand.steps.caption import OBJECT_FLOOR
from mammothbox.understand.values import values_of

_FACTS = ("taken_at", "camera", "gps", "width", "height", "duration_s", "pages", "author")


def item(
    ref: FileRef,
    results: Mapping[str, Result],
    tags: Sequence[Tag],
    paths: Sequence[str],
) -> dict[str, Any]:
    """The object for one file.

    Args:
        ref: the file.
        results: step → newest result.
        tags: in force, a person's and the models'.
        paths: every path with these bytes.
    """
    values = values_of(results)
    facts = values.get("facts", {})
    found: dict[str, Any] = {
        "path": ref.path,
        "digest": ref.digest,
        "kind": ref.kind.value,
        "mime": ref.mime,
        "size": ref.size,
        "other_paths": [path for path in paths if path != ref.path],
        **{name: facts.get(name) for name in _FACTS},
        **_seen(values.get("caption", {})),
        "ocr_text": values.get("ocr", {}).get("text"),
        "transcript": _transcript(values.get("transcript")),
        **_described(ref.kind, values),
        **values.get("person", {}),
        "tags": [tag.name for tag in tags],
        "tags_by_person": [tag.name for tag in tags if tag.by_person],
        "authors": _authors(results),
        "problems": _problems(results),
    }
    if "caption" in values.get("person", {}):
        found["caption_confidence"] = found["caption_from_labels"] = None
    if facts.get("extra"):
        found["extra"] = facts["extra"]
    return found


def _seen(caption: Mapping[str, Any]) -> dict[str, Any]:
    labels = caption.get("labels", [])
    found = {
        "caption": caption.get("caption"),
        "caption_confidence": caption.get("confidence"),
        "caption_from_labels": caption.get("from_labels"),
        "labels": labels,
        "objects": [
            {"name": label["label"], "source": "labels"}
            for label in labels
            if label["score"] >= OBJECT_FLOOR
        ],
    }
    if "timeline" in caption:
        found["timeline"] = caption["timeline"]
    return found


def _transcript(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if value is None:
        return None
    names = ("language", "language_probability", "uncertain", "segments", "dropped")
    return {name: value.get(name) for name in names}


def _described(kind: Kind, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Title, summary, category and entities: the writer's where it spoke of this very file.

    Where the owner said something of the file, that and the summary made with it.
    """
    outline, written = values.get("outline", {}), values.get("describe", {})
    told = values.get("context", {})
    entities = list(outline.get("entities", ()))
    entities += [{"text": name, "type": "name"} for name in written.get("names", ())]
    found = {
        name: written.get(name) or outline.get(name) for name in ("title", "summary", "category")
    }
    if kind == Kind.IMAGE and "of_group" in written:
        found["group_title"] = written["group_title"]
    found |= {name: told[name] for name in ("context", "summary") if name in told}
    return {**found, "entities": entities}


def _authors(results: Mapping[str, Result]) -> dict[str, dict[str, str]]:
    return {
        name: {"model": result.model, "revision": result.revision}
        for name, result in sorted(results.items())
        if isinstance(result.outcome, Done)
    }


def _problems(results: Mapping[str, Result]) -> list[dict[str, str]]:
    found = []
    for name, result in sorted(results.items()):
        if isinstance(result.outcome, Failed):
            found.append({"step": name, "failed": result.outcome.message})
        elif isinstance(result.outcome, Skipped) and name in ("facts", "describe"):
            found.append({"step": name, "skipped": result.outcome.reason})
    return found
