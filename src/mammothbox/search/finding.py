"""A sentence in, files out: words, meaning and looks together, each hit with its reasons.

Three rankings are made where their model is at hand: words (BM25 over captions, transcripts, text
and names), meaning (text vectors) and looks (joint vectors), and fused by rank. A ranking that
cannot be made is named in `notes`; it is never replaced by another in silence.

Example:
    answer = search(store, models, '"on the beach" dog', Filters(kinds=(Kind.IMAGE,)))
    for hit in answer.hits:
        print(hit.path, hit.why[0].text)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from mammothbox.arrays import Vector
from mammothbox.errors import ModelError
from mammothbox.models.contracts import Embedder, ModelCard, TextEmbedder
from mammothbox.records import Digest, Hit, Why
from mammothbox.search.evidence import Evidence, Fused, Ranking, fuse
from mammothbox.search.language import foreign
from mammothbox.store import Filters, Near, Store, WordMatch
from mammothbox.store.kept import Kept
from mammothbox.store.words import looked_for, snippet

WEIGHTS = {"words": 1.0, "names": 0.5, "meaning": 0.7, "looks": 0.7}
"""What each ranking counts. Words are what was asked for; vectors always offer something."""

LEAST_MEANING = 0.2
"""Cosine of text vectors under which two texts have nothing to do with each other."""

LEAST_LOOKS = 0.05
"""The same for joint vectors, whose cosines lie closer together: only what points elsewhere."""

_DEPTH = 200

Rankings = list[tuple[float, Ranking]]
KeptWords = Kept[tuple[str, Filters], Rankings]


class SearchModels(Protocol):
    """The part of `models.Models` that a search needs."""

    def cards(self) -> Mapping[str, ModelCard]:
        """Contract name → card, without loading anything."""

    def text_embedder(self) -> AbstractContextManager[TextEmbedder]:
        """A lease of the text embedder."""

    def embedder(self) -> AbstractContextManager[Embedder]:
        """A lease of the joint embedder."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Hits, best first (files with equal bytes stand together), and notes for the person."""

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()


def search(
    store: Store,
    models: SearchModels,
    query: str,
    filters: Filters | None = None,
    limit: int = 20,
    *,
    words_only: bool = False,
    kept: KeptWords | None = None,
) -> SearchAnswer:
    """Files that fit `query` best.

    Args:
        query: any text; phrases in double quotes must occur as they stand.
        filters: which files may be hits.
        limit: hits at most.
        words_only: ask no model, for an answer at once.
        kept: where what the words of a query found is kept, if anywhere: the same is mostly asked
            twice, first for the words only.

    Raises:
        UsageError: a date of the filters does not parse.
    """
    filters = filters or Filters()
    if not query.strip():
        return SearchAnswer((), ("the query is empty",))
    notes: list[str] = []
    # Models, which are other processes, are asked while words are looked up, and so is a server for
    # near vectors. Flat files come afterwards: they take every core, and both at once took longer.
    with store.together(), ThreadPoolExecutor(1) as aside:
        asked = []
        if not words_only and not _must_occur(query):
            asked = _ask(aside, store, models, query, filters, notes)
        find = partial(_by_words, store, query, filters)
        words = find() if kept is None else kept.get(store, (query, filters), find)
        rankings = words + _by_vectors(asked, notes)
        hits = hits_of(store, fuse(rankings, limit), filters, limit, query)
    return SearchAnswer(hits, tuple(notes))


def _by_words(store: Store, query: str, filters: Filters) -> Rankings:
    return [
        (WEIGHTS["words"], by_words(store.match_words(query, filters, _DEPTH))),
        (WEIGHTS["names"], by_words(store.match_names(query, filters, _DEPTH))),
    ]


def _must_occur(query: str) -> bool:
    """Whether the whole query is one or more phrases: then only files that have them are hits."""
    pieces = query.split('"')
    return len(pieces) >= 3 and not any(piece.strip() for piece in pieces[::2])


