"""A small random BLIP-2 in the hub's own format, written by the reference implementation."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammothbox.models.engines.blip import BlipEngine
from mammothbox.models.graphs import blip2

WIDTHS = [(300, 200), (200, 301), (224, 224), (64, 640), (50, 40)]
QUESTIONS = ["how many people are there?", "what colour is the dog?", "naïve 日本 🐘?"]


def reference_of(name: str) -> Any:
    """A module of the extra `reference`; without it a test skips, and fails where CI is set."""
    if not os.environ.get("CI"):
        return pytest.importorskip(name, reason=f"needs {name}: pip install mammothbox[reference]")
    return __import__(name)


def _train_words(reference: Any, folder: Path) -> Any:
    """A byte-level vocabulary like OPT's: ``</s>`` before every text, ``<image>`` at the end."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        show_progress=False,
    )
    text = Path(__file__).read_text("utf-8") + "Question: what is it? Answer: a dog\n" * 50
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", "utf-8")
    words = reference.GPT2Tokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        bos_token="</s>",
        eos_token="</s>",
        unk_token="</s>",
        pad_token="<pad>",
        add_bos_token=True,
    )
    words.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return words


def configuration(reference: Any, words: Any) -> Any:
    """Sizes that keep the make: cross-attention in every second layer, heads, queries."""
    vision = {
        **{"hidden_size": 96, "num_hidden_layers": 4, "intermediate_size": 192},
        **{"num_attention_heads": 4, "image_size": 56, "patch_size": 14},
    }
    queries = {
        **{"hidden_size": 64, "num_hidden_layers": 4, "intermediate_size": 128},
        **{"num_attention_heads": 4, "cross_attention_frequency": 2},
    }
    (end,) = words.encode("\n", add_special_tokens=False)
    text = {
        **{"model_type": "opt", "hidden_size": 128, "num_hidden_layers": 3, "ffn_dim": 512},
        **{"num_attention_heads": 4, "word_embed_proj_dim": 128, "vocab_size": len(words)},
        **{"max_position_embeddings": 256, "eos_token_id": end, "prefix": "</s>"},
    }
    image = words.convert_tokens_to_ids("<image>")
    parts = {"vision_config": vision, "qformer_config": queries, "text_config": text}
    return reference.Blip2Config(**parts, num_query_tokens=8, image_token_index=image)


def publish(reference: Any, folder: Path, shard: str = "200KB") -> Path:
    """Write the checkpoint, its tokenizer and its preprocessor to `folder`, in shards."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    words = _train_words(reference, folder)
    words.save_pretrained(folder)
    torch.manual_seed(7)
    model = reference.Blip2ForConditionalGeneration(configuration(reference, words))
    with torch.no_grad():  # as alive as trained weights are
        for name, weight in model.named_parameters():
            # Words stay small, or the tied output would say the last one for ever.
            scale = 1 if "embed_tokens" in name else 7
            weight.mul_(scale) if weight.ndim == 2 else weight.add_(torch.randn_like(weight) * 0.1)
        model.query_tokens.normal_()
    model.save_pretrained(folder, max_shard_size=shard)
    size = {"height": 56, "width": 56}
    reference.BlipImageProcessorPil(size=size).save_pretrained(folder)
    return folder


def engine(published: Path, folder: Path, kind: str, vision: str = "fp32") -> BlipEngine:
    """Our engine over graphs built from `published`, matrices kept as said."""
    words = "fp32" if kind == "fp32" else "fp16"
    for stem, kept in ((blip2.LOOK, vision), (blip2.SPEAK, kind), (blip2.WORDS, words)):
        target = folder / blip2.file_name(stem, kept)
        if not target.is_file():
            blip2.build(published, target)
    for name in ("config.json", "tokenizer.json", "preprocessor_config.json"):
        shutil.copy(published / name, folder)
    return BlipEngine(folder, 2, kind, vision)


def photos() -> list[np.ndarray]:
    """Coarse coloured squares of several sizes and shapes."""
    rng = np.random.default_rng(3)
    made = []
    for width, height in WIDTHS:
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        tall, wide = -(-height // 8), -(-width // 8)
        made.append(coarse.repeat(tall, 0).repeat(wide, 1)[:height, :width])
    return made
