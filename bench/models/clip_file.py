"""A directory of CLIP ViT-B/32 at its published size, as the hub has it, with random weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.models.shapes import PUBLISHED

SPREAD = 0.03
MODEL = "clip-vit-base-patch32"
PICTURES = {
    **{"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}},
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}


def write(folder: Path, words: Path, layers: int = 0) -> Path:
    """All four files below `folder`; `words` is a tokenizer.json whose vocabulary lends words.

    Fewer `layers` than the published twelve make a small one for tests.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = json.loads(json.dumps(PUBLISHED[MODEL]))
    for tower in ("vision_config", "text_config"):
        config[tower]["num_hidden_layers"] = layers or config[tower]["num_hidden_layers"]
    config["vision_config"] |= {"num_attention_heads": 12, "hidden_act": "quick_gelu"}
    config["text_config"] |= {"num_attention_heads": 8, "hidden_act": "quick_gelu"}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(PICTURES), "utf-8")
    _tokenizer(folder / "tokenizer.json", words, config["text_config"]["vocab_size"])
    _safetensors(folder / "model.safetensors", dict(_tensors(config)))
    return folder


def _tensors(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Published names and shapes."""
    text, vision, shared = config["text_config"], config["vision_config"], config["projection_dim"]
    wide, deep = vision["hidden_size"], text["hidden_size"]
    patches = (vision["image_size"] // vision["patch_size"]) ** 2 + 1
    front = "vision_model.embeddings"
    yield f"{front}.class_embedding", (wide,)
    yield f"{front}.patch_embedding.weight", (wide, 3, vision["patch_size"], vision["patch_size"])
    yield f"{front}.position_embedding.weight", (patches, wide)
    yield "text_model.embeddings.token_embedding.weight", (text["vocab_size"], deep)
    yield "text_model.embeddings.position_embedding.weight", (text["max_position_embeddings"], deep)
    yield from _norm("vision_model.pre_layrnorm", wide)
    yield from _norm("vision_model.post_layernorm", wide)
    yield from _norm("text_model.final_layer_norm", deep)
    yield from _layers("vision_model", vision)
    yield from _layers("text_model", text)
    yield "visual_projection.weight", (shared, wide)
    yield "text_projection.weight", (shared, deep)


def _norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _layers(tower: str, config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, inner = config["hidden_size"], config["intermediate_size"]
    for n in range(config["num_hidden_layers"]):
        layer = f"{tower}.encoder.layers.{n}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{layer}.self_attn.{part}.weight", (width, width)
            yield f"{layer}.self_attn.{part}.bias", (width,)
        for part, rows, columns in (("fc1", inner, width), ("fc2", width, inner)):
            yield f"{layer}.mlp.{part}.weight", (rows, columns)
            yield f"{layer}.mlp.{part}.bias", (rows,)
        yield from _norm(f"{layer}.layer_norm1", width)
        yield from _norm(f"{layer}.layer_norm2", width)


def _safetensors(target: Path, tensors: dict[str, tuple[int, ...]]) -> None:
    rng = np.random.default_rng(7)
    header: dict[str, Any] = {}
    at = 0
    for name, shape in tensors.items():
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    with target.open("wb") as out:
        out.write(len(told).to_bytes(8, "little"))
        out.write(told)
        for name, shape in tensors.items():
            out.write(_values(rng, name, shape).tobytes())


def _values(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    values = rng.standard_normal(shape, np.float32) * np.float32(SPREAD)
    return values + np.float32(1) if "norm" in name and name.endswith(".weight") else values


def _tokenizer(target: Path, words: Path, size: int) -> None:
    """Byte-level pairs in the model's own form: common words become one token each."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {piece: n for n, piece in enumerate([*letters, *(f"{one}</w>" for one in letters)])}
    merges: dict[tuple[str, str], None] = {}
    for word in json.loads(words.read_text("utf-8"))["model"]["vocab"]:
        if word.isascii() and word.isalpha() and len(word) > 1:
            _grow(word, vocab, merges, size - 2)
    for n in range(size - 2 - len(vocab)):
        vocab[f"filler{n}"] = len(vocab)
    start, end = "<|startoftext|>", "<|endoftext|>"
    vocab[start], vocab[end] = size - 2, size - 1
    tokenizer = Tokenizer(models.BPE(vocab, list(merges), unk_token=end, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    cut = Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(cut, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, size - 2), (end, size - 1)]
    )
    tokenizer.save(str(target))


def _grow(word: str, vocab: dict[str, int], merges: dict[tuple[str, str], None], most: int) -> None:
    """The pairs that make a word from its letters, as far as there is room."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    have = pieces[0]
    for piece in pieces[1:]:
        joined = have + piece
        if joined not in vocab and len(vocab) >= most:
            return
        vocab.setdefault(joined, len(vocab))
        merges.setdefault((have, piece))
        have = joined
