"""Remembering that nothing is left to do, so that looking again costs little more than looking.

At the end of a run after which no step is due anywhere, the library keeps a note: who its authors
are, what was scanned, and how the files stood. The next run of the same roots that meets the same
files and no new one reads the note instead of asking for every file and step. Anything that could
make a step due takes the note away first. Knows nothing of how files are scanned or understood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from mammothbox.models.contracts import ModelCard
from mammothbox.store import Store
from mammothbox.understand.steps import STEPS

_META = "settled"


@dataclass(frozen=True, slots=True)
class Note:
    """How the library stood when nothing was left to do.

    Attributes:
        authors: a digest of all models, steps and the way of describing.
        roots: what was scanned, sorted.
        files: how many files were met.
        skipped, failed: paths without content that were left alone, or could not be read.
        by_kind: kind → {done, unchanged, skipped, failed} of the run.
    """

    authors: str
    roots: tuple[str, ...]
    files: int
    skipped: int
    failed: int
    by_kind: Mapping[str, Mapping[str, int]]

    def fits(self, other: Note) -> bool:
        """Whether `other`, made by a scan that met nothing new, is of the same state."""
        mine = (self.authors, self.roots, self.files, self.skipped, self.failed)
        return mine == (other.authors, other.roots, other.files, other.skipped, other.failed)

    def counts(self) -> dict[str, dict[str, int]]:
        """`by_kind` for a run that did nothing: what was done then is unchanged now."""
        found = {}
        for kind, states in self.by_kind.items():
            rest = {name: number for name, number in states.items() if name != "done"}
            unchanged = states.get("done", 0) + states.get("unchanged", 0)
            found[kind] = rest | ({"unchanged": unchanged} if unchanged else {})
        return found


def authors(cards: Mapping[str, ModelCard], describe: str) -> str:
    """A digest that changes whenever a step could become due without any file changing."""
    steps = [(step.name, step.version) for step in STEPS]
    models = sorted((name, card.id, card.revision) for name, card in cards.items())
    text = json.dumps([models, steps, describe])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read(store: Store) -> Note | None:
    """The note, if there is one."""
    text = store.meta(_META)
    if not text:
        return None
    value = json.loads(text)
    return Note(**{**value, "roots": tuple(value["roots"])})


def keep(store: Store, note: Note) -> None:
    """Put the note down."""
    store.set_meta(_META, json.dumps(asdict(note)))


def remove(store: Store) -> None:
    """Take the note away: something will be due."""
    if store.meta(_META):
        store.set_meta(_META, "")


def note_of(
    authors: str,
    roots: Sequence[str],
    files: int,
    outcomes: Mapping[str, int],
    by_kind: Mapping[str, Mapping[str, int]],
) -> Note:
    """A note; `outcomes` counts the problems of the scan by ``skipped`` and ``failed``."""
    counts = outcomes.get("skipped", 0), outcomes.get("failed", 0)
    return Note(authors, tuple(sorted(roots)), files, *counts, by_kind)
