"""Step `context`: what the owner said of a file, and the eyes' sentence set into that occasion.

`Done.value`: ``{"context"}``; with a caption ``{"occasion", "summary", "refined"}`` too:
a piece of the owner's text word for word, "Occasion: what is seen.", and whether a writer worded
what is seen. The caption itself stays as it is. An owner speaks of more than one photo shows, so
those words never become things seen: what is seen stands after the colon and has only words of the
eyes, in the eyes' order. A writer may choose and shorten; where it adds, its sentence is not taken.

Example:
    >>> known = Known("our trip to Norway with our dog", caption="a man stands on a rock")
    >>> value_of(known)["summary"]
    'Our trip to Norway with our dog: a man stands on a rock.'
    >>> worded("a dog stands on a rock", known)
    False
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from mammothbox.models.contracts import Prompt
from mammothbox.records import FileRef, Passage, Result, Skipped
from mammothbox.understand.condense import condense
from mammothbox.understand.prompts import context_prompt
from mammothbox.understand.steps.caption import OBJECT_FLOOR
from mammothbox.understand.values import values_of

TAKEN_BACK = Skipped("its owner says nothing of it any more")
OCCASION_CHARS = 80
"""Of one piece of the owner's text; a shorter text is one piece."""
KEPT_SHARE = 0.5
"""Of the caption's words that a shortened sentence must keep."""
_OCR_CHARS = 200

_BREAK = re.compile(r"(?<=\w\w\w[.!?])\s+|;\s*")
_WORD = re.compile(r"\w+")
_PLAIN = re.compile(r"[\w\s,.;'’-]*")
_EMPTY = frozenset(["a", "an", "the", "and", "of", "in", "on", "at", "with", "is", "are"])
"""Words that claim nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one photo's sentence may be made from; all but `context` may be empty.

    Attributes:
        context: the owner's text.
        caption: the eyes' sentence.
        labels: things the eyes are sure enough of.
        ocr: text in the photo.
        folder: name of the folder it lies in.
        taken: month and year.
    """

    context: str
    caption: str = ""
    labels: tuple[str, ...] = ()
    ocr: str = ""
    folder: str = ""
    taken: str = ""


def known_of(ref: FileRef, upstream: Mapping[str, Result], context: str) -> Known:
    """From the results of ``facts``, ``caption`` and ``ocr``."""
    values = values_of(upstream)
    seen = values.get("caption", {})
    sure = [one["label"] for one in seen.get("labels", ()) if one["score"] >= OBJECT_FLOOR]
    return Known(
        context,
        caption=str(seen.get("caption", "")),
        labels=tuple(sure),
        ocr=condense(str(values.get("ocr", {}).get("text", "")), _OCR_CHARS),
        folder=PurePath(ref.path).parent.name,
        taken=_month(str(values.get("facts", {}).get("taken_at", ""))),
    )


def _month(taken_at: str) -> str:
    try:
        return datetime.fromisoformat(taken_at).strftime("%B %Y")
    except ValueError:
        return ""


def pieces(context: str) -> list[str]:
    """The occasions an owner's text names, word for word: all of it if short, else its sentences.

    >>> pieces("our trip to St. Moritz.")
    ['our trip to St. Moritz']
    """
    parts = [context] if len(context) <= OCCASION_CHARS else _BREAK.split(context)
    short = [_short(part.strip()).strip(" .,;:!?-") for part in parts]
    return list(dict.fromkeys(part for part in short if part))


def _short(part: str) -> str:
    if len(part) <= OCCASION_CHARS:
        return part
    cut = part.rfind(" ", 0, OCCASION_CHARS + 1)
    return part[: cut if cut > 0 else OCCASION_CHARS]


def occasion(known: Known) -> str:
    """The piece with most words of the photo's folder, date, text and caption; else the first."""
    around = set(_words(" ".join((known.folder, known.taken, known.ocr, known.caption)))) - _EMPTY
    found = pieces(known.context)
    return max(found, key=lambda piece: len(around & set(_words(piece))), default="")


def worded(sentence: str, known: Known) -> bool:
    """Whether `sentence` says what the eyes said and nothing else: the guard.

    Its words are the caption's or a sure label's; those of the caption stand in its order, since
    another order is another claim, and at least half of them are kept.
    """
    caption = [word for word in _words(known.caption) if word not in _EMPTY]
    labels = set(_words(" ".join(known.labels)))
    claims = [word for word in _words(sentence) if word not in _EMPTY]
    mine = [word for word in claims if word in caption]
    rest = iter(caption)
    return (
        bool(_PLAIN.fullmatch(sentence))
        and all(word in caption or word in labels for word in claims)
        and all(word in rest for word in mine)
        and len(mine) >= KEPT_SHARE * len(caption)
        and bool(mine)
    )


def asked(known: Known) -> Prompt | None:
    """What the writer is asked; None where there is no sentence, or the eyes doubt theirs."""
    if not known.caption or "probably" in known.caption:
        return None
    lines = (
        ("seen", known.caption),
        ("sure", ", ".join(known.labels)),
        ("text in it", known.ocr),
        ("folder", known.folder),
        ("taken", known.taken),
        ("its owner says", known.context),
    )
    data = "\n".join(f"{name}: {text}" for name, text in lines if text)
    return context_prompt(data, pieces(known.context))


def value_of(known: Known, answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The step's value, by code, with as much of the writer's `answer` as holds."""
    value: dict[str, Any] = {"context": known.context}
    chosen = occasion(known)
    if not known.caption or not chosen:
        return value
    answer = answer or {}
    if answer.get("occasion") in pieces(known.context):
        chosen = answer["occasion"]
    said = " ".join(str(answer.get("sentence", "")).split()).strip(" .")
    refined = worded(said, known)
    seen = f"{said[:1].lower()}{said[1:]}" if refined else known.caption.strip(" .")
    summary = f"{chosen[:1].upper()}{chosen[1:]}: {seen}."
    return {**value, "occasion": chosen, "summary": summary, "refined": refined}


def passages_of(value: Mapping[str, Any]) -> tuple[Passage, ...]:
    """The owner's words; those of the eyes are the caption's passages and count once."""
    return (Passage("context", value["context"]),)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
