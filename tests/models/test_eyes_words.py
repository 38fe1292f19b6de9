"""What is said of a photo: the sentence, the labels, or both, each marked for what it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mammothbox.models.engines.eyes_captioner import join_words
from mammothbox.models.engines.eyes_words import Judgement, decide, mentions

JUDGEMENT = Judgement(slope=2.0, offset=2.0, least=0.3, sure=0.7)
SENTENCE = "a man is standing in the street"


def test_a_sure_sentence_stands_alone_when_the_labels_are_not_sure() -> None:
    said = decide(SENTENCE, -0.5, [("street sign", 0.4)], JUDGEMENT)
    assert (said.text, said.from_labels) == (SENTENCE, False)
    assert said.confidence == pytest.approx(0.731, abs=0.001)


def test_below_the_threshold_the_labels_speak_and_say_so() -> None:
    said = decide(SENTENCE, -3.0, [("toaster", 0.6), ("stove", 0.2)], JUDGEMENT)
    assert (said.text, said.from_labels) == ("probably: toaster, stove", True)
    assert said.confidence < 0.3


def test_below_the_threshold_labels_that_are_not_likely_themselves_do_not_speak() -> None:
    said = decide(SENTENCE, -3.0, [("toaster", 0.3), ("stove", 0.2)], JUDGEMENT)
    assert (said.text, said.from_labels) == (SENTENCE, False)


@pytest.mark.parametrize(
    ("sure_of", "probability", "added"),
    [(-0.5, 0.91, True), (-0.5, 0.85, False), (-1.3, 0.71, True), (-1.3, 0.65, False)],
    ids=["trusted-certain", "trusted-sure", "doubtful-sure", "doubtful-likely"],
)
def test_a_sure_label_is_added_as_a_guess_and_the_sentence_is_left_alone(
    sure_of: float, probability: float, added: bool
) -> None:
    said = decide(SENTENCE, sure_of, [("tricycle", probability)], JUDGEMENT)
    assert said.text == SENTENCE + "; probably: tricycle" * added
    assert not said.from_labels


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("a brown dog runs", "golden retriever"),
        ("two birds on a fence", "goldfinch"),
        ("a child with a tennis ball", "tennis ball"),
        ("two kites in the sky", "kite"),
    ],
)
def test_what_is_already_said_is_not_added(sentence: str, label: str) -> None:
    assert mentions(sentence, label)
    assert decide(sentence, -0.5, [(label, 0.99)], JUDGEMENT).text == sentence


def test_a_word_inside_another_word_does_not_count() -> None:
    assert not mentions("a carpet on the floor", "car wheel")
    assert not mentions("a cat on a mat", "golden retriever")


def test_without_a_sentence_the_labels_speak() -> None:
    assert decide("", 0.0, [("toaster", 0.6)], JUDGEMENT).from_labels


def test_shipped_numbers_are_read_and_sensible() -> None:
    import mammothbox.models.engines.eyes_labels as labels

    judgement = Judgement.read(labels.SHIPPED / "eyes.json")
    assert judgement.slope > 0
    assert 0 < judgement.least < 0.5 < judgement.sure + 0.2 <= 1.1


def test_the_shipped_numbers_belong_to_the_shipped_graphs() -> None:
    import mammothbox.models.engines.eyes_labels as labels

    graphs = json.loads((labels.SHIPPED / "eyes.json").read_text())["graphs"]
    there = {path.name: path for path in labels.SHIPPED.glob("eyes_*.onnx*")}
    assert set(graphs) == set(there)
    for name, path in there.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == graphs[name]


def test_a_file_without_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "eyes.json").write_text(json.dumps({"slope": 1}))
    with pytest.raises(KeyError):
        Judgement.read(tmp_path / "eyes.json")


def test_words_are_joined_as_people_write_them() -> None:
    assert join_words(["the", "dog", "'s", "ball", "does", "n't", "roll"]) == (
        "the dog's ball doesn't roll"
    )
