"""Step `outline`: title, category, tags and entities by code, before any writer has spoken.

So every file can be browsed at once, and keeps sensible words where the writer is absent or fails.
`Done.value`: ``{"title", "category", "tags", "entities": [{"text", "type"}], "summary"}``.
What is guessed by comparing embeddings is said so by the author of the statement (the text
embedder); nothing here is free text of a language model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.records import Done, FileRef, Kind, Passage, Result
from mammothbox.understand.entities import find_entities
from mammothbox.understand.values import value_of
from mammothbox.understand.vocabulary import BY_FORMAT, CATEGORIES, FUNCTION_WORDS, NO_SPEECH, OTHER

TITLE_CHARS = 80
SUMMARY_CHARS, SEEN_CHARS = 240, 400
TAGS = 6
CATEGORY_FLOOR = 0.15
"""Cosine under which no category is near enough to be named."""
PAGE_WORDS = 30
"""Words read in a picture from which on it is a page: what they say counts, and not what a
captioner that knows people and dogs sees in it."""


def reads_as(kind: Kind, upstream: Mapping[str, Result]) -> Kind:
    """The kind a file is described as: a picture of a page is a document."""
    page = len(str(value_of(upstream, "ocr").get("text", "")).split()) >= PAGE_WORDS
    return Kind.DOCUMENT if kind == Kind.IMAGE and page else kind


def words_of(
    kind: Kind, upstream: Mapping[str, Result], passages: Sequence[Passage], title: str = ""
) -> str:
    """The text an outline is made from: captions and labels of pictures, else what is written,
    after the title and author that a document itself names and the `title` it was given. Pictures
    of pages are documents here."""
    kind = reads_as(kind, upstream)
    order: tuple[str, ...] = ("caption", "labels", "ocr", "transcript", "text")
    chosen = []
    if kind == Kind.DOCUMENT:
        order = ("text", "ocr")
        facts = value_of(upstream, "facts")
        named = " - ".join(str(facts[name]) for name in ("title", "author") if facts.get(name))
        chosen = [named, title]
    chosen += [item.text for field in order for item in passages if item.field == field]
    return "\n".join(filter(None, dict.fromkeys(chosen)))


def outline(
    ref: FileRef,
    upstream: Mapping[str, Result],
    passages: Sequence[Passage],
    vector: np.ndarray[Any, np.dtype[np.float32]] | None,
    anchors: Mapping[Kind, tuple[Sequence[str], Vectors]],
) -> tuple[Done, tuple[Passage, ...]]:
    """The outline of one file.

    Args:
        ref: the file; its name is the last resort of a title.
        upstream: step name → result of this content.
        passages: the content's stored passages.
        vector: embedding of `words_of`, None where there are no words.
        anchors: kind → (categories, their embeddings).
    """
    kind, text = reads_as(ref.kind, upstream), words_of(ref.kind, upstream, passages)
    tags = _tags(kind, upstream)
    value = {
        "title": _title(ref, kind, upstream, passages),
        "category": _category(ref, kind, upstream, vector, anchors),
        "tags": tags,
        "entities": find_entities(text[:20_000]) if kind != Kind.IMAGE else [],
        "summary": _summary(kind, upstream, text),
    }
    found = [Passage("title", str(value["title"]))]
    if tags:
        found.append(Passage("tags", ", ".join(tags)))
    return Done(value), tuple(found)


def _title(
    ref: FileRef, kind: Kind, upstream: Mapping[str, Result], passages: Sequence[Passage]
) -> str:
    embedded = value_of(upstream, "facts").get("title")
    if embedded and len(embedded) > 3:
        return _shorten(str(embedded))
    if kind in (Kind.IMAGE, Kind.VIDEO):
        caption = value_of(upstream, "caption")
        if caption and not caption["from_labels"]:
            return _shorten(caption["caption"])
        if caption and caption["labels"]:
            return _shorten(caption["labels"][0]["label"])
    for field in ("text", "ocr", "transcript"):
        for item in passages:
            if item.field == field and len(item.text) > 3:
                return _shorten(re.split(r"(?<=[.!?])\s|\n", item.text)[0])
    return _shorten(PurePath(ref.name).stem.replace("_", " "))


def _shorten(text: str) -> str:
    text = " ".join(text.split()).strip(" .,;:")
    if len(text) > TITLE_CHARS:
        text = text[:TITLE_CHARS].rsplit(" ", 1)[0] + "…"
    return text[:1].upper() + text[1:]


def _category(
    ref: FileRef,
    kind: Kind,
    upstream: Mapping[str, Result],
    vector: np.ndarray[Any, np.dtype[np.float32]] | None,
    anchors: Mapping[Kind, tuple[Sequence[str], Vectors]],
) -> str:
    if ref.mime in BY_FORMAT:
        return BY_FORMAT[ref.mime]
    if kind == Kind.AUDIO and not value_of(upstream, "transcript").get("segments"):
        return NO_SPEECH
    if vector is None or kind not in anchors:
        return OTHER
    names, vectors = anchors[kind]
    scores = vectors @ vector
    best = int(np.argmax(scores))
    return names[best] if scores[best] >= CATEGORY_FLOOR else OTHER


def anchor_texts(kind: Kind) -> tuple[list[str], list[str]]:
    """Categories of a kind, and the text to embed for each."""
    table = CATEGORIES[kind]
    return list(table), [f"{name}: {covers}" for name, covers in table.items()]


def _tags(kind: Kind, upstream: Mapping[str, Result]) -> list[str]:
    caption = value_of(upstream, "caption")
    if not caption:
        return []
    tags = [label["label"].lower() for label in caption["labels"] if label["score"] >= 0.2]
    if not caption["from_labels"] and kind != Kind.DOCUMENT:
        words = re.findall(r"[a-z]{3,}", caption["caption"].lower())
        tags += [word for word in words if word not in FUNCTION_WORDS]
    return list(dict.fromkeys(tags))[:TAGS]


def _summary(kind: Kind, upstream: Mapping[str, Result], text: str) -> str:
    if kind == Kind.IMAGE:
        return str(value_of(upstream, "caption").get("caption", ""))
    if kind == Kind.VIDEO:
        timeline = value_of(upstream, "caption").get("timeline", ())
        seen = " Then: ".join(dict.fromkeys(entry["caption"] for entry in timeline))[:SEEN_CHARS]
        segments = value_of(upstream, "transcript").get("segments", ())
        said = _beginning(" ".join(segment["text"] for segment in segments))
        return f"{seen}. Said: {said}" if seen and said else seen or said
    if kind == Kind.AUDIO and not text:
        return "No speech."
    return _beginning(text)


def _beginning(text: str) -> str:
    """Its first sentences, as many as are short enough; else its first words."""
    text = " ".join(text.split())
    if len(text) <= SUMMARY_CHARS:
        return text
    ends = [found.end() for found in re.finditer(r"[.!?…](?=\s)", text[: SUMMARY_CHARS + 1])]
    if ends and ends[-1] > SUMMARY_CHARS // 3:
        return text[: ends[-1]]
    return text[:SUMMARY_CHARS].rsplit(" ", 1)[0] + "…"
