"""One file's metadata as text for a person, from the object of ``show --json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mammothbox.interfaces.cli.answer import safe, shown_bytes, shown_path, shown_time

LONG = 600
"""Characters shown of a long text; JSON has all of it."""
LINES = 12
"""Lines shown of a timeline or transcript."""


def portrait(item: Mapping[str, Any]) -> str:
    """Lines ``name  value``, only for what is known."""
    rows = [(name, text) for name, text in _rows(item) if text]
    width = max(len(name) for name, _ in rows)
    lines = [shown_path(str(item["path"]))]
    for name, text in rows:
        first, *rest = text.split("\n")
        lines.append(f"  {name:<{width}}  {first}")
        lines += [f"  {'':<{width}}  {line}" for line in rest]
    return "\n".join(lines)


def _rows(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "kind", f"{item['kind']}, {safe(str(item['mime']))}"
    if item.get("size") is not None:
        yield "size", shown_bytes(item["size"])
    yield "same bytes at", "\n".join(shown_path(path) for path in item.get("other_paths") or ())
    yield from _file_facts(item)
    for name in ("title", "summary", "category"):
        yield name, _text(item.get(name))
    yield "you say", _text(item.get("context"))
    yield "caption", _caption(item)
    yield (
        "labels",
        ", ".join(
            f"{safe(label['label'])} {label['score']:.2f}"
            for label in (item.get("labels") or ())[:5]
        ),
    )
    yield "tags", _tags(item)
    yield (
        "entities",
        ", ".join(safe(str(one.get("text", one))) for one in item.get("entities") or ()),
    )
    yield "text in it", _text(item.get("ocr_text"))
    yield "timeline", _timed(item.get("timeline") or (), "caption")
    yield from _speech(item.get("transcript"))
    yield (
        "problems",
        "\n".join(
            safe(", ".join(f"{name}: {text}" for name, text in problem.items()))
            for problem in item.get("problems") or ()
        ),
    )
    authors = item.get("authors") or {}
    yield (
        "said by",
        "\n".join(
            f"{step}: {safe(who['model'])} {safe(who['revision'])}" for step, who in authors.items()
        ),
    )


def _file_facts(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if item.get("width"):
        yield "pixels", f"{item['width']} × {item['height']}"
    if item.get("duration_s"):
        yield "duration", shown_time(item["duration_s"])
    for name in ("pages", "taken_at", "camera", "author"):
        yield name.replace("_", " "), _text(item.get(name))
    if item.get("gps"):
        yield "place", ", ".join(f"{degrees:.5f}" for degrees in item["gps"])


def _text(value: object) -> str:
    """One value, shortened; its own line breaks kept."""
    if value is None or value == "":
        return ""
    text = str(value)
    short = text if len(text) <= LONG else text[:LONG] + " …"
    return "\n".join(safe(line) for line in short.splitlines() if line.strip())


def _caption(item: Mapping[str, Any]) -> str:
    guessed = " (only the labels)" if item.get("caption_from_labels") else ""
    return _text(item.get("caption")) + guessed if item.get("caption") else ""


def _tags(item: Mapping[str, Any]) -> str:
    own = set(item.get("tags_by_person") or ())
    return ", ".join(
        safe(tag) + (" (yours)" if tag in own else "") for tag in item.get("tags") or ()
    )


def _timed(parts: Any, name: str) -> str:
    lines = [f"{shown_time(part['start_s'])}  {safe(str(part[name]))}" for part in parts[:LINES]]
    return "\n".join([*lines, f"… {len(parts) - LINES} more"] if len(parts) > LINES else lines)


def _speech(transcript: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    if not transcript:
        return
    if transcript.get("language"):
        sure = transcript.get("language_probability") or 0.0
        doubt = ", uncertain" if sure < 0.5 else ""
        yield "language", f"{safe(transcript['language'])} ({sure:.0%}{doubt})"
    yield "speech", _timed(transcript.get("segments") or (), "text")
