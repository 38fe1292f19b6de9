"""Sentences about photos against people's sentences, and whether they name what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.media import flickr_captions, photo_truth
from bench.metrics.bleu import bleu
from bench.metrics.cider import cider, tokenize
from bench.quality.context import Context
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import model_for
from mammothbox.models.contracts import Caption

ALSO: Mapping[str, tuple[str, ...]] = {
    "person": (
        *("man", "men", "woman", "women", "boy", "boys", "girl", "girls", "people", "child"),
        *("children", "kid", "kids", "player", "lady", "guy", "baby", "crowd", "skier", "surfer"),
    ),
    "tv": ("television", "screen"),
    "couch": ("sofa",),
    "airplane": ("plane", "jet", "airliner"),
    "motorcycle": ("motorbike",),
    "bicycle": ("bike",),
    "cell phone": ("phone", "cellphone"),
    "dining table": ("table",),
    "sports ball": ("ball",),
    "potted plant": ("plant",),
    "skis": ("skiing", "ski"),
    "refrigerator": ("fridge",),
}
"""Everyday words that name an object as well as its label does."""


def measure(context: Context) -> dict[str, Any] | None:
    """``cider`` and ``bleu4`` on Flickr8k; on COCO also ``coco_cider`` and naming of objects.

    ``named_object`` is the share of COCO photos of which what is said names an object, with the
    labels' help; ``named_by_sentence_alone`` the share when the captioner's own sentence is taken
    for every photo; ``from_labels`` the share of which only labels are said.
    """
    flickr = flickr_captions(context.media, context.split)
    result: dict[str, Any] = {}
    if flickr:
        photos = context.few(list(flickr))
        result.update(_score(describe(context, photos), flickr))
    else:
        context.lacks.append(f"photos/flickr8k/{context.split} (captions)")
    result.update(_coco(context))
    return result or None


def _score(said: Mapping[Path, Caption], truth: Mapping[Path, Sequence[str]]) -> dict[str, Any]:
    sentences = [caption.text for caption in said.values()]
    references = [truth[path] for path in said]
    return {
        "cider": round(cider(sentences, references).mean, 4),
        "bleu4": round(bleu(sentences, references), 4),
        "photos": len(sentences),
        "fell_back": round(sum(one.from_labels for one in said.values()) / len(said), 4),
    }


def _coco(context: Context) -> dict[str, Any]:
    truths = {item.path: photo_truth(item.truth) for item in context.index if item.kind == "photo"}
    captioned = {path: one.captions for path, one in truths.items() if one.captions}
    labelled = {path: set(one.objects) for path, one in truths.items() if one.objects}
    result: dict[str, Any] = {}
    if captioned:
        scores = _score(describe(context, list(captioned)), captioned)
        result["coco_cider"], result["coco_photos"] = scores["cider"], scores["photos"]
    if labelled:
        said = describe(context, list(labelled))
        named = {path: names_one_of(one.text, labelled[path]) for path, one in said.items()}
        alone = sentences_alone(context, list(said))
        own = [names_one_of(alone[path], labelled[path]) for path in said]
        result["named_object"] = round(sum(named.values()) / len(named), 4)
        result["named_by_sentence_alone"] = round(sum(own) / len(own), 4)
        result["from_labels"] = round(sum(one.from_labels for one in said.values()) / len(said), 4)
    return result


def names_one_of(sentence: str, objects: set[str]) -> bool:
    """Whether a sentence names one of the objects, by label, plural or everyday word (`ALSO`)."""
    text = f" {' '.join(tokenize(sentence))} "
    words = [word for name in objects for word in (name, *ALSO.get(name, ()))]
    return any(f" {word} " in text or f" {word}s " in text for word in words)


def describe(context: Context, photos: Sequence[Path]) -> dict[Path, Caption]:
    """The product's caption of each photo that decodes."""
    said: dict[Path, Caption] = {}
    with context.models.captioner() as captioner:
        for paths, pixels in context.photos(photos):
            said.update(zip(paths, captioner.caption(pixels), strict=True))
    return said


def sentences_alone(context: Context, photos: Sequence[Path]) -> dict[Path, str]:
    """What the captioner of `lite` says of each photo that decodes, before labels are asked."""
    from mammothbox.models.engines.eyes import EyesEngine

    settings = replace(context.settings, profile="lite")
    cache, model = Cache(settings.cache), model_for(settings, "captioner")
    text = cache.folder(model_for(settings, "text_embedder"))
    graph = cache.folder(model) / model.derived[0][1]
    eyes = EyesEngine(backbone=graph, text=text, threads=settings.threads or 2)
    said: dict[Path, str] = {}
    for paths, pixels in context.photos(photos):
        sentences = (sentence.text for sentence in eyes.sentences(pixels))
        said.update(zip(paths, sentences, strict=True))
    return said
