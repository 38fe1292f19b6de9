"""Step `facts`: what the file says of itself (size, time, place, camera), as JSON.

`Done.value` holds the fields of `records.Facts` that are known. Other kinds of files are skipped
with a reason, and nothing more is asked about them.
"""

from __future__ import annotations

from dataclasses import asdict

from mammothbox.records import Content, Done, FileRef, Outcome, Passage, Skipped


def facts_of(content: Content) -> Done:
    """The known facts, without empty fields."""
    known = {
        name: value for name, value in asdict(content.facts).items() if value not in (None, {})
    }
    return Done(known)


def passages_of(content: Content) -> tuple[Passage, ...]:
    """Title and author as embedded in the file, for the search."""
    words = [text for text in (content.facts.title, content.facts.author) if text]
    return (Passage("title", " - ".join(words)),) if words else ()


def not_media(ref: FileRef) -> Outcome:
    """Why a file of another kind is left out."""
    if ref.size == 0:
        return Skipped("empty file")
    return Skipped(f"not a photo, video, sound or document ({ref.mime})")
