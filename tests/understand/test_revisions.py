"""A changed revision recomputes its step and the steps that read its result, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mammothbox.models.contracts import ModelCard
from mammothbox.records import Kind
from mammothbox.understand.steps import STAGES, STEPS, author_of, steps_of

CARDS = {
    name: ModelCard(f"{name}-model", "1")
    for name in ("captioner", "embedder", "reader", "transcriber", "text_embedder", "writer")
}


def _authors(cards: dict[str, ModelCard]) -> dict[tuple[str, Kind], object]:
    return {
        (step.name, kind): author_of(step, kind, cards) for step in STEPS for kind in step.reads
    }


@pytest.mark.parametrize(
    ("contract", "image", "audio", "document"),
    [
        ("captioner", {"caption", "chunks", "outline", "describe", "context"}, set(), set()),
        ("embedder", {"embed", "describe"}, set(), set()),
        ("transcriber", set(), {"transcript", "chunks", "outline", "describe"}, set()),
        ("writer", {"describe"}, {"describe"}, {"describe"}),
        (
            "reader",
            {"ocr", "chunks", "outline", "describe", "context"},
            set(),
            {"ocr", "chunks", "outline", "describe"},
        ),
    ],
)
def test_a_new_revision_touches_only_what_reads_it(
    contract: str, image: set[str], audio: set[str], document: set[str]
) -> None:
    # given the authors of today
    before = _authors(CARDS)
    # when one model's revision changes
    after = _authors(CARDS | {contract: replace(CARDS[contract], revision="2")})
    # then only its step and those that read it have other authors
    changed = {key for key in before if before[key] != after[key]}
    for kind, expected in ((Kind.IMAGE, image), (Kind.AUDIO, audio), (Kind.DOCUMENT, document)):
        assert {name for name, of in changed if of == kind} == expected


def test_vectors_stay_comparable_when_only_an_upstream_step_changes() -> None:
    chunks = next(step for step in STEPS if step.name == "chunks")
    new = CARDS | {"transcriber": ModelCard("transcriber-model", "2")}
    before, after = author_of(chunks, Kind.AUDIO, CARDS), author_of(chunks, Kind.AUDIO, new)
    assert before.revision != after.revision
    assert before.model_revision == after.model_revision


def test_every_step_belongs_to_a_stage_and_reads_only_earlier_ones() -> None:
    seen: set[str] = set()
    for step in STEPS:
        assert step.stage in STAGES
        assert all(set(reads) <= seen for reads in step.reads.values())
        seen.add(step.name)
    assert [step.name for step in steps_of("listen", Kind.VIDEO)] == ["transcript"]
