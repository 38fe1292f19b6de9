"""What fits a budget: quantisation, context and company of each model of a profile, and why.

Place in the flow: `model_admin` hands the answer of `plan` to the command line. Pure arithmetic on
`shapes` (for `full`) and on the catalog's file sizes (for `lite`); loads nothing. GB is 10^9 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mammothbox.models.shapes import Shape

BYTES_A_WEIGHT: Mapping[str, float] = {
    "fp16": 2.0,
    "int8": 1.02,  # a scale for each row
    "q4_k_m": 0.626,  # 5.01 bits: mixed blocks of 4 to 6 bits with their scales
}
BYTES_IN_BLOCKS: Mapping[str, float] = {"int8": 1.039, "int4": 0.535}
"""Of BLIP-2's language half: blocks of 128 with a scale of 32 bits and a zero point. Its other half
is kept in 8 bits either way."""

BYTES_A_CACHED: Mapping[str, float] = {"fp16": 2.0, "q8_0": 1.0625, "q4_0": 0.5625}
CONTEXTS = (131072, 65536, 32768, 16384, 8192, 4096)
OVERHEAD = 1.05
HOST_BYTES = 250_000_000
"""A host beside its weights: interpreter, libraries, buffers. Measured: a graph of 625 MB in 4 bits
takes 889 MB, 901 MB while it loads."""

GPU_HOST_BYTES = 1_300_000_000
"""The same on a GPU, the driver's own share included; measured there: 0.7 (llama.cpp) to 1.5 GB."""

USUAL_CONTEXT = 8192
QUERIES = ("embedder", "text_embedder")
"""Contracts that a search needs: their models should not have to wait for another to leave."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to be placed.

    Attributes:
        contract: what it does.
        model: its id.
        shape: its size; None for one whose memory is known from its files.
        kinds: quantisations its engine can run, best first.
        known_bytes: memory of its host, where `shape` is None.
        own_bytes: memory of its host beside weights and cache.
    """

    contract: str
    model: str
    shape: Shape | None
    kinds: tuple[str, ...] = ()
    known_bytes: int = 0
    own_bytes: int = HOST_BYTES


@dataclass(frozen=True, slots=True)
class Choice:
    """How one model runs within the budget.

    Attributes:
        contract, model: which.
        kind: quantisation; empty where it does not fit at all.
        weight_bytes: of the weights so.
        context: tokens of prompt and answer; 0 where that means nothing.
        cache: quantisation of the context's cache.
        cache_bytes: of a full context.
        total_bytes: of the host.
        reasons: why not more, one line each.
    """

    contract: str
    model: str
    kind: str
    weight_bytes: int
    context: int
    cache: str
    cache_bytes: int
    total_bytes: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """A profile within a budget.

    Attributes:
        budget_bytes: for everything.
        room_bytes: of it for models; the rest is the command's and the decoders'.
        choices: one a contract.
        together: models that stay in memory side by side.
        turns: models that come one after the other beside them.
        lacking: models that cannot run.
    """

    budget_bytes: int
    room_bytes: int
    choices: tuple[Choice, ...]
    together: tuple[str, ...]
    turns: tuple[str, ...]
    lacking: tuple[str, ...]


def weight_bytes(shape: Shape, kind: str) -> int:
    """Memory of the weights, kept as `kind` says."""
    if "language" not in shape.parts:
        return int(shape.parameters * BYTES_A_WEIGHT[kind])
    words = shape.parts["language"]
    pictures = (shape.parameters - words) * BYTES_A_WEIGHT["int8"]
    return int(words * BYTES_IN_BLOCKS[kind] + pictures)


def host_bytes(weights: int, cache: int = 0, own: int = HOST_BYTES) -> int:
    """Memory of a host, its load's peak."""
    return int(weights * OVERHEAD) + cache + own


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def choose(candidate: Candidate, room: int) -> Choice:
    """The best quantisation that fits `room` bytes alone, and the longest context with it."""
    shape = candidate.shape
    if shape is None:
        fits = candidate.known_bytes <= room
        why = () if fits else (f"{_gb(candidate.known_bytes)} are needed, {_gb(room)} are there",)
        kind = "as published" if fits else ""
        return _fixed(candidate, kind, candidate.known_bytes, candidate.known_bytes, why)
    reasons: list[str] = []
    for kind in candidate.kinds:
        weights = weight_bytes(shape, kind)
        least = host_bytes(weights, _least_cache(candidate, shape), candidate.own_bytes)
        if least > room:
            reasons.append(f"{kind}: {_gb(weights)} of weights, {_gb(least)} in all")
            continue
        if candidate.contract != "writer":
            return _fixed(candidate, kind, weights, least, tuple(reasons))
        return _with_context(candidate, shape, kind, weights, room, reasons)
    return _fixed(candidate, "", 0, 0, tuple(reasons))


