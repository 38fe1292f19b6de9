"""What the folder of a cluster is called, and why, by statistics; `wording` asks the writer.

A name is the topic nearest to the cluster's centre, else its most telling words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.cluster import Cluster, Family, Item
from mammothbox.cluster.papers import kinds_of
from mammothbox.models.contracts import Prompt
from mammothbox.organise.names import legal_name
from mammothbox.organise.terms import distinctive_terms, stem
from mammothbox.organise.topics import (
    COVERS,
    NEVER,
    NUMERALS,
    PICTURED,
    SPOKEN,
    WRITTEN,
    nearest_topics,
    only_numerals,
)  # fmt: skip

TOPIC_FLOOR = 0.2
"""Nearness under which even the nearest topic says nothing of a cluster."""
CLEAR_TOPIC = 0.35
"""Nearness from which the nearest topic names a cluster without doubt."""
VOTERS = 300
"""Files of a cluster whose nearest topics are counted."""
SHORT_S = 3.0
"""A recording shorter than this, in seconds, is a snippet."""

Embed = Callable[[str, Sequence[str]], Vectors | None]
"""Vectors of texts in a space (``joint`` or ``text``), or None where there is no such model."""
Ask = Callable[[Sequence[Prompt]], Sequence[dict[str, Any] | None]]
"""Answers of the writer, None in the place of one that failed."""


def _no_vectors(space: str, texts: Sequence[str]) -> Vectors | None:
    return None


def _no_answers(prompts: Sequence[Prompt]) -> Sequence[dict[str, Any] | None]:
    return [None] * len(prompts)


@dataclass(frozen=True, slots=True)
class Helpers:
    """The models that naming may ask; by default none.

    Attributes:
        embed: gives vectors of texts.
        ask: gives answers of the writer.
    """

    embed: Embed = field(default=_no_vectors)
    ask: Ask = field(default=_no_answers)


@dataclass(frozen=True, slots=True)
class Name:
    """A cluster's name and where it comes from.

    Attributes:
        text: legal as a folder's name.
        terms: the words that set the cluster apart.
        topics: the nearest topics, best first, with their nearness, see `topics.nearest_topics`.
        by: ``topic``, ``words``, ``family``, ``trip`` or ``writer``.
    """

    text: str
    terms: tuple[str, ...]
    topics: tuple[tuple[str, float], ...]
    by: str

    @property
    def subjects(self) -> list[str]:
        """The topics that may be its subject, nearest first."""
        return [topic for topic, near in self.topics[:3] if near >= TOPIC_FLOOR]

    @property
    def sure(self) -> bool:
        """Whether the nearest topic is near enough to need nobody's opinion."""
        return self.by == "trip" or (self.by == "topic" and self.topics[0][1] >= CLEAR_TOPIC)


def names_by_statistics(
    items: Sequence[Item], clusters: Sequence[Cluster], helpers: Helpers
) -> list[Name]:
    """A name for each cluster without the writer."""
    terms = distinctive_terms(items, [cluster.members for cluster in clusters])
    topics = _topics(items, clusters, terms, helpers)
    return [
        _statistical(items, cluster, tuple(mine), tuple(near))
        for cluster, mine, near in zip(clusters, terms, topics, strict=True)
    ]


def _statistical(
    items: Sequence[Item],
    cluster: Cluster,
    terms: tuple[str, ...],
    topics: tuple[tuple[str, float], ...],
) -> Name:
    if cluster.label:
        return Name(legal_name(cluster.label), terms, (), "trip")
    if topics and topics[0][1] >= TOPIC_FLOOR:
        return Name(topics[0][0], terms, topics, "topic")
    if terms and cluster.family != Family.RECORDINGS:  # what is said is seldom what it is
        text = legal_name(terms[0].capitalize(), cluster.family)
        return Name(text, terms, topics, "words")
    lengths = [items[place].duration_s for place in cluster.members]
    short = cluster.family == Family.RECORDINGS and 0 < float(np.median(lengths)) < SHORT_S
    text = f"Short {cluster.family.lower()}" if short else str(cluster.family)
    return Name(text, terms, topics, "family")


def _topics(
    items: Sequence[Item],
    clusters: Sequence[Cluster],
    terms: Sequence[Sequence[str]],
    helpers: Helpers,
) -> list[list[tuple[str, float]]]:
    """The nearest topics of each cluster, in the space of its family."""
    found: list[list[tuple[str, float]]] = [[] for _ in clusters]
    for families, space, topics in (
        ((Family.PHOTOS, Family.VIDEOS), "joint", PICTURED),
        ((Family.DOCUMENTS,), "text", WRITTEN),
        ((Family.RECORDINGS,), "text", SPOKEN),
    ):
        rows = {
            place: mine
            for place, cluster in enumerate(clusters)
            if cluster.family in families and len(mine := _rows(items, cluster, space))
        }
        if not rows:
            continue
        prefix = "a photo of " if space == "joint" else ""
        texts = [prefix + COVERS.get(topic, topic.lower()) for topic in topics]
        vectors = helpers.embed(space, texts)
        if vectors is not None:
            said = [_said(items, clusters[place], terms[place], topics) for place in rows]
            near = nearest_topics(list(rows.values()), topics, vectors, said)
            found = [
                near[list(rows).index(place)] if place in rows else mine
                for place, mine in enumerate(found)
            ]
    return found


def _said(
    items: Sequence[Item], cluster: Cluster, terms: Sequence[str], topics: Sequence[str]
) -> dict[str, float]:
    """Topic → how far files' own words say it: a paper's kind by its wording, or a telling word.

    Recordings are of numbers if they say little else; vectors take a year in a sentence for one.
    """
    if cluster.family == Family.RECORDINGS:
        spoken = [text for place in cluster.members[:VOTERS] if (text := items[place].text.strip())]
        share = sum(map(only_numerals, spoken)) / max(len(spoken), 1)
        return {"Numbers": share if share >= NUMERALS else NEVER}
    if cluster.family != Family.DOCUMENTS:
        return {}
    kinds: dict[str, float] = defaultdict(float)
    for place in cluster.members[:VOTERS]:
        item = items[place]
        for kind, share in kinds_of(item.text).items():
            kinds[stem(kind.lower())] += share
    telling = {stem(term) for term in terms}
    keys = {topic: stem(topic.lower()) for topic in topics}
    found = {topic: kinds[key] / min(len(cluster.members), VOTERS) for topic, key in keys.items()}
    return {topic: max(share, 0.5 * (keys[topic] in telling)) for topic, share in found.items()}


def _rows(items: Sequence[Item], cluster: Cluster, space: str) -> Vectors:
    """Vectors of a cluster's most typical files in a space."""
    found = [
        vector
        for place in cluster.members[:VOTERS]
        if (vector := items[place].looks if space == "joint" else items[place].reads) is not None
    ]
    return np.stack(found) if found else np.zeros((0, 0), np.float32)
