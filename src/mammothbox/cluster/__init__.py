"""Groups of files that belong together, found from what is known of them. Pure: no disk, no model.

    items → trips, across kinds → feature rows (one realm at a time) → groups → clusters

Photos and videos share a realm, since they share a vector space; so papers, and recordings.

Example:
    >>> [len(found.members) for found in find_clusters([], 40)]
    []
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.cluster.features import DIRECTIONS, PICTURE_WEIGHTS, WORD_WEIGHTS, feature_rows
from mammothbox.cluster.groups import Labels, centres_of, group_rows, nearest
from mammothbox.cluster.items import Family, Item
from mammothbox.cluster.papers import main_kind
from mammothbox.cluster.trips import find_trips

__all__ = ["Cluster", "Family", "Item", "find_clusters", "rows_of"]

REALMS = (
    (Family.PHOTOS, Family.VIDEOS),
    (Family.DOCUMENTS,),
    (Family.RECORDINGS,),
    (Family.OTHER,),
)
"""Families whose files are compared with each other."""


FEW_WORDS = 60
"""Papers, or recordings, under which they are divided only where groups stand clearly apart."""
SNIPPET_S = 3.0
"""Seconds under which a recording of hardly a word is a snippet: spoken digits, clicks, calls."""
LONE_FIT = 0.5
"""Of each file of a group that has no other beside it to be compared with."""
CLEARLY_APART = 0.2
"""Mean silhouette of such groups. Measured: of one kind of paper or recording cut in pieces 0.10 to
0.15, of different kinds 0.26 to 0.68."""


MOSTLY = 0.6
"""Share of papers of known kind from which few papers are divided by kind."""
TALL = 0.25
"""Of pictures: see `group_rows`; why, and what it gained: docs/decisions.md."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Files that belong together.

    Attributes:
        members: places in the list of items, the most typical first.
        fit: cosine of each member with the cluster's centre, -1 to 1, in the order of `members`.
        family: what most of its files are.
        label: what it is called, where that is known: of a trip; else empty.
    """

    members: tuple[int, ...]
    fit: tuple[float, ...]
    family: Family
    label: str = ""

    @property
    def cohesion(self) -> float:
        """Mean fit, at least 0."""
        return max(0.0, float(np.mean(self.fit))) if self.fit else 0.0


def find_clusters(items: Sequence[Item], most: int, smallest: int = 3) -> list[Cluster]:
    """Clusters of all items, each item in exactly one, the largest first.

    Args:
        items: in any order; the same items in another order may be cut a little differently, so
            callers sort them by path.
        most: so many clusters at most (one a realm in any case).
        smallest: files a cluster has at least, where its realm has as many.
    """
    trips = find_trips(items)
    found = [
        Cluster(trip.members, (1.0,) * len(trip.members), Family.PHOTOS, trip.label)
        for trip in trips
    ]
    placed = {place for trip in trips for place in trip.members}
    snippets = [place for place, item in enumerate(items) if _is_snippet(item)]
    if len(snippets) >= smallest:
        fit = (LONE_FIT,) * len(snippets)
        found.append(Cluster(tuple(snippets), fit, Family.RECORDINGS))
        placed |= set(snippets)
    for families in REALMS:
        places = [
            place
            for place, item in enumerate(items)
            if item.family in families and place not in placed
        ]
        if places:
            share = max(1, round(most * len(places) / len(items)), min(most // 4, 8))
            found += _clusters_of(items, places, min(share, most), smallest)
    return sorted(found, key=lambda cluster: (-len(cluster.members), cluster.members[0]))


def _is_snippet(item: Item) -> bool:
    short = item.family == Family.RECORDINGS and 0 < item.duration_s < SNIPPET_S
    return short and len(item.text.split()) <= 2


def rows_of(items: Sequence[Item]) -> Vectors:
    """Feature rows of all items; files of different realms have nothing in common.

    Returns:
        N x 4d, rows L2-normalised, zero where nothing is known of a file.
    """
    width = DIRECTIONS
    rows = np.zeros((len(items), width * len(REALMS)), np.float32)
    for number, families in enumerate(REALMS):
        places = [place for place, item in enumerate(items) if item.family in families]
        if places:
            found = _realm_rows(items, places)
            start = number * width
            rows[places, start : start + found.shape[1]] = found
    return rows


def _realm_rows(items: Sequence[Item], places: Sequence[int]) -> Vectors:
    pictures = items[places[0]].family in (Family.PHOTOS, Family.VIDEOS)
    weights = PICTURE_WEIGHTS if pictures else WORD_WEIGHTS
    return feature_rows([items[place] for place in places], weights)


def _clusters_of(
    items: Sequence[Item], places: Sequence[int], most: int, smallest: int
) -> list[Cluster]:
    rows = _realm_rows(items, places)
    wordy = items[places[0]].family in (Family.DOCUMENTS, Family.RECORDINGS)
    apart = CLEARLY_APART if wordy and len(places) < FEW_WORDS else -1.0
    labels = group_rows(rows, most, smallest, apart, 1.0 if wordy else TALL)
    if labels.max() == 0 and items[places[0]].family == Family.DOCUMENTS:
        labels = by_wording([items[place].text for place in places], rows, smallest)
    fit = fit_of(rows, labels)
    found = []
    for group in range(int(labels.max()) + 1):
        mine = np.flatnonzero(labels == group)
        mine = mine[np.argsort(-fit[mine], kind="stable")]
        members = tuple(places[int(row)] for row in mine)
        fits = tuple(float(fit[row]) if labels.max() else LONE_FIT for row in mine)
        families = [items[place].family for place in members]
        most_common = max(sorted(set(families)), key=families.count)
        found.append(Cluster(members, fits, most_common))
    return found


def by_wording(texts: Sequence[str], rows: Vectors, smallest: int) -> Labels:
    """Papers by the kind that their wording betrays, the others with the kind they are most like.

    Args:
        texts: of the papers.
        rows: N x d, their feature rows.
        smallest: papers of one kind at least; with fewer than two such kinds all are one group,
            and so where most papers betray no kind.
    """
    kinds = [main_kind(text) for text in texts]
    counts = Counter(filter(None, kinds))
    large = sorted(kind for kind, count in counts.items() if count >= smallest)
    labels = np.array([large.index(kind) if kind in large else -1 for kind in kinds], np.intp)
    known = labels >= 0
    if len(large) < 2 or known.mean() < MOSTLY:
        return np.zeros(len(texts), np.intp)
    labels[~known] = nearest(rows[~known], centres_of(rows[known], labels[known]))
    return labels


def fit_of(rows: Vectors, labels: Labels) -> Vectors:
    """Cosine of each row with the centre of its group."""
    centres = centres_of(rows, labels)
    centres = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return np.asarray((rows * centres[labels]).sum(1), np.float32)
