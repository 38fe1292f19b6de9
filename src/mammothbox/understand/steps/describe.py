"""Step `describe`: what the writer says of a file, or of a group of photos that look alike.

`Done.value`: ``{"title", "summary", "category"?, "tags", "names"?, "parts"?, "parts_read"?}``. For
a photo of a group ``{"group_title", "of_group", "tags"}``: how many photos the writer spoke of, and
those of its tags that this photo looks like; title and summary stay those of its outline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mammothbox.models.contracts import Prompt
from mammothbox.records import FileRef, Kind, Passage, Result, Skipped
from mammothbox.understand.condense import condense
from mammothbox.understand.entities import may_name, names_in
from mammothbox.understand.prompts import PARROTED, file_prompt, group_prompt, part_prompt
from mammothbox.understand.steps.outline import reads_as, words_of
from mammothbox.understand.values import value_of

BUDGET_CHARS = 900
"""Of one prompt's data. About 230 tokens; reading them is what a prompt costs on a CPU."""
BRIEF_CHARS = 700
"""What is said in about forty seconds."""
PART_CHARS = 12_000
"""A text longer than this is read in parts first."""
MOST_PARTS = 8
"""Of one text; a longer one is covered by evenly spread parts, and the result says so."""
GROUP_LINES = 8
"""Photos shown to the writer of one group; more lines cost time and add nothing."""

FEW = 3
"""Photos under which a group says nothing that its photos' captions do not say better."""
ALONE = Skipped("no other photos like it; its caption and labels speak for it")


def text_for(ref: FileRef, upstream: Mapping[str, Result], passages: Sequence[Passage]) -> str:
    """Everything in words that stands for a file; nothing that the writer said of it before.

    A document begins with the title that code gave it, since what comes first weighs most.
    """
    if ref.kind != Kind.VIDEO:
        title = str(value_of(upstream, "outline").get("title", ""))
        return words_of(ref.kind, upstream, passages, title)
    parts = []
    for field, name in (("caption", "shows"), ("ocr", "on screen"), ("transcript", "said")):
        found = dict.fromkeys(item.text for item in passages if item.field == field)
        if found:
            parts.append(f"{name}: " + " / ".join(found))
    return "\n".join(parts)


def parts_of(text: str) -> list[str]:
    """The parts of a long text that are read first; empty when it fits one prompt."""
    count = math.ceil(len(text) / PART_CHARS)
    if count <= 1:
        return []
    stride = max(1.0, count / MOST_PARTS)
    chosen = [int(index * stride) for index in range(min(count, MOST_PARTS))]
    return [text[n * PART_CHARS : (n + 1) * PART_CHARS] for n in chosen]


def part_prompts(parts: Sequence[str]) -> list[Prompt]:
    """First round: one prompt a part."""
    return [
        part_prompt(condense(part, BUDGET_CHARS), number, len(parts))
        for number, part in enumerate(parts, start=1)
    ]


def last_prompt(kind: Kind, text: str, summaries: Sequence[str], *, small: bool) -> Prompt:
    """Last round: the beginning of the text and what the parts said.

    Args:
        kind: that the file is described as, see `reads_as`.
        text: what stands for it.
        summaries: of its parts, where it is long.
        small: the writer is a small one. It is not asked to file anything, nor to sum up a few
            sentences said aloud: the outline's beginning of them is truer, and half as dear.
    """
    category = not small
    if not summaries:
        brief = small and kind in (Kind.AUDIO, Kind.VIDEO) and len(text) <= BRIEF_CHARS
        shown = condense(text, BUDGET_CHARS)
        named = may_name(shown)
        return file_prompt(kind, shown, category=category, summary=not brief, names=named)
    head = condense(text[:PART_CHARS], BUDGET_CHARS // 2)
    rest = condense("\n".join(summaries), BUDGET_CHARS)
    shown = f"{head}\n...\n{rest}"
    return file_prompt(kind, shown, category=category, names=may_name(text))


def photo_line(upstream: Mapping[str, Result]) -> str:
    """One photo in one line for the writer; of a page its title."""
    if reads_as(Kind.IMAGE, upstream) == Kind.DOCUMENT:
        return str(value_of(upstream, "outline").get("title") or "?")
    value = value_of(upstream, "caption")
    if not value:
        return "?"
    labels = ", ".join(label["label"] for label in value["labels"])
    return labels if value["from_labels"] or not labels else f"{value['caption']} ({labels})"


def photos_prompt(lines: Sequence[str]) -> Prompt:
    """The prompt for a group, from the lines of its photos, evenly spread."""
    distinct = list(dict.fromkeys(lines))
    stride = max(1.0, len(distinct) / GROUP_LINES)
    shown = [distinct[int(n * stride)] for n in range(min(len(distinct), GROUP_LINES))]
    return group_prompt(shown)


def clean(answer: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with white space folded, and without what a limit of `schema` broke off.

    Tags are lower-case, unique, and none is from the prompt.
    """
    limits = schema["properties"]
    value = {
        name: whole(said, limits[name].get("maxLength")) if isinstance(said, str) else said
        for name, said in answer.items()
    }
    if "tags" in answer:
        longest = limits["tags"]["items"]["maxLength"]
        tags = dict.fromkeys(whole(tag.lower(), longest) for tag in answer["tags"])
        value["tags"] = [tag for tag in tags if not set(tag.split(" ")) <= PARROTED]
    return value


def found_in(text: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer about `text` without names that the text does not have, or that are its title."""
    value = dict(answer)
    if "names" in answer:
        title = answer["title"].casefold()
        value["names"] = [
            name for name in names_in(text, answer["names"]) if name.casefold() != title
        ]
    return value


def whole(text: str, longest: int | None) -> str:
    """`text` in one line; up to its last whole word if it is as long as the writer was allowed."""
    line = " ".join(text.split())
    if longest is None or len(text) < longest or line.endswith((".", "!", "?")):
        return line
    return line.rsplit(" ", 1)[0].rstrip(" ,;:-")


def passages_of(value: Mapping[str, Any]) -> tuple[Passage, ...]:
    """What of the answer can be searched."""
    found = [Passage(f, value[f]) for f in ("title", "summary") if value.get(f)]
    words = [*value.get("tags", ()), *value.get("names", ())]
    return (*found, Passage("tags", ", ".join(words))) if words else tuple(found)
