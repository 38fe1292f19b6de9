"""A writer of the reference's architecture with random weights, small enough for any test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

WIDTH, LAYERS, HEADS, INNER = 64, 2, 2, 128
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|assistant|>", "<|end|>", "<|system|>", "<|user|>"]


def write(target: Path, context: int = 131_072) -> Path:
    """A `.gguf` of phi3's architecture."""
    import gguf

    rng = np.random.default_rng(11)
    out = gguf.GGUFWriter(target, "phi3")
    out.add_name("Phi 3.5 mini instruct")
    out.add_context_length(context)
    out.add_rope_scaling_orig_ctx_len(4096)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_sliding_window(0)
    words = _words(out)

    def matrix(name: str, rows: int, columns: int) -> None:
        values = rng.normal(0, 0.1, (rows, columns)).astype(np.float32)
        kind = gguf.GGMLQuantizationType.Q8_0
        out.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    def norm(name: str) -> None:
        out.add_tensor(name, np.ones(WIDTH, np.float32))

    matrix("token_embd.weight", words, WIDTH)
    matrix("output.weight", words, WIDTH)
    norm("output_norm.weight")
    for n in range(LAYERS):
        norm(f"blk.{n}.attn_norm.weight")
        norm(f"blk.{n}.ffn_norm.weight")
        matrix(f"blk.{n}.attn_qkv.weight", 3 * WIDTH, WIDTH)
        matrix(f"blk.{n}.attn_output.weight", WIDTH, WIDTH)
        matrix(f"blk.{n}.ffn_up.weight", 2 * INNER, WIDTH)
        matrix(f"blk.{n}.ffn_down.weight", WIDTH, INNER)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return target


def _words(out) -> int:
    """A vocabulary of bytes, letters and the marks of a conversation; its size."""
    import gguf

    kind = gguf.TokenType
    letters = ["▁", *'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{}[]":,.-']
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256)), *letters, *SPECIAL]
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * 256]
    kinds += [kind.NORMAL] * len(letters) + [kind.CONTROL] * len(SPECIAL)
    out.add_tokenizer_model("llama")
    out.add_tokenizer_pre("default")
    out.add_token_list(tokens)
    out.add_token_scores([0.0] * len(tokens))
    out.add_token_types(kinds)
    out.add_bos_token_id(1)
    out.add_eos_token_id(tokens.index("<|end|>"))
    out.add_unk_token_id(0)
    out.add_chat_template(TEMPLATE)
    return len(tokens)
