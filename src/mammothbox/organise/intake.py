"""From what the library knows of a folder's files to the items that are clustered and planned."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any

from mammothbox.cluster import Item
from mammothbox.records import FileRef, Kind
from mammothbox.store import Space, Store
from mammothbox.understand.values import values_of

_STEPS = ("facts", "caption", "ocr", "transcript", "outline", "describe")
_TEXT_CHARS = 2000
_CHUNK = 2000


def items_of(store: Store, folder: str) -> list[Item]:
    """One item for each file below `folder` (absolute) that is there, by path."""
    refs = store.files(folder=folder)
    spaces = _spaces(store)
    found: list[Item] = []
    collecting = gc.isenabled()
    gc.disable()  # nothing here becomes garbage in rings, and looking for it costs a tenth
    try:
        for start in range(0, len(refs), _CHUNK):
            found += _items(store, refs[start : start + _CHUNK], folder, spaces)
    finally:
        if collecting:
            gc.enable()
    return found


def _spaces(store: Store) -> dict[str, Space]:
    """Name → the space of most vectors: half way through a change of models there are two.

    What has no vector in it yet is arranged by all the rest; numbers of two models never meet.
    """
    found: dict[str, Space] = {}
    for space, _ in store.spaces():
        found.setdefault(space.name, space)
    return found


def _items(
    store: Store, refs: Sequence[FileRef], folder: str, spaces: Mapping[str, Space]
) -> list[Item]:
    digests = list(dict.fromkeys(ref.digest for ref in refs))
    results = store.results(digests, _STEPS)
    values = {digest: values_of(results.get(digest, {})) for digest in digests}
    above = folder.rstrip("/") + "/"
    captions = {
        digest: str(steps.get("caption", {}).get("caption", "")) for digest, steps in values.items()
    }
    looks = store.whole_vectors(digests, spaces["joint"]) if "joint" in spaces else {}
    written = store.openings(
        [ref.digest for ref in refs if ref.kind == Kind.DOCUMENT], "text", _TEXT_CHARS
    )
    reads = store.mean_vectors(digests, spaces["text"], captions) if "text" in spaces else {}
    tags = store.tags(digests)
    found = []
    for ref in refs:
        mine = tuple(tag.name for tag in tags.get(ref.digest, ()) if tag.by_person)
        parts: dict[str, Any] = _known(ref.kind, values[ref.digest])
        parts["text"] = written.get(ref.digest) or parts["text"]
        found.append(
            Item(
                path=ref.path.removeprefix(above),
                kind=ref.kind,
                size=ref.size,
                mtime_ns=ref.mtime_ns,
                digest=ref.digest,
                looks=looks.get(ref.digest),
                reads=reads.get(ref.digest),
                tags=mine,
                **parts,
            )
        )
    return found


def _known(kind: Kind, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of an `Item` that come from steps."""
    facts, caption = values.get("facts", {}), values.get("caption", {})
    transcript, outline = values.get("transcript", {}), values.get("outline", {})
    written = values.get("describe", {})
    own = {} if "of_group" in written else written
    spoken = " ".join(segment["text"] for segment in transcript.get("segments", ()))
    text = str(values.get("ocr", {}).get("text") or spoken)
    if kind == Kind.DOCUMENT:
        text = text or str(outline.get("summary", ""))
    gps = facts.get("gps")
    return {
        "taken_at": str(facts.get("taken_at") or ""),
        "duration_s": float(facts.get("duration_s") or 0.0),
        "gps": (float(gps[0]), float(gps[1])) if gps else None,
        "caption": str(caption.get("caption", "")),
        "labels": tuple((str(x["label"]), float(x["score"])) for x in caption.get("labels", ())),
        "text": text[:_TEXT_CHARS],
        "model_tags": (*outline.get("tags", ()), *own.get("tags", ())),
        "category": str(own.get("category") or outline.get("category") or ""),
        "title": str(own.get("title") or outline.get("title") or ""),
        "summary": str(own.get("summary") or outline.get("summary") or ""),
        "language": str(transcript.get("language") or ""),
    }
