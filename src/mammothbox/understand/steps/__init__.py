"""The steps of understanding, in the order in which they may read each other.

A step takes what an earlier one found (or the decoded content) and gives one `Result` a content.
`STEPS` is the whole list; a step's effective revision changes when its model, its own code or a
step it reads changes, so that exactly what depends on a change is computed again.

Example:
    >>> [step.name for step in STEPS if step.stage == "listen"]
    ['transcript']
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from mammothbox.models.contracts import ModelCard
from mammothbox.records import Kind

STAGES = ("look", "listen", "read", "describe")
"""Stages in order. Each goes over the whole batch before the next begins, so that a model is
loaded once and not once a file."""

MEDIA = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT)


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of statement about a content.

    Attributes:
        name: key in the store.
        stage: one of `STAGES`.
        contract: which model speaks; ``decoder`` is the program's own code.
        version: of the code around the model and of prompts; raised when the same input gives
            another result.
        reads: kind → names of the steps whose results it reads. A kind that is missing has no
            such step.
    """

    name: str
    stage: str
    contract: str
    version: int
    reads: Mapping[Kind, tuple[str, ...]]


STEPS: tuple[Step, ...] = (
    Step("facts", "look", "decoder", 1, dict.fromkeys((*MEDIA, Kind.OTHER), ())),
    Step("text", "look", "decoder", 1, {Kind.DOCUMENT: ()}),
    Step("caption", "look", "captioner", 1, {Kind.IMAGE: (), Kind.VIDEO: ()}),
    Step("embed", "look", "embedder", 1, {Kind.IMAGE: (), Kind.VIDEO: ()}),
    Step("ocr", "look", "reader", 1, dict.fromkeys((Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT), ())),
    Step("transcript", "listen", "transcriber", 1, {Kind.AUDIO: (), Kind.VIDEO: ()}),
    Step(
        "chunks",
        "read",
        "text_embedder",
        1,
        {
            Kind.IMAGE: ("caption", "ocr"),
            Kind.VIDEO: ("caption", "ocr", "transcript"),
            Kind.AUDIO: ("transcript",),
            Kind.DOCUMENT: ("text", "ocr"),
        },
    ),
    Step(
        "outline",
        "read",
        "text_embedder",
        4,
        {
            Kind.IMAGE: ("facts", "caption", "ocr"),
            Kind.VIDEO: ("facts", "caption", "ocr", "transcript"),
            Kind.AUDIO: ("facts", "transcript"),
            Kind.DOCUMENT: ("facts", "text", "ocr"),
        },
    ),
    Step(
        "describe",
        "describe",
        "writer",
        4,
        {
            Kind.IMAGE: ("embed", "outline"),
            Kind.VIDEO: ("outline",),
            Kind.AUDIO: ("outline",),
            Kind.DOCUMENT: ("outline",),
        },
    ),
    Step(
        "context",
        "describe",
        "decoder",
        1,
        dict.fromkeys(MEDIA, ("facts",)) | {Kind.IMAGE: ("facts", "caption", "ocr")},
    ),
)

BY_NAME: Mapping[str, Step] = {step.name: step for step in STEPS}

OWN_CODE: Mapping[str, ModelCard] = {
    "decoder": ModelCard("decoder", "1", languages=("*",)),
}
"""What the program itself says carries a card as well."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a step's statement now.

    Attributes:
        model: the model's id.
        revision: effective: the model's, the code's around it, and those of the steps read.
        model_revision: the model's alone.
    """

    model: str
    revision: str
    model_revision: str


def author_of(step: Step, kind: Kind, cards: Mapping[str, ModelCard]) -> Author:
    """The author of `step` for a `kind`, its revision including what the step reads.

    Args:
        step: one of `STEPS`, for which ``kind in step.reads``.
        kind: the content's kind.
        cards: contract → card, as `Models.cards` gives them.
    """
    card = OWN_CODE.get(step.contract) or cards[step.contract]
    upstream = [author_of(BY_NAME[name], kind, cards) for name in step.reads[kind]]
    revision = f"{card.revision}.{step.version}"
    if upstream:
        chain = "|".join(f"{author.model}@{author.revision}" for author in upstream)
        revision += "~" + hashlib.blake2b(chain.encode(), digest_size=4).hexdigest()
    return Author(card.id, revision, card.revision)


def steps_of(stage: str, kind: Kind) -> tuple[Step, ...]:
    """The steps that `stage` owes to a content of `kind`, in order."""
    return tuple(step for step in STEPS if step.stage == stage and kind in step.reads)
