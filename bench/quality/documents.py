"""Kinds and fields of receipts and invoices, as a whole ingest with the writer states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.media import field_truth
from bench.metrics.fields import field_found, wanted_fields
from bench.quality.context import Context


def measure(context: Context) -> dict[str, Any] | None:
    """``kind_right``: share filed as what they are; ``fields_found``: share of the true fields.

    A field counts when a statement about the file (title, summary, tags, entities) holds it; the
    mere text of the file does not count. Invoice and receipt may stand for each other: the truths
    do not tell them apart.
    """
    items = context.few([item for item in context.index if wanted_fields(field_truth(item))])
    if not items:
        context.lacks.append("receipts and invoices with fields")
        return None
    library = context.library("documents", [item.path for item in items], describe="each")
    right = found = wanted = 0
    for number, item in enumerate(items):
        shown = library.show(str(context.copied("documents", number, item.path)))
        kind_fits = filed_as_bill(shown)
        missed = [
            field
            for field, value in wanted_fields(field_truth(item)).items()
            if not field_found(field, value, statements(shown))
        ]
        context.say(f"  {item.name}: {shown.get('category')}, missed {missed}")
        right += kind_fits
        wanted += len(wanted_fields(field_truth(item)))
        found += len(wanted_fields(field_truth(item))) - len(missed)
    return {
        "kind_right": round(right / len(items), 4),
        "fields_found": round(found / wanted, 4),
        "documents": len(items),
        "fields": wanted,
    }


def filed_as_bill(shown: Mapping[str, Any]) -> bool:
    """Whether category or tags call the file an invoice, a receipt, or a bill."""
    words = {str(shown.get("category", "")).lower(), *map(str.lower, tag_names(shown))}
    return any(mark in word for word in words for mark in ("invoice", "receipt", "bill"))


def tag_names(shown: Mapping[str, Any]) -> list[str]:
    """The names of a file's tags, whether stated as words or as objects."""
    return [str(tag.get("tag", tag) if isinstance(tag, Mapping) else tag) for tag in shown["tags"]]


def statements(shown: Mapping[str, Any]) -> list[str]:
    """What was said about the file, piece by piece."""
    said = [str(shown.get(name) or "") for name in ("title", "summary")] + tag_names(shown)
    for entity in shown.get("entities") or ():
        said.append(str(entity.get("text", entity) if isinstance(entity, Mapping) else entity))
    return said
