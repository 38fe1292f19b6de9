"""Qwen2, the small writer's network, as an ONNX graph in 8 bits, and its tokenizer, from a GGUF.

Place in the flow: `derived` builds both once after a pull; `engines.qwen` runs them. ``ids`` int64
N x T are tokens that follow what the cache holds. Each row has a cache of fixed room, which is
written in place: ``past.key.i`` and ``past.value.i`` (N x KV x room x deep) go in and come out as
``key.i`` and ``value.i``, the same memory. ``ends`` int32 N is where each row's last token stands,
``longest`` the largest of them plus one. ``logits`` float32 K x words are of the states that
``last`` int64 K names among N * T. Knows nothing of conversations or of choosing words.

Matrices that were packed in 4 to 8 bits are packed anew in 8; what that costs and wins beside
llama.cpp on the file itself, ``bench.speed --only writer`` prints.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mammothbox.errors import WeightsCorrupt
from mammothbox.models.graphs.builder import RUNTIME, write_atomic
from mammothbox.models.graphs.external import DataFile
from mammothbox.models.graphs.gguf_weights import GgufWeights
from mammothbox.models.graphs.layers import Layers

GRAPH = "qwen2-int8.onnx"
TOKENIZER = "qwen2-tokenizer.json"

ROOM = 8192
"""Positions that a row's cache may have; what the tables of angles are made for."""

VERSION = 1
"""Raised whenever the arrays of a half built graph would be others."""

_NORMAL, _MARKS = 1, (3, 4)
"""Kinds of tokens in a GGUF: a piece of text; marks, of the conversation or of tools. The rest only
fills the table."""

# How a text is cut before its pieces are looked up; as published with the model.
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def is_ours(target: Path) -> bool:
    """Is `target` named as one of the files that `build` makes?"""
    return target.name in (GRAPH, TOKENIZER)


def build(source: Path, target: Path) -> Path:
    """Write the file that `target` is named after, and return it.

    Args:
        source: the GGUF file.
        target: `GRAPH`, whose numbers go beside it with the suffix ``.data``, or `TOKENIZER`.

    Raises:
        WeightsMissing: there is no such file.
        WeightsCorrupt: it is not a Qwen2 as published.
    """
    stat = source.stat() if source.is_file() else None
    weights = _opened(source, stat.st_mtime_ns if stat else 0)
    if weights.value("general.architecture") != "qwen2":
        raise WeightsCorrupt(f"{source} is a {weights.value('general.architecture')}, not a qwen2")
    if target.name == TOKENIZER:
        write_atomic(target, _tokenizer(weights).to_str().encode())
        return target
    assert stat is not None
    with DataFile(target, f"{VERSION} {source.name} {stat.st_size} {stat.st_mtime_ns}") as data:
        layers = Layers("qwen2", weights, data, "int8")
        doors = _Network(layers, weights).write()
        data.finish()
    layers.graph.save(target, *doors)
    return target


@lru_cache(maxsize=1)
def _opened(source: Path, _changed_ns: int) -> GgufWeights:
    """The file, once for both builds: reading its words takes some seconds."""
    return GgufWeights(source)


class _Network:
    """Writes the nodes; sizes come from the file."""

    def __init__(self, layers: Layers, weights: GgufWeights) -> None:
        self._layers, self._graph = layers, layers.graph
        said = {
            name: weights.value(f"qwen2.{name}")
            for name in ("block_count", "attention.head_count", "attention.head_count_kv")
        }
        self._count, self._heads, self._kv = said.values()
        self._epsilon = float(weights.value("qwen2.attention.layer_norm_rms_epsilon"))
        self._base = float(weights.value("qwen2.rope.freq_base"))
        self._words, self._width = weights.shape("token_embd.weight")
        self._deep = self._width // self._heads
        self._head = "output.weight" if "output.weight" in weights else "token_embd.weight"

    def write(self) -> tuple[list[Any], list[Any]]:
        """All nodes; (inputs, outputs) as `GraphBuilder.save` takes them."""
        layers, add = self._layers, self._graph.add
        # The words' own vectors are those of the output (they are tied), which is the finer packed.
        x = layers.rows("ids", self._head)
        angles = self._angles()
        for index in range(self._count):
            x = self._layer(x, index, angles)
        x = add("Gather", [add("Reshape", [x, layers.ints(-1, self._width)]), "last"], axis=0)
        x = layers.root_norm(x, "output_norm", self._epsilon)
        add("Identity", [layers.matrix(x, self._head)], "logits")
        row = ("n", self._kv, "room", self._deep)
        caches = [f"{part}.{index}" for index in range(self._count) for part in ("key", "value")]
        inputs: list[Any] = [("ids", np.int64, ("n", "t")), ("ends", np.int32, ("n",))]
        inputs += [("longest", np.int32, ()), ("last", np.int64, ("k",))]
        inputs += [(f"past.{name}", np.float32, row) for name in caches]
        outputs: list[Any] = [("logits", np.float32, ("k", self._words))]
        return inputs, outputs + [(name, np.float32, row) for name in caches]

    def _angles(self) -> list[str]:
        """Cosines and sines of each position (Su et al. 2021), room x deep / 2."""
        turns = self._base ** (-np.arange(0, self._deep, 2) / self._deep)
        angles = np.outer(np.arange(ROOM), turns)
        tables = (np.cos(angles), np.sin(angles))
        return [self._graph.constant(table.astype(np.float32)) for table in tables]

    def _layer(self, x: str, index: int, angles: list[str]) -> str:
        layers, add, name = self._layers, self._graph.add, f"blk.{index}"
        normed = layers.root_norm(x, f"{name}.attn_norm", self._epsilon)
        parts = [layers.linear(normed, f"{name}.attn_{part}") for part in ("q", "k", "v")]
        caches = [f"{part}.{index}" for part in ("key", "value")]
        self._graph.add_many(
            "GroupQueryAttention",
            [*parts, *(f"past.{cache}" for cache in caches), "ends", "longest", *angles],
            [f"{name}.seen", *caches],
            domain=RUNTIME,
            num_heads=self._heads,
            kv_num_heads=self._kv,
            do_rotary=1,
            rotary_interleaved=0,
        )
        x = add("Add", [x, layers.linear(f"{name}.seen", f"{name}.attn_output")])
        normed = layers.root_norm(x, f"{name}.ffn_norm", self._epsilon)
        gate = layers.linear(normed, f"{name}.ffn_gate")
        gate = add("Mul", [gate, add("Sigmoid", [gate])])
        wide = add("Mul", [gate, layers.linear(normed, f"{name}.ffn_up")])
        return add("Add", [x, layers.linear(wide, f"{name}.ffn_down")])


def _tokenizer(weights: GgufWeights) -> Any:
    """The file's own tokenizer: byte pairs (Sennrich et al. 2016) over bytes."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    words, kinds = (weights.value(f"tokenizer.ggml.{part}") for part in ("tokens", "token_type"))
    pairs = [tuple(pair.split(" ")) for pair in weights.value("tokenizer.ggml.merges")]
    plain, marks = (
        [word for word, kind in zip(words, kinds, strict=True) if kind in wanted]
        for wanted in ((_NORMAL,), _MARKS)
    )
    if words[: len(plain) + len(marks)] != plain + marks:
        raise WeightsCorrupt("tokens do not stand in the order text, marks, fillers")
    ids = {word: index for index, word in enumerate(plain)}
    tokenizer = Tokenizer(BPE(vocab=ids, merges=pairs))
    cut = pre_tokenizers.Split(Regex(_PIECES), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, as_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(m, special=True, normalized=False) for m in marks])
    return tokenizer
