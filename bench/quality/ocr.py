"""Text in pictures and scans, as a whole ingest reads it, gate included."""

from __future__ import annotations

from typing import Any

from bench.media import text_truth
from bench.metrics.words import Errors, character_errors, words_found
from bench.quality.context import Context


def measure(context: Context) -> dict[str, Any] | None:
    """``cer``: character error rate in reading order; ``words_found``: share of the true words.

    Receipts have columns, whose true order is a matter of taste: ``words_found`` is free of it.
    A picture from which nothing was read counts all its characters as wrong.
    """
    items = context.few([item for item in context.index if text_truth(item)])
    if not items:
        context.lacks.append("pictures whose text is known")
        return None
    library = context.library("ocr", [item.path for item in items])
    characters, words = Errors(0, 0), Errors(0, 0)
    by_folder: dict[str, Errors] = {}
    for number, item in enumerate(items):
        shown = library.show(str(context.copied("ocr", number, item.path)))
        read, truth = shown["ocr_text"] or "", text_truth(item)
        here, lost = character_errors(truth, read), words_found(truth, read)
        context.say(f"  cer {here.rate:.3f}, lost {lost.wrong}/{lost.total} words: {item.name}")
        characters, words = characters + here, words + lost
        folder = item.name.rsplit("/", 1)[0]
        by_folder[folder] = by_folder.get(folder, Errors(0, 0)) + here
    return {
        "cer": characters.rate,
        "words_found": round(1 - words.rate, 4),
        "pictures": len(items),
        "cer_by_folder": {folder: errors.rate for folder, errors in by_folder.items()},
    }
