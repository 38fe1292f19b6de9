"""Whose text is to be made anew because of what an owner said: the dues of step `context`.

Every other step is owed by all files of a kind. This one is owed by those somebody said something
of, and by those that still carry what was taken back. A text is part of its step's revision, so
another text redoes this step alone, and no eyes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mammothbox.errors import UsageError
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Digest, FileRef, Kind
from mammothbox.store import Store
from mammothbox.store.contexts import held, say, spoken_of
from mammothbox.store.words import clean
from mammothbox.understand.steps import BY_NAME, OWN_CODE, Author, author_of

STEP = "context"
MOST_CHARS = 500
"""Of one text; what is longer is a document and can be ingested as one."""
_NOTHING = "none"
"""In the place of a text's mark: it was taken back."""


def tell(store: Store, roots: Sequence[str], text: str) -> bool:
    """Remember what the owner says of these paths; an empty text takes it back.

    Returns:
        Whether anything changed.

    Raises:
        UsageError: the text is too long.
    """
    text = " ".join(clean(text).split())
    if len(text) > MOST_CHARS:
        raise UsageError(f"a context has at most {MOST_CHARS} characters, this one {len(text)}")
    return say(store, roots, text)


def author_for(kind: Kind, cards: Mapping[str, ModelCard], describe: str, text: str) -> Author:
    """Who makes the statement of one text: code, or the writer where it sees each photo."""
    step = BY_NAME[STEP]
    if text and kind == Kind.IMAGE and describe == "each":
        step = replace(step, contract="writer")
    author = author_of(step, kind, cards)
    mark = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return replace(author, revision=f"{author.revision}-{mark if text else _NOTHING}")


def by_code(author: Author) -> bool:
    """Whether no writer is needed."""
    return author.model == OWN_CODE["decoder"].id


def due(
    store: Store,
    cards: Mapping[str, ModelCard],
    describe: str,
    among: Sequence[Digest] | None = None,
) -> Iterator[tuple[FileRef, Author]]:
    """One file a content that owes the step, and who is to speak.

    Args:
        store: the library's store.
        cards: contract → card.
        describe: ``groups``, ``each`` or ``none``.
        among: only these contents, a few hundred; None for all.
    """
    have = held(store, STEP, among)
    owed: dict[Digest, Author] = {}
    spoken = spoken_of(store, among)
    for digest, (kind, text) in spoken.items():
        if kind not in BY_NAME[STEP].reads:
            continue
        author = author_for(kind, cards, describe, text)
        if (author.model, author.revision) not in have.get(digest, ()):
            owed[digest] = author
    stale = [digest for digest in have if digest not in spoken and _says(have[digest])]
    paths = store.paths([*owed, *stale])
    for digest, refs in paths.items():
        yield refs[0], owed.get(digest) or author_for(refs[0].kind, cards, describe, "")


def _says(authors: set[tuple[str, str]]) -> bool:
    return not all(revision.endswith(f"-{_NOTHING}") for _, revision in authors)
