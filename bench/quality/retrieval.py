"""Sentences find photos, and photos find sentences, in the joint space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.media import flickr_captions, photo_truth
from bench.metrics.ranking import ranks_of_best, recall_table
from bench.quality.context import Context
from mammothbox.arrays import Vectors

SENTENCES_PER_CALL = 256


def measure(context: Context) -> dict[str, Any] | None:
    """``text_to_image`` and ``image_to_text`` on Flickr8k, and again on captioned COCO photos."""
    flickr = flickr_captions(context.media, context.split)
    result: dict[str, Any] = {}
    if flickr:
        result.update(_both_ways(context, dict(context.few(list(flickr.items())))))
    else:
        context.lacks.append(f"photos/flickr8k/{context.split}")
    coco = {
        item.path: list(photo_truth(item.truth).captions)
        for item in context.index
        if item.kind == "photo" and photo_truth(item.truth).captions
    }
    if coco:
        result["coco"] = {"photos": len(coco), **_both_ways(context, coco)}
    else:
        context.lacks.append("captioned photos in index.csv")
    return result or None


def _both_ways(context: Context, captions: Mapping[Path, Sequence[str]]) -> dict[str, Any]:
    paths, images = embed_photos(context, list(captions))
    sentences = [(row, text) for row, path in enumerate(paths) for text in captions[path]]
    texts = embed_sentences(context, [text for _, text in sentences])
    own: list[list[int]] = [[] for _ in paths]
    for column, (row, _) in enumerate(sentences):
        own[row].append(column)
    scores = texts @ images.T
    return {
        "text_to_image": recall_table(ranks_of_best(scores, [[row] for row, _ in sentences])),
        "image_to_text": recall_table(ranks_of_best(scores.T, own)),
    }


def embed_photos(context: Context, photos: Sequence[Path]) -> tuple[list[Path], Vectors]:
    """The photos that decode, and their joint vectors row by row."""
    names: list[Path] = []
    rows: list[Vectors] = []
    with context.models.embedder() as embedder:
        for batch, pixels in context.photos(photos):
            names.extend(batch)
            rows.append(embedder.embed_images(pixels))
    return names, np.concatenate(rows)


def embed_sentences(context: Context, texts: Sequence[str]) -> Vectors:
    """Joint vectors of sentences, row by row."""
    with context.models.embedder() as embedder:
        return np.concatenate(
            [
                embedder.embed_texts(texts[start : start + SENTENCES_PER_CALL])
                for start in range(0, len(texts), SENTENCES_PER_CALL)
            ]
        )
