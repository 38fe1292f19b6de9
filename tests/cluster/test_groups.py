"""Groups of made-up rows whose true groups are known."""

import numpy as np
import pytest

from mammothbox.cluster import Item, by_wording, find_clusters, rows_of
from mammothbox.cluster.features import PICTURE_WEIGHTS, WORD_WEIGHTS, feature_rows
from mammothbox.cluster.groups import centres_of, group_rows, nearest, silhouette
from mammothbox.records import Kind


def blobs(groups, each, spread=0.25, seed=0, width=16):
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(groups, width))
    truth = np.repeat(np.arange(groups), each)
    rows = centres[truth] + spread * chance.normal(size=(groups * each, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth


def same(labels, truth):
    """Whether two groupings agree on every pair."""
    return np.array_equal(labels[:, None] == labels[None, :], truth[:, None] == truth[None, :])


@pytest.mark.parametrize("groups", [2, 5, 11])
def test_the_number_of_groups_is_found(groups):
    rows, truth = blobs(groups, 15)
    assert same(group_rows(rows, 20), truth)


def test_branches_that_join_high_are_kept_apart_against_the_silhouette():
    heaps, _ = blobs(2, 60, spread=0.0, seed=3)
    fine, truth = blobs(6, 20, spread=0.7, seed=4)
    rows = (heaps + 0.1 * fine).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert group_rows(rows, 20).max() == 1
    assert same(group_rows(rows, 20, tall=0.05), truth)


def test_few_papers_of_two_kinds_are_two_groups():
    till = "Cashier Ann, qty 2, total sales 3.10, cash 5.00, change 1.90, thank you"
    bill = "Invoice number 7, bill to Ann, due date 3 May, amount due 9.00, payment terms"
    texts = [till, bill] * 4 + ["flowers", "bread"]
    rows, _ = blobs(2, 4, spread=0.5)
    rows = np.concatenate([rows[[0, 4, 1, 5, 2, 6, 3, 7]], rows[[0, 4]]])
    assert by_wording(texts, rows, 3).tolist() == [1, 0] * 5
    assert not by_wording(texts, rows, 5).any()
    assert not by_wording([*texts[:6], *["flowers"] * 4], rows, 4).any()
    assert not by_wording([till] * 10, rows, 3).any()


def test_large_matrices_are_sampled_and_still_right():
    rows, truth = blobs(6, 1500)
    assert same(group_rows(rows, 20)[::50], truth[::50])


def test_groups_are_neither_too_many_nor_too_small():
    rows, _ = blobs(9, 10)
    labels = group_rows(rows, 4)
    assert labels.max() + 1 <= 4
    assert np.bincount(group_rows(rows[:50], 40, smallest=5)).min() >= 5


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_rows_are_one_group(count):
    assert group_rows(np.eye(8, dtype=np.float32)[:count], 1).tolist() == [0] * count


def test_silhouette_is_that_of_the_definition():
    points = np.array([0.0, 1.0, 10.0, 12.0])
    distances = np.abs(points[:, None] - points[None, :]).astype(np.float32)
    expected = np.mean([1 - 1 / 11, 1 - 1 / 10, 1 - 2 / 9.5, 1 - 2 / 11.5])
    assert silhouette(distances, np.array([0, 0, 1, 1])) == pytest.approx(expected, abs=1e-6)


def test_centres_and_nearest():
    rows = np.array([[0, 0], [0, 2], [10, 10]], np.float32)
    centres = centres_of(rows, np.array([0, 0, 1]))
    assert centres.tolist() == [[0, 1], [10, 10]]
    assert nearest(rows, centres).tolist() == [0, 0, 1]


def photo(name, vector, **known):
    return Item(name, Kind.IMAGE, looks=vector, **known)


def test_a_persons_tags_outweigh_looks():
    rows, _ = blobs(1, 40, spread=0.6)
    items = [photo(f"{n:02}", row, tags=("alps" if n % 2 else "city",))
             for n, row in enumerate(rows)]  # fmt: skip
    for cluster in find_clusters(items, 4):
        assert len({items[member].tags for member in cluster.members}) == 1


def test_files_of_different_realms_do_not_mix():
    rows, _ = blobs(3, 10)
    items = [photo(f"p{n}", row) for n, row in enumerate(rows)]
    items += [Item(f"d{n}", Kind.DOCUMENT, reads=row) for n, row in enumerate(rows)]
    items += [Item(f"a{n}", Kind.AUDIO, reads=row) for n, row in enumerate(rows)]
    clusters = find_clusters(items, 30)
    assert all(len({items[m].kind for m in cluster.members}) == 1 for cluster in clusters)
    assert sorted(m for cluster in clusters for m in cluster.members) == list(range(90))
    assert np.allclose((rows_of(items)[:30] @ rows_of(items)[30:].T), 0)


def test_a_picture_full_of_words_is_a_paper():
    assert Item("a", Kind.IMAGE, text="word " * 30).family == "Documents"
    assert Item("a", Kind.IMAGE, text="stop").family == "Photos"


def test_recordings_of_like_length_are_nearer():
    chance = np.random.default_rng(0)
    vectors = [chance.normal(size=8).astype(np.float32) for _ in range(40)]
    items = [Item(f"{n}", Kind.AUDIO, reads=vector, duration_s=0.5 if n < 20 else 600.0)
             for n, vector in enumerate(vectors)]  # fmt: skip
    rows = feature_rows(items, WORD_WEIGHTS)
    likeness = rows @ rows.T
    assert likeness[:20, :20].mean() > likeness[:20, 20:].mean() + 0.1


def test_a_file_without_any_view_is_a_zero_row():
    rows = feature_rows([photo("a", None), photo("b", np.ones(4, np.float32))], PICTURE_WEIGHTS)
    assert not rows[0].any()
