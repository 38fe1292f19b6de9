"""Graphs that are built here from published weights, so that nobody needs torch.

Place in the flow: after a pull, and before a host starts, `build_missing` makes sure that each
model's `derived` files exist and belong to its weights. Knows nothing of the networks' insides;
those are in `graphs`.
"""

from __future__ import annotations

from pathlib import Path

from mammothbox.models.cache import Cache
from mammothbox.models.manifest import Model


def revision_of(model: Model, cache: Cache) -> str:
    """Changes with the weights and with our code around them; needs no file to be loaded."""
    import hashlib

    words = [f"{file.name}={cache.pinned(file)}" for file in model.files]
    seal = hashlib.sha256("\n".join([model.id, *words]).encode()).hexdigest()
    return f"{seal[:12]}.{model.code}"


def _seal(graph: Path) -> Path:
    return graph.with_name(f"{graph.name}.built-from")


def is_built(model: Model, cache: Cache) -> bool:
    """Are all derived graphs there, from these very weights and this code?"""
    wanted = revision_of(model, cache)
    graphs = [cache.folder(model) / graph for _, graph in model.derived]
    return all(
        graph.is_file() and _seal(graph).is_file() and _seal(graph).read_text("ascii") == wanted
        for graph in graphs
    )


def build_missing(model: Model, cache: Cache) -> None:
    """Build what is missing or outdated; a second or two a model, once.

    Raises:
        WeightsCorrupt: the weights are not the published network.
    """
    if is_built(model, cache):
        return
    folder = cache.folder(model)
    with cache.lock():
        for source, graph in model.derived:
            target = folder / graph
            _seal(target).unlink(missing_ok=True)
            _build(folder / source, target)
            _seal(target).write_text(revision_of(model, cache), "ascii")


def _build(source: Path, target: Path) -> None:
    from mammothbox.models.graphs import clip, efficientnet_lite2, minilm

    if target.name in (clip.IMAGES, clip.TEXTS):
        clip.build(source.parent, target)
    elif target.name == "minilm.onnx":
        minilm.build(source.parent, target)
    else:
        efficientnet_lite2.build(source, target)
