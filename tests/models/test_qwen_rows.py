"""The small writer's graph against the reference, and what it does in rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models.engines.qwen_rows import KEPT, KEPT_WHOLE, PIECE, Rows, shared
from mammothbox.models.graphs import qwen2
from tests.models import tiny_phi, tiny_qwen

PROMPT = np.random.default_rng(3).integers(0, 256, PIECE + 44).tolist()


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qwen")
    return qwen2.build(tiny_qwen.write(folder / "model.gguf"), folder / qwen2.GRAPH)


@pytest.fixture
def rows(graph: Path) -> Rows:
    return Rows(graph, threads=1, count=4)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_scores_are_those_of_the_reference(rows: Rows, reference: Any) -> None:
    import torch

    exact = tiny_qwen.reference(reference)
    with torch.no_grad():
        scores = exact(torch.tensor([[*PROMPT, 7, 9]])).logits[0].numpy()
    ours = [rows.read(1, PROMPT)]  # in two pieces
    ours += [rows.go_on({1: token})[1] for token in (7, 9)]
    for at, found in zip((-3, -2, -1), ours, strict=True):
        assert alike(found, scores[at]) > 0.998  # rounded to 8 bits twice
    # The check has teeth: a neighbour's scores are others.
    assert alike(ours[0], scores[-2]) < 0.99


def test_rows_side_by_side_say_what_each_says_alone(rows: Rows) -> None:
    first, second, between = PROMPT[:90], PROMPT[50:120], PROMPT[10:60]
    alone = {}
    for row, prompt in ((0, first), (3, second), (1, between)):
        rows.read(row, prompt)
        alone[row] = rows.go_on({row: 5})[row]
        rows.read(row, prompt, anew=True)
    together = rows.go_on({0: 5, 3: 5})
    for row in (0, 3):
        np.testing.assert_array_equal(together[row], alone[row])
    # Row 1 lay between them and was free; what it holds is still there.
    np.testing.assert_array_equal(rows.go_on({1: 5})[1], alone[1])
    rows.read(0, first, anew=True)
    rows.read(1, between, anew=True)
    rows.read(2, second, anew=True)
    three = rows.go_on({0: 5, 1: 5, 2: 5})
    for row, before in ((0, 0), (1, 1), (2, 3)):
        np.testing.assert_array_equal(three[row], alone[before])


def test_a_beginning_that_a_row_holds_is_not_read_again(rows: Rows) -> None:
    fresh = rows.read(2, PROMPT[:80])
    rows.read(0, [*PROMPT[:61], 1, 2, 3])
    runs = []
    whole = rows._run
    rows._run = lambda *given: runs.append(given[2].size) or whole(*given)  # type: ignore[method-assign,func-returns-value]
    np.testing.assert_array_equal(rows.read(0, PROMPT[:80]), fresh)
    assert runs == [20], "from an even place on"
    np.testing.assert_array_equal(rows.read(0, PROMPT[:80]), fresh)
    assert runs == [20, 2], "the last token is always read: its scores are asked for"
    rows.read(0, PROMPT[:80], anew=True)
    assert runs == [20, 2, 80]


def test_a_long_row_gives_its_memory_back_and_keeps_its_beginning(rows: Rows) -> None:
    long = (PROMPT * 6)[: KEPT_WHOLE + 50]
    expected = rows.read(0, PROMPT[:200], anew=True)
    rows.read(0, long)
    rows.leave(0)
    assert rows.held[0] == long[:KEPT]
    cache = rows._caches[0][1][0]
    assert cache[:, :KEPT].any()
    assert not cache[:, KEPT:].any() or sys.platform != "linux"
    np.testing.assert_allclose(rows.read(0, PROMPT[:200]), expected, atol=2e-3)


def test_what_two_have_in_common() -> None:
    assert shared([1, 2, 3], [1, 2, 4, 5]) == 2
    assert shared([1, 2], [1, 2, 3]) == 2
    assert shared([], [1]) == 0


def test_another_network_is_refused(tmp_path: Path) -> None:
    other = tiny_phi.write(tmp_path / "model.gguf")
    with pytest.raises(WeightsCorrupt, match="phi3"):
        qwen2.build(other, tmp_path / qwen2.GRAPH)
    with pytest.raises(WeightsMissing, match="models pull"):
        qwen2.build(tmp_path / "none.gguf", tmp_path / qwen2.GRAPH)
    (tmp_path / "torn.gguf").write_bytes(tiny_qwen.write(tmp_path / "x.gguf").read_bytes()[:5000])
    with pytest.raises(WeightsCorrupt, match=r"torn\.gguf"):
        qwen2.build(tmp_path / "torn.gguf", tmp_path / qwen2.GRAPH)
