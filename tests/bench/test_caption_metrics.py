"""CIDEr-D and BLEU against known values, hand-made cases and, where installed, pycocoevalcap."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bench.metrics.bleu import bleu
from bench.metrics.cider import cider, tokenize

REFERENCES = [["a dog runs in the snow", "the dog is running"], ["two men play guitar"], ["a cat"]]


def test_words_are_split_as_in_the_penn_treebank() -> None:
    assert tokenize("The dog's t-shirt, doesn't fit!") == [
        "the",
        "dog",
        "'s",
        "t-shirt",
        "does",
        "n't",
        "fit",
    ]
    assert tokenize("One - two ... (3) .") == ["one", "two", "(", "3", ")"]


def test_repeating_a_reference_scores_highest_and_a_stranger_nothing() -> None:
    same = cider(["a dog runs in the snow", "two men play guitar", "a cat"], REFERENCES)
    other = cider(["purple", "purple", "purple"], REFERENCES)
    assert same.per_caption[1] == pytest.approx(10.0)
    assert other.mean == 0


def test_repeating_one_good_word_does_not_pay() -> None:
    honest = cider(["two men play guitar"] * 3, REFERENCES).per_caption[1]
    gamed = cider(["guitar guitar guitar guitar"] * 3, REFERENCES).per_caption[1]
    assert gamed < honest / 4


def test_bleu_counts_a_word_at_most_as_often_as_the_reference_has_it() -> None:
    assert bleu(["the the the the"], [["the cat is on the mat"]], n=1) == pytest.approx(
        0.5 * 2.718281828 ** (1 - 6 / 4), rel=1e-6
    )


def test_numbers_of_captions_and_pictures_must_agree() -> None:
    with pytest.raises(ValueError, match="2 captions for 1"):
        cider(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="0 captions"):
        bleu([], [])


def test_equal_to_the_reference_implementation_on_100_captions(media: Path) -> None:
    cocoeval = pytest.importorskip(
        "pycocoevalcap.cider.cider", reason="pycocoevalcap is not installed (dev check only)"
    )
    from pycocoevalcap.bleu.bleu import Bleu

    groups: dict[str, list[str]] = {}
    with open(media / "photos/flickr8k/captions.csv") as file:
        for row in csv.DictReader(file):
            if row["split"] == "val":
                groups.setdefault(row["image"], []).append(row["caption"])
    chosen = list(groups.values())[:100]
    candidates, references = [g[0] for g in chosen], [g[1:] for g in chosen]
    truth = {i: [" ".join(tokenize(s)) for s in group] for i, group in enumerate(references)}
    said = {i: [" ".join(tokenize(s))] for i, s in enumerate(candidates)}

    ours = cider(candidates, references)

    mean, each = cocoeval.Cider().compute_score(truth, said)
    assert ours.mean == pytest.approx(mean, abs=1e-9)
    assert ours.per_caption == pytest.approx(list(each), abs=1e-9)
    theirs = Bleu(4).compute_score(truth, said, verbose=0)[0][3]
    assert bleu(candidates, references) == pytest.approx(theirs, abs=1e-9)
