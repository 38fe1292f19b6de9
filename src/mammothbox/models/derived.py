"""Graphs that are built here from published weights, so that nobody needs torch.

Place in the flow: after a pull, and before a host starts, `build_missing` makes sure that each
model's `derived` files exist and belong to its weights. Knows nothing of the networks' insides;
those are in `graphs`.
"""

from __future__ import annotations

from pathlib import Path

from mammothbox.errors import WeightsMissing
from mammothbox.models.cache import Cache
from mammothbox.models.manifest import Model


def build_missing(model: Model, cache: Cache) -> None:
    """Build what is missing or outdated, once.

    That takes a second or two, for the small writer half a minute, for a large model minutes. A
    large graph that was being built when the process ended is gone on with. Parts of a checkpoint
    that nothing else needs are deleted in the end.

    Raises:
        WeightsMissing: a part of the checkpoint is not there, or no graph can be built.
        WeightsCorrupt: the weights are not the published network.
    """
    if cache.is_built(model):
        return
    try:
        with cache.lock():
            _build_all(model, cache)
    except OSError as error:
        raise WeightsMissing(
            f"no graph can be built in {cache.folder(model)}: {error}; run mammothbox models pull "
            "as somebody who may write there, or name another place by MAMMOTHBOX_CACHE"
        ) from error


def _build_all(model: Model, cache: Cache) -> None:
    folder = cache.folder(model)
    for source, graph in model.derived:
        if cache.is_built(model, graph):
            continue
        cache.unseal(folder / graph)
        _build(folder / source, folder / graph)
        cache.seal(model, folder / graph)
    cache.drop_parts(model)


def _build(source: Path, target: Path) -> None:
    from mammothbox.models.graphs import blip2, clip, efficientnet_lite2, minilm, pp_ocr, qwen2

    if clip.is_ours(target):
        clip.build(source.parent, target)
    elif blip2.is_ours(target):
        blip2.build(source.parent, target)
    elif qwen2.is_ours(target):
        qwen2.build(source, target)
    elif target.name == minilm.GRAPH:
        minilm.build(source.parent, target)
    elif target.name == pp_ocr.GRAPH:
        pp_ocr.build(target)
    elif target.name == efficientnet_lite2.GRAPH:
        efficientnet_lite2.build(source, target)
    else:
        raise WeightsMissing(f"nothing here builds {target.name}")
