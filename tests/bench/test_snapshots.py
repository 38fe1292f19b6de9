"""When two libraries count as the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.snapshots import Snapshot, differences

UP, ASIDE = np.array([0.0, 1.0], np.float32), np.array([1.0, 0.0], np.float32)
ONE = Snapshot(
    files={"/a.jpg": ("d1", "image")},
    outcomes={("d1", "caption", "eyes", "1"): ("Done", '{"caption": "a dog"}')},
    passages={"d1": '["a dog"]'},
    vectors={("d1", "joint"): [UP], ("d1", "text"): [UP]},
)
OTHER_WORDS = {"d1": '["a brown dog"]'}


@pytest.mark.parametrize(
    ("space", "passages", "told"),
    [
        ("text", ONE.passages, ["vectors of ('d1', 'text')"]),
        ("text", OTHER_WORDS, []),
        ("joint", OTHER_WORDS, ["vectors of ('d1', 'joint')"]),
    ],
)
def test_vectors_of_words_may_differ_only_with_the_words(
    space: str, passages: dict[str, str], told: list[str]
) -> None:
    other = replace(ONE, passages=passages, vectors={**ONE.vectors, ("d1", space): [ASIDE]})
    assert differences(ONE, other, words=False) == told
    assert f"vectors of ('d1', '{space}')" in differences(ONE, other, words=True)


def test_a_missing_vector_is_a_difference_whatever_the_words() -> None:
    other = replace(ONE, passages=OTHER_WORDS, vectors={("d1", "joint"): [UP]})
    assert differences(ONE, other, words=False) == ["vectors: [('d1', 'text')]"]
