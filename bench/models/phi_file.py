"""A writer of Phi-3.5-mini's size in Q4_K_M, made of random blocks: 2.4 GB in some seconds.

Sizes, kinds of blocks and their places are those of the usual Q4_K_M file (six bits for the output,
for half of the inner matrices and five for half of the attention's); the values are a short stretch
of random blocks that goes round, scaled as trained weights are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

WIDTH, LAYERS, HEADS, INNER, WORDS = 3072, 32, 32, 8192, 32_064
BLOCK = 256
SPREAD = 0.02
"""Standard deviation of the weights."""
POOL = 8191
"""Random blocks that go round; a prime, so that no two rows begin alike."""

SPECIAL = ["<|endoftext|>", "<|assistant|>", "<|end|>", "<|system|>", "<|user|>"]
LETTERS = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{}[]\":,.-'!?()/"


def write(target: Path, words: Path) -> Path:
    """The file at `target`; `words` is a tokenizer.json whose vocabulary lends its words."""
    import gguf

    out = gguf.GGUFWriter(target, "phi3")
    out.add_name("Phi 3.5 mini instruct, random")
    out.add_context_length(131_072)
    out.add_rope_scaling_orig_ctx_len(4096)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_sliding_window(0)
    _vocabulary(out, words)
    tensors = dict(_tensors())
    for name, (rows, columns, kind) in tensors.items():
        size = rows * columns // BLOCK * _Blocks.BYTES[kind] if kind else 4 * columns
        shape = [rows, columns] if kind else [columns]
        dtype = np.dtype(np.uint8 if kind else np.float32)
        raw = getattr(gguf.GGMLQuantizationType, kind) if kind else None
        if kind:  # the writer counts quantised matrices in bytes
            shape = [rows, size // rows]
        out.add_tensor_info(name, shape, dtype, size, raw)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_ti_data_to_file()
    blocks = _Blocks()
    for rows, columns, kind in tensors.values():
        out.write_tensor_data(
            blocks.take(kind, rows * columns // BLOCK) if kind else np.ones(columns, np.float32)
        )
    out.close()
    return target


def _tensors() -> Iterator[tuple[str, tuple[int, int, str]]]:
    """Name → rows, columns, kind of blocks (empty: a norm in float32), as Q4_K_M has them."""
    yield "token_embd.weight", (WORDS, WIDTH, "Q4_K")
    yield "output_norm.weight", (1, WIDTH, "")
    yield "output.weight", (WORDS, WIDTH, "Q6_K")
    for n in range(LAYERS):
        more = n < LAYERS // 8 or n >= 7 * LAYERS // 8 or (n - LAYERS // 8) % 3 == 2
        yield f"blk.{n}.attn_norm.weight", (1, WIDTH, "")
        yield f"blk.{n}.ffn_norm.weight", (1, WIDTH, "")
        yield f"blk.{n}.attn_qkv.weight", (3 * WIDTH, WIDTH, "Q5_K")
        yield f"blk.{n}.attn_output.weight", (WIDTH, WIDTH, "Q4_K")
        yield f"blk.{n}.ffn_up.weight", (2 * INNER, WIDTH, "Q4_K")
        yield f"blk.{n}.ffn_down.weight", (WIDTH, INNER, "Q6_K" if more else "Q4_K")


class _Blocks:
    """Valid blocks of each kind: one scale for all, random values around nought."""

    BYTES: ClassVar = {"Q4_K": 144, "Q5_K": 176, "Q6_K": 210}

    def __init__(self) -> None:
        rng = np.random.default_rng(11)
        self._at = 0
        self._pools = {kind: self._pool(kind, rng) for kind in self.BYTES}

    def take(self, kind: str, count: int) -> npt.NDArray[np.uint8]:
        """`count` blocks, each tensor from another beginning."""
        self._at = (self._at + 977) % POOL
        rows = (np.arange(count) + self._at) % POOL
        return self._pools[kind][rows].reshape(-1)

    def _pool(self, kind: str, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        blocks = rng.integers(0, 256, (POOL, self.BYTES[kind]), np.uint8)
        if kind == "Q6_K":  # 6 bits less 32, times a scale of 8 bits for each 16, times one of all
            scale = 16
            blocks[:, 192:208] = scale
            blocks[:, 208:] = _half(SPREAD / (scale * 18.5))
            return blocks
        # 4 or 5 bits times a scale of 6 bits, less a minimum: with both 32 packed into 12 bytes,
        # the values stand around nought when the minimum is the middle of the range.
        middle, deviation = (7.5, 4.6) if kind == "Q4_K" else (15.5, 9.2)
        step = SPREAD / (32 * deviation)
        blocks[:, 0:2], blocks[:, 2:4] = _half(step), _half(step * middle)
        blocks[:, 4:12], blocks[:, 12:16] = 0xA0, 0
        return blocks


def _half(value: float) -> npt.NDArray[np.uint8]:
    return np.array([value], np.float16).view(np.uint8)


def _vocabulary(out: Any, words: Path) -> None:
    """Bytes, letters, marks, and common English words, reachable letter by letter."""
    import gguf

    kind = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256))]
    # Of bytes beyond ASCII nothing is ever said: half a letter at an answer's end would keep
    # llama.cpp writing past any limit, and random weights may repeat it for ever.
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * 128, *[kind.UNUSED] * 128]
    room = WORDS - len(tokens) - len(SPECIAL)
    common = json.loads(words.read_text("utf-8"))["model"]["vocab"]
    grown = dict.fromkeys(LETTERS)
    for word in common:
        if word.isascii() and word.isalpha():
            grown.update(dict.fromkeys("▁" + word[:end] for end in range(1, len(word) + 1)))
    plain = list(grown)[:room]
    tokens += [*plain, *(f"▁filler{n}" for n in range(room - len(plain))), *SPECIAL]
    kinds += [kind.NORMAL] * room + [kind.CONTROL] * len(SPECIAL)
    out.add_tokenizer_model("llama")
    out.add_tokenizer_pre("default")
    out.add_token_list(tokens)
    out.add_token_scores([-float(n) for n in range(len(tokens))])
    out.add_token_types(kinds)
    out.add_bos_token_id(1)
    out.add_eos_token_id(tokens.index("<|end|>"))
    out.add_unk_token_id(0)
    out.add_chat_template(
        "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
