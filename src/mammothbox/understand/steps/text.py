"""Step `text`: the words of a document, cut into chunks with their page numbers.

The words are the passages of the result; `Done.value`: ``{"chars", "pages_with_text"}``.
"""

from __future__ import annotations

from mammothbox.records import DocumentContent, Done, Outcome, Passage, Skipped
from mammothbox.understand.chunking import page_passages


def read_text(content: DocumentContent) -> tuple[Outcome, tuple[Passage, ...]]:
    """The document's own text layer; pages without one are left to OCR."""
    passages = tuple(page_passages(content.pages, "text"))
    if not passages:
        return Skipped("no text layer"), ()
    chars = sum(len(page.text) for page in content.pages)
    with_text = sum(1 for page in content.pages if page.text.strip())
    return Done({"chars": chars, "pages_with_text": with_text}), passages
