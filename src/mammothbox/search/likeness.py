"""Files like one file: pictures and video by how they look, documents and sound by what they say.

Example:
    similar(store, models, ref, limit=10).hits
"""

from __future__ import annotations

import numpy as np

from mammothbox.arrays import Pixels, Vector
from mammothbox.records import Digest, FileRef, Hit, Kind, Why
from mammothbox.search.evidence import fuse
from mammothbox.search.finding import SearchAnswer, SearchModels, by_vectors, hits_of
from mammothbox.store import Filters, Store

_SPACES = (("joint", "embedder", "looks"), ("text", "text_embedder", "meaning"))


def similar(store: Store, models: SearchModels, ref: FileRef, limit: int = 20) -> SearchAnswer:
    """Files most like `ref`, best first; other paths with its very bytes come before all.

    No model is loaded: the file's own vectors are the query. Pictures and video are compared by
    their looks, documents and sound by their text; where the file lacks those, by the others.
    """
    order = _SPACES if ref.kind in (Kind.IMAGE, Kind.VIDEO) else _SPACES[::-1]
    copies = tuple(
        Hit(other.path, other.digest, other.kind, 1.0, (Why("looks", "", "the same bytes"),))
        for other in store.files(digest=ref.digest)
        if other.path != ref.path
    )
    cards = models.cards()
    for space, contract, how in order:
        card = cards[contract]
        own = store.vectors_of(ref.digest, space, card.id, card.revision)
        if not own:
            continue
        near = store.nearest(space, card.id, card.revision, mean(own), limit=limit + 1)
        others = [item for item in near if item.digest != ref.digest]
        scores: dict[Digest, float] = {item.digest: item.score for item in others}
        fused = [
            item._replace(score=scores[item.digest])
            for item in fuse([(1.0, by_vectors(others, how, -1.0))])
        ]
        hits = copies + hits_of(store, fused, Filters(), limit)
        return SearchAnswer(hits[:limit])
    return SearchAnswer(copies[:limit], (f"{ref.path} has no vectors yet; ingest it first",))


def mean(vectors: list[Vector]) -> Vector:
    """The direction all vectors share most: their sum, L2-normalised, float32."""
    total = np.sum(vectors, axis=0, dtype=np.float32)
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length > 1e-6 else vectors[0], dtype=np.float32)


def like_picture(
    store: Store, models: SearchModels, pixels: Pixels, limit: int = 20
) -> SearchAnswer:
    """Files that look like a picture which is in no library, best first.

    Raises:
        ModelError: the joint embedder is not available.
    """
    card = models.cards()["embedder"]
    if not store.has_vectors("joint", card.id, card.revision):
        return SearchAnswer((), ("no picture has been looked at yet",))
    with models.embedder() as embedder:
        vector = np.asarray(embedder.embed_images([pixels])[0], dtype=np.float32)
    near = store.nearest("joint", card.id, card.revision, vector, limit=limit)
    scores = {item.digest: item.score for item in near}
    fused = [
        item._replace(score=scores[item.digest])
        for item in fuse([(1.0, by_vectors(near, "looks", -1.0))])
    ]
    return SearchAnswer(hits_of(store, fused, Filters(), limit))
