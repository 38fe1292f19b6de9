"""Measures agree with cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.metrics.cuts import CutCounts, match_cuts
from bench.metrics.grouping import acceptance, adjusted_rand, purity, v_measure
from bench.metrics.ranking import average_precision, ranks_of_best, recall_table
from bench.metrics.words import (
    Errors,
    character_errors,
    contains_text,
    spoken_words,
    word_errors,
    words_found,
)


def test_rank_counts_better_and_equal_candidates() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.2, 0.2, 0.2], [0.1, 0.5, 0.9]], dtype=np.float32)
    assert ranks_of_best(scores, [[0], [1], [0, 1]]).tolist() == [1, 3, 2]


def test_rank_needs_something_wanted() -> None:
    with pytest.raises(ValueError, match="query 0"):
        ranks_of_best(np.zeros((1, 2), dtype=np.float32), [[]])


def test_recall_table() -> None:
    table = recall_table(np.array([1, 2, 5, 11]))
    assert table == {"r1": 0.25, "r5": 0.75, "r10": 0.75, "median_rank": 3.5}


def test_average_precision() -> None:
    # relevant at positions 1 and 3: (1/1 + 2/3) / 2
    assert average_precision([0.9, 0.8, 0.7], [True, False, True]) == pytest.approx(5 / 6)
    # a constant score must not profit from the order of the list
    assert average_precision([0.5, 0.5], [True, False]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mr. Quilter", ["mister", "quilter"]),
        ("go forward ten meters", ["go", "forward", "10", "meters"]),
        ("fourteen sixty-nine, fourteen seventy;", ["1469", "1470"]),
        ("1469, 1470", ["1469", "1470"]),
        ("a man 's padded arm .", ["a", "mans", "padded", "arm"]),
        ("The girl's dogs aren't here", ["the", "girls", "dogs", "are", "not", "here"]),
        ("thirty-six feet by fifteen,", ["36", "feet", "by", "15"]),
        ("1,000 colours", ["1000", "colors"]),
    ],
)
def test_speech_is_spelled_one_way(said: str, words: list[str]) -> None:
    assert spoken_words(said) == words


def test_word_errors() -> None:
    assert word_errors("Go forward ten meters", "go forward 10 meters.") == Errors(0, 4)
    assert word_errors("one red dog", "red dogs bark") == Errors(3, 3)
    assert (Errors(1, 4) + Errors(1, 4)).rate == 0.25


def test_character_errors_ignore_case_and_breaks() -> None:
    assert character_errors("Total\n24.40", "total  24.40") == Errors(0, 11)
    assert character_errors("abcd", "abxd").rate == 0.25


def test_words_found_counts_each_as_often_as_it_occurs() -> None:
    assert words_found("dog dog fox", "fox dog") == Errors(1, 3)
    assert words_found("fox", "a fox ran") == Errors(0, 1)


def test_contains_text() -> None:
    assert contains_text("Invoice: 2022-089083 x", "2022089083")
    assert not contains_text("anything", "...")


def test_cuts_are_matched_once() -> None:
    assert match_cuts([4.1, 4.2, 8.0], [4.0, 8.4, 12.0]) == CutCounts(2, 3, 3)
    assert match_cuts([4.6], [4.0]) == CutCounts(0, 1, 1)
    assert CutCounts(2, 3, 3).f1 == pytest.approx(0.6667)
    assert match_cuts([], []).f1 == 0.0


def test_acceptance_punishes_unsorted_and_single_files() -> None:
    groups = {"a": "dogs", "b": "dogs", "c": "snow", "d": "snow", "e": "snow"}
    folders = {"a": "Dogs", "b": "Dogs", "c": "Dogs", "d": "Alone", "e": "Unsorted"}
    # Dogs: 2 of its 3 are right; Alone has one file; Unsorted never counts
    assert acceptance(folders, groups, frozenset({"Unsorted"})) == 0.4
    assert acceptance({"a": "Dogs", "b": "Dogs"}, groups) == 0.4


def test_purity_and_v_measure() -> None:
    assert purity("aabb", "xxyy") == v_measure("aabb", "xxyy") == 1.0
    assert purity("aabb", "xxxx") == 0.5
    assert purity("aabb", "wxyz") == 1.0
    # By hand: homogeneity 1, completeness ln 2 / (1.5 ln 2).
    assert v_measure("aabb", "xxyz") == pytest.approx(0.8)
    assert v_measure("abcd", "xxxx") == 0.0


def test_adjusted_rand() -> None:
    assert adjusted_rand("aabb", "xxyy") == 1.0
    assert adjusted_rand("aabb", "xyxy") == -0.5  # worked out by hand: (0 - 2/3) / (2 - 2/3)
    # the table of Hubert and Arabie's formula on 3 + 3 with one mistake
    assert adjusted_rand("aaabbb", "xxyyyy") == pytest.approx(0.3243, abs=1e-4)
    with pytest.raises(ValueError, match="labels against"):
        adjusted_rand("a", "ab")