def by_words(matches: list[WordMatch]) -> Ranking:
    """Contents by the BM25 of their passages; a second and third passage count half and quarter."""
    scores: dict[Digest, float] = {}
    found: dict[Digest, list[Evidence]] = {}
    for match in matches:
        how = "name" if match.field == "name" else "words"
        reasons = found.setdefault(match.digest, [])
        scores[match.digest] = scores.get(match.digest, 0.0) + match.score * 0.5 ** len(reasons)
        reasons.append(Evidence(match.digest, how, match))
    order = sorted(scores, key=lambda digest: -scores[digest])
    return [evidence for digest in order for evidence in found[digest][:3]]


def by_vectors(matches: list[Near], how: str, least: float) -> Ranking:
    """Contents by cosine, those under `least` left out."""
    return [Evidence(near.digest, how, near) for near in matches if near.score >= least]


class _Asked(NamedTuple):
    """What is being found by a vector of the query, and how contents are ranked by it."""

    how: str
    least: float
    near: Callable[[], list[Near]]


def _ask(
    aside: Executor,
    store: Store,
    models: SearchModels,
    query: str,
    filters: Filters,
    notes: list[str],
) -> list[_Asked]:
    """Have the query turned into vectors and compared, in every space that has any and whose model
    understands it; `notes` name the others."""
    cards = models.cards()
    text, joint = cards["text_embedder"], cards["embedder"]
    other = foreign(query)
    deaf = [card for card in (text, joint) if other and "*" not in card.languages]
    if text in deaf and joint in deaf:
        notes.append(
            "this profile understands English queries only: only the words of this one were matched"
        )
        return []

    query = " ".join(query.replace('"', " ").split())

    def embed_text() -> Vector:
        with models.text_embedder() as embedder:
            return np.asarray(embedder.embed_texts([query])[0], dtype=np.float32)

    def embed_joint() -> Vector:
        with models.embedder() as embedder:
            return np.asarray(embedder.embed_texts([query])[0], dtype=np.float32)

    def compare(
        space: str, card: ModelCard, embed: Callable[[], Vector]
    ) -> Callable[[], list[Near]]:
        def near(vector: Callable[[], Vector]) -> list[Near]:
            return store.nearest(space, card.id, card.revision, vector(), filters, _DEPTH)

        if store.backend.local:
            return partial(near, aside.submit(embed).result)
        return aside.submit(near, embed).result

    spaces: list[tuple[str, ModelCard, str, float, Callable[[], Vector]]] = [
        ("text", text, "meaning", LEAST_MEANING, embed_text),
        ("joint", joint, "looks", LEAST_LOOKS, embed_joint),
    ]
    filled = [
        space for space in spaces if store.has_vectors(space[0], space[1].id, space[1].revision)
    ]
    notes += [
        f"searched without {how}: its model understands English queries only"
        for _, card, how, _, _ in filled
        if card in deaf
    ]
    return [
        _Asked(how, least, compare(space, card, embed))
        for space, card, how, least, embed in filled
        if card not in deaf
    ]


def _by_vectors(asked: list[_Asked], notes: list[str]) -> Rankings:
    rankings: Rankings = []
    for how, least, near in asked:
        try:
            rankings.append((WEIGHTS[how], by_vectors(near(), how, least)))
        except ModelError as error:
            notes.append(f"searched without {how}: {error}")
    return rankings


def hits_of(
    store: Store, fused: list[Fused], filters: Filters, limit: int, query: str = ""
) -> tuple[Hit, ...]:
    """One hit for each path of each content, at most `limit`.

    Of passages with words of `query` the part around the first of these is shown.
    """
    paths, wanted = store.paths([item.digest for item in fused[:limit]], filters), looked_for(query)
    hits = [
        Hit(ref.path, ref.digest, ref.kind, item.score, why)
        for item in fused[:limit]
        for why in [tuple(_shortened(one, wanted) for one in item.why)]
        for ref in paths.get(item.digest, ())
    ]
    return tuple(hits[:limit])


def _shortened(why: Why, wanted: Sequence[str]) -> Why:
    return replace(why, text=snippet(why.text, wanted)) if why.how == "words" else why