def least_bytes(candidate: Candidate) -> int:
    """Memory of its host at the fewest bits, with the context that it is of use with."""
    if candidate.shape is None:
        return candidate.known_bytes
    weights = weight_bytes(candidate.shape, candidate.kinds[-1])
    return host_bytes(weights, _least_cache(candidate, candidate.shape), candidate.own_bytes)


def _least_cache(candidate: Candidate, shape: Shape) -> int:
    """A captioner's answers are short; a writer needs a context worth the name."""
    tokens = USUAL_CONTEXT if candidate.contract == "writer" else 256
    per = BYTES_A_CACHED["q4_0" if candidate.contract == "writer" else "fp16"]
    return int(shape.cache_values * tokens * per)


def _fixed(
    candidate: Candidate, kind: str, weights: int, total: int, reasons: tuple[str, ...]
) -> Choice:
    return Choice(candidate.contract, candidate.model, kind, weights, 0, "", 0, total, reasons)


def _with_context(
    candidate: Candidate, shape: Shape, kind: str, weights: int, room: int, reasons: list[str]
) -> Choice:
    """The longest context, and for that length the finest cache."""
    for tokens in CONTEXTS:
        if tokens > shape.positions:
            continue
        for cache, per in BYTES_A_CACHED.items():
            size = int(shape.cache_values * tokens * per)
            total = host_bytes(weights, size, candidate.own_bytes)
            if total <= room:
                return Choice(
                    *(candidate.contract, candidate.model, kind, weights, tokens, cache, size),
                    total,
                    tuple(reasons),
                )
        smallest = int(shape.cache_values * tokens * BYTES_A_CACHED["q4_0"])
        reasons.append(f"{tokens // 1024}K tokens: {_gb(smallest)} of cache even at 4 bits")
    return _fixed(candidate, "", 0, 0, tuple(reasons))


def _beside_queries(candidates: Sequence[Candidate], room: int) -> tuple[Choice, ...]:
    """Each model's choice, if it can be beside the models that answer queries; else alone."""
    alone = {candidate.contract: choose(candidate, room) for candidate in candidates}
    asked = {c.model: c for name, c in alone.items() if name in QUERIES and c.kind}
    left = room - sum(choice.total_bytes for choice in asked.values())
    choices = []
    for candidate in candidates:
        beside = choose(candidate, left)
        stays = candidate.model in asked or not beside.kind
        choices.append(alone[candidate.contract] if stays else beside)
    return tuple(choices)


def plan(candidates: Sequence[Candidate], budget: int, reserve: int) -> ModelPlan:
    """Place the models of a profile.

    The models of queries stay, then the small ones; the largest that fits beside them does too,
    and the others take turns with it: work goes stage by stage, so a turn costs seconds a stage and
    not seconds a file.

    Args:
        candidates: one a contract.
        budget: bytes for everything.
        reserve: bytes of it that are no model's.
    """
    room = budget - reserve
    choices = _beside_queries(candidates, room)
    fitting = sorted(
        {choice.model: choice for choice in choices if choice.kind}.values(),
        key=lambda choice: choice.total_bytes,
    )
    together: list[Choice] = []
    largest = fitting[-1].total_bytes if fitting else 0
    queries = {choice.model for choice in choices if choice.contract in QUERIES}
    for choice in sorted(fitting[:-1], key=lambda choice: choice.model not in queries):
        if sum(c.total_bytes for c in together) + choice.total_bytes + largest <= room:
            together.append(choice)
    if not [c for c in fitting if c not in together][1:]:
        together, turns = fitting, []
    else:
        turns = [choice for choice in fitting if choice not in together]
    return ModelPlan(
        budget,
        room,
        choices,
        tuple(choice.model for choice in together),
        tuple(choice.model for choice in turns),
        tuple(choice.model for choice in choices if not choice.kind),
    )
