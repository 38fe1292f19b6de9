"""How well proposed folders or groups fit true ones: acceptance, Rand index, V-measure, purity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import comb, log


def acceptance(
    folders: Mapping[str, str], groups: Mapping[str, str], unsorted: frozenset[str] = frozenset()
) -> float:
    """Share of files whose folder's majority group is their own, 0 to 1.

    A stand-in for a person's acceptance. Files in an `unsorted` folder, alone in their folder, or
    without a folder count as wrong.
    """
    members: dict[str, list[str]] = {}
    for name, folder in folders.items():
        if name in groups:
            members.setdefault(folder, []).append(name)
    right = 0
    for folder, names in members.items():
        if folder in unsorted or len(names) < 2:
            continue
        right += Counter(groups[name] for name in names).most_common(1)[0][1]
    return round(right / len(groups), 4) if groups else 0.0


def adjusted_rand(left: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """Agreement of two groupings of the same things, 1 for equal ones, about 0 by chance.

    Hubert and Arabie (1985).

    Raises:
        ValueError: the two have not the same length.
    """
    if len(left) != len(right):
        raise ValueError(f"{len(left)} labels against {len(right)}")
    pairs = Counter(zip(left, right, strict=True))
    together = sum(comb(n, 2) for n in pairs.values())
    rows = sum(comb(n, 2) for n in Counter(left).values())
    columns = sum(comb(n, 2) for n in Counter(right).values())
    everything = comb(len(left), 2)
    if not everything:
        return 1.0
    expected = rows * columns / everything
    most = (rows + columns) / 2
    return 1.0 if most == expected else round((together - expected) / (most - expected), 4)


def purity(truth: Sequence[Hashable], groups: Sequence[Hashable]) -> float:
    """Share of things that are of their group's most frequent true group, 0 to 1."""
    pairs = Counter(zip(groups, truth, strict=True))
    best: dict[Hashable, int] = {}
    for (group, _), count in pairs.items():
        best[group] = max(best.get(group, 0), count)
    return round(sum(best.values()) / len(truth), 4)


def v_measure(truth: Sequence[Hashable], groups: Sequence[Hashable]) -> float:
    """Harmonic mean of homogeneity and completeness, 0 to 1 (Rosenberg and Hirschberg 2007).

    Raises:
        ValueError: the two have not the same length.
    """
    pairs = Counter(zip(truth, groups, strict=True))
    of_truth, of_groups, total = Counter(truth), Counter(groups), len(truth)
    shared = sum(
        n / total * log(n * total / (of_truth[left] * of_groups[right]))
        for (left, right), n in pairs.items()
    )
    spread = [-sum(n / total * log(n / total) for n in c.values()) for c in (of_truth, of_groups)]
    homogeneity, completeness = (shared / one if one else 1.0 for one in spread)
    both = homogeneity + completeness
    return round(2 * homogeneity * completeness / both, 4) if both else 0.0
