"""A writer of the small one's architecture with random weights, and the same as the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WIDTH, LAYERS, HEADS, KV, INNER = 128, 2, 4, 2, 192
BASE, EPSILON = 1e6, 1e-6
MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("Ã", "©")]


def letters() -> list[str]:
    """The 256 bytes as byte-level tokenizers write them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    signs = {byte: chr(byte) for byte in plain}
    signs |= {byte: chr(256 + index) for index, byte in enumerate(others)}
    return [signs[byte] for byte in range(256)]


WORDS = [*letters(), *("".join(pair) for pair in MERGES), *MARKS, "[PAD265]", "[PAD266]"]
TABLE = len(WORDS)


def tensors(seed: int = 5) -> dict[str, np.ndarray]:
    """All tensors by the names a GGUF gives them."""
    rng = np.random.default_rng(seed)
    head, kv = WIDTH // HEADS, WIDTH // HEADS * KV
    assert head * HEADS == WIDTH

    def matrix(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, 0.08, (rows, columns)).astype(np.float32)

    found = {"token_embd.weight": matrix(TABLE, WIDTH), "output_norm.weight": _norm(rng)}
    for n in range(LAYERS):
        found |= {
            f"blk.{n}.attn_norm.weight": _norm(rng),
            f"blk.{n}.ffn_norm.weight": _norm(rng),
            f"blk.{n}.attn_q.weight": matrix(WIDTH, WIDTH),
            f"blk.{n}.attn_k.weight": matrix(kv, WIDTH),
            f"blk.{n}.attn_v.weight": matrix(kv, WIDTH),
            f"blk.{n}.attn_q.bias": matrix(1, WIDTH)[0],
            f"blk.{n}.attn_k.bias": matrix(1, kv)[0],
            f"blk.{n}.attn_v.bias": matrix(1, kv)[0],
            f"blk.{n}.attn_output.weight": matrix(WIDTH, WIDTH),
            f"blk.{n}.ffn_gate.weight": matrix(INNER, WIDTH),
            f"blk.{n}.ffn_up.weight": matrix(INNER, WIDTH),
            f"blk.{n}.ffn_down.weight": matrix(WIDTH, INNER),
        }
    return found


def _norm(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.5, 1.5, WIDTH).astype(np.float32)


def write(target: Path) -> Path:
    """A `.gguf` of qwen2's architecture; output and words are one table, as published."""
    import gguf

    out = gguf.GGUFWriter(target, "qwen2")
    out.add_context_length(32_768)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KV)
    out.add_layer_norm_rms_eps(EPSILON)
    out.add_rope_freq_base(BASE)
    kind = gguf.TokenType
    kinds = [kind.NORMAL] * (TABLE - len(MARKS) - 2) + [kind.CONTROL] * len(MARKS)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(WORDS)
    out.add_token_types([*kinds, kind.UNUSED, kind.UNUSED])
    out.add_token_merges([" ".join(pair) for pair in MERGES])
    out.add_eos_token_id(WORDS.index("<|im_end|>"))
    for name, values in tensors().items():
        if values.ndim == 1:
            out.add_tensor(name, values)
        else:
            packed = gguf.GGMLQuantizationType.Q8_0
            out.add_tensor(name, gguf.quants.quantize(values, packed), raw_dtype=packed)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return target


_THERE = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def reference(transformers: Any) -> Any:
    """The same network by transformers, exact."""
    import torch

    config = transformers.Qwen2Config(
        vocab_size=TABLE,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KV,
        rms_norm_eps=EPSILON,
        rope_theta=BASE,
        rope_parameters={"rope_type": "default", "rope_theta": BASE},
        tie_word_embeddings=True,
    )
    model = transformers.Qwen2ForCausalLM(config)
    state = {}
    for name, values in tensors().items():
        if name.startswith("blk."):
            _, layer, part, kind = name.split(".")
            state[f"model.layers.{layer}.{_THERE[part]}.{kind}"] = torch.tensor(values)
    whole = tensors()
    state["model.embed_tokens.weight"] = torch.tensor(whole["token_embd.weight"])
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    state["model.norm.weight"] = torch.tensor(whole["output_norm.weight"])
    model.load_state_dict(state)
    return model.eval()
