"""How search results are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from mammothbox.interfaces.cli.answer import emit, remark, safe, say, shown_path, shown_time
from mammothbox.interfaces.cli.session import Session
from mammothbox.records import Hit, Why

SNIPPET = 100
"""Characters shown of the text that matched."""
REASONS = 2
"""Reasons shown to a person; JSON has all."""


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit for programs; `why` strongest first."""
    why = [
        {
            "how": one.how,
            "field": one.field,
            "text": one.text,
            "page": one.page,
            "start_s": one.start_s,
        }
        for one in hit.why
    ]
    return {
        "path": hit.path,
        "kind": hit.kind.value,
        "score": round(hit.score, 6),
        "why": why,
        "digest": hit.digest,
    }


def reason(why: Why) -> str:
    """One reason for a person: ``caption: a dog runs``, ``page 3: …``, ``at 0:42: …``."""
    place = why.field or why.how
    if why.page:
        place = f"page {why.page}"
    elif why.start_s is not None:
        place = f"at {shown_time(why.start_s)}"
    elif why.how == "looks":
        place = "looks like it"
    text = safe(" ".join(why.text.split()))
    short = text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…"
    return f"{place}: {short}" if short else place


def tell_hits(session: Session, hits: Sequence[Hit], notes: Sequence[str]) -> None:
    """Print hits, best first; notes go to standard error."""
    if not session.quiet:
        for note in notes:
            remark(f"note: {safe(note)}")
    if session.json:
        emit([hit_json(hit) for hit in hits], indent=2)
        return
    if not hits:
        say("nothing found")
    for place, hit in enumerate(hits, 1):
        score = click.style(f"{hit.kind.value}, {hit.score:.3f}", dim=True)
        say(f"{place:>2}. {click.style(shown_path(hit.path), bold=True)}  {score}")
        for why in hit.why[:REASONS]:
            say(f"    {reason(why)}")
