"""The sentence most beams agree on is the one that is said."""

from __future__ import annotations

import math

from mammothbox.models.engines.eyes_consensus import agreed

DOG_RUNS, DOG_RUNS_FAST, CAR = [4, 5, 6, 7], [4, 5, 6, 7, 8], [10, 11, 12, 13]


def test_two_that_agree_outvote_the_most_probable_one() -> None:
    assert agreed([CAR, DOG_RUNS, DOG_RUNS_FAST], [-1.0, -1.2, -1.4]) == 1


def test_one_that_is_far_more_probable_stands() -> None:
    assert agreed([CAR, DOG_RUNS, DOG_RUNS_FAST], [-1.0, -40.0, -40.0]) == 0


def test_an_impossible_one_has_no_vote() -> None:
    assert agreed([DOG_RUNS, CAR, CAR], [-1.0, -math.inf, -math.inf]) == 0


def test_order_of_words_counts() -> None:
    turned = DOG_RUNS[::-1]
    assert agreed([turned, DOG_RUNS, DOG_RUNS_FAST], [-1.0, -1.0, -1.0]) == 1


def test_one_candidate_is_chosen() -> None:
    assert agreed([CAR], [-3.0]) == 0
    assert agreed([[], []], [-1.0, -2.0]) == 0
