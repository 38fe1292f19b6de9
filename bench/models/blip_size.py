"""A BLIP-2 of the published size with random weights, in the hub's own format.

Place in the flow: `bench.models.blip` measures on it. Memory and speed follow from sizes alone, so
one block of random numbers, written over and over, does for the matrices; each begins at another
place of it, since ONNX Runtime holds equal matrices once. 15 GB on disk.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SPREAD = 0.02
BLOCK = 1 << 24
SHARD_BYTES = 10_000_000_000


def configuration() -> Any:
    """Sizes as published: they are the reference implementation's defaults, but for the words."""
    from transformers import Blip2Config

    text = {
        **{"model_type": "opt", "hidden_size": 2560, "ffn_dim": 10240, "num_hidden_layers": 32},
        **{"num_attention_heads": 32, "word_embed_proj_dim": 2560, "vocab_size": 50304},
        **{"eos_token_id": 50118, "activation_dropout": 0.0},
    }
    return Blip2Config(text_config=text, num_query_tokens=32, image_token_index=50265)


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of the checkpoint; the output words are the input ones, kept once."""
    import torch
    from transformers import Blip2ForConditionalGeneration

    with torch.device("meta"):
        model = Blip2ForConditionalGeneration(configuration())
    found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found.pop("language_model.lm_head.weight", None)
    return found


def _shards() -> Iterator[dict[str, tuple[int, ...]]]:
    shard: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes().items():
        size = sum(4 * math.prod(other) for other in shard.values())
        if shard and size + 4 * math.prod(shape) > SHARD_BYTES:
            yield shard
            shard = {}
        shard[name] = shape
    yield shard


def write(folder: Path) -> Path:
    """The checkpoint with its config, words and preprocessor; `folder` is made."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration().save_pretrained(folder)
    how = {"size": {"height": 224, "width": 224}}
    (folder / "preprocessor_config.json").write_text(json.dumps(how), "utf-8")
    _words(folder / "tokenizer.json")
    block = np.random.default_rng(1).standard_normal(BLOCK, np.float32) * SPREAD
    shards = list(_shards())
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        _write(folder / name, shard, block)
        places |= dict.fromkeys(shard, name)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    return folder


def _words(path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    known = {f"w{number}": number for number in range(50304)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="w3"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(path))


def _write(path: Path, shard: dict[str, tuple[int, ...]], block: npt.NDArray[Any]) -> None:
    header: dict[str, Any] = {}
    at = 0
    for name, shape in shard.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for name, shape in shard.items():
            left, at = math.prod(shape), zlib.crc32(name.encode()) % BLOCK
            if len(shape) == 1:  # norms stay norms, biases nothing
                file.write(np.full(left, name.endswith("weight"), np.float32).data)
                continue
            while left:
                piece = block[at : at + left]
                file.write(piece.data)
                left, at = left - len(piece), 0
