"""How large a network is, computed from its own config: parameters by part, cache a token.

Place in the flow: `planning` turns these into bytes. A config is the JSON that a model's publisher
puts beside the weights; `PUBLISHED` holds the sizes of the reference models' configs, for the time
before they are on disk. Pure.

Example:
    >>> round(phi3(PUBLISHED["phi-3.5-mini-instruct"]).parameters / 1e9, 2)
    3.82
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mammothbox.records import Json

PUBLISHED: dict[str, Json] = {
    "phi-3.5-mini-instruct": {
        **{"vocab_size": 32064, "hidden_size": 3072, "num_hidden_layers": 32},
        **{"intermediate_size": 8192, "num_attention_heads": 32, "num_key_value_heads": 32},
        "max_position_embeddings": 131072,
    },
    "blip2-opt-2.7b": {
        "vision_config": {
            **{"hidden_size": 1408, "num_hidden_layers": 39, "intermediate_size": 6144},
            **{"patch_size": 14, "image_size": 224},
        },
        "qformer_config": {
            **{"hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3072},
            **{"encoder_hidden_size": 1408, "cross_attention_frequency": 2},
        },
        "text_config": {
            **{"hidden_size": 2560, "num_hidden_layers": 32, "ffn_dim": 10240},
            **{"vocab_size": 50304, "max_position_embeddings": 2048},
        },
    },
    "clip-vit-base-patch32": {
        "projection_dim": 512,
        "vision_config": {
            **{"hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3072},
            **{"patch_size": 32, "image_size": 224},
        },
        "text_config": {
            **{"hidden_size": 512, "num_hidden_layers": 12, "intermediate_size": 2048},
            **{"vocab_size": 49408, "max_position_embeddings": 77},
        },
    },
    "whisper-base": {
        **{"d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_ffn_dim": 2048},
        **{"decoder_ffn_dim": 2048, "vocab_size": 51865},
    },
    "whisper-large-v3-turbo": {
        **{"d_model": 1280, "encoder_layers": 32, "decoder_layers": 4, "encoder_ffn_dim": 5120},
        **{"decoder_ffn_dim": 5120, "vocab_size": 51866, "num_mel_bins": 128},
    },
    "whisper-small": {
        **{"d_model": 768, "encoder_layers": 12, "decoder_layers": 12, "encoder_ffn_dim": 3072},
        **{"decoder_ffn_dim": 3072, "vocab_size": 51865},
    },
}
"""Model → the fields of its published config that its size follows from."""

PUBLISHED["clip-vit-b-32-laion2b-s34b-b79k"] = PUBLISHED["clip-vit-base-patch32"]
PUBLISHED["blip2-opt-2.7b-int8"] = PUBLISHED["blip2-opt-2.7b"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A network's size.

    Attributes:
        parts: name → parameters.
        cache_values: numbers kept for each token of context; 0 where there is no such cache.
        positions: tokens it was made for; 0 where that means nothing.
    """

    parts: Mapping[str, int]
    cache_values: int = 0
    positions: int = 0

    @property
    def parameters(self) -> int:
        """All parts together."""
        return sum(self.parts.values())


def _encoder(width: int, layers: int, inner: int) -> int:
    """Layers of self-attention and a feed-forward net, with biases and norms."""
    attention = 4 * (width * width + width)
    forward = 2 * width * inner + inner + width
    return layers * (attention + forward + 4 * width)


def phi3(config: Json) -> Shape:
    """A decoder with gated feed-forward nets and an output matrix of its own."""
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    keys = config.get("num_key_value_heads", heads) * width // heads
    layer = width * (width + 2 * keys) + width * width + 3 * width * config["intermediate_size"]
    body = layers * (layer + 2 * width) + width
    words = 2 * config["vocab_size"] * width
    return Shape(
        {"layers": body, "words": words},
        cache_values=2 * layers * keys,
        positions=config.get("max_position_embeddings", 0),
    )


def _vision(config: Json) -> int:
    width = config["hidden_size"]
    patches = (config["image_size"] // config["patch_size"]) ** 2 + 1
    patch = 3 * config["patch_size"] ** 2 * width + width
    layers = _encoder(width, config["num_hidden_layers"], config["intermediate_size"])
    return int(patch + patches * width + layers + 4 * width)


def clip(config: Json) -> Shape:
    """Two towers and their projections."""
    vision, text = config["vision_config"], config["text_config"]
    width = text["hidden_size"]
    words = (text["vocab_size"] + text["max_position_embeddings"]) * width
    layers = _encoder(width, text["num_hidden_layers"], text["intermediate_size"])
    shared = config["projection_dim"]
    return Shape(
        {
            "images": _vision(vision) + vision["hidden_size"] * shared,
            "texts": words + layers + 2 * width + width * shared,
        }
    )


def blip2(config: Json) -> Shape:
    """Vision tower, query transformer with cross-attention, language model."""
    query, text = config["qformer_config"], config["text_config"]
    width, layers = query["hidden_size"], query["num_hidden_layers"]
    crossing = layers // query["cross_attention_frequency"]
    cross = crossing * (2 * width * width + 2 * query["encoder_hidden_size"] * width)
    deep = text["hidden_size"]
    words = (text["vocab_size"] + text["max_position_embeddings"]) * deep
    speech = _encoder(deep, text["num_hidden_layers"], text["ffn_dim"])
    return Shape(
        {
            "vision": _vision(config["vision_config"]),
            "queries": _encoder(width, layers, query["intermediate_size"]) + cross + width * deep,
            "language": words + speech,
        },
        cache_values=2 * text["num_hidden_layers"] * deep,
        positions=text["max_position_embeddings"],
    )


def whisper(config: Json) -> Shape:
    """Encoder over sound, decoder with cross-attention."""
    width = config["d_model"]
    sound = 3 * width * (config.get("num_mel_bins", 80) + width) + 1500 * width
    encoder = _encoder(width, config["encoder_layers"], config["encoder_ffn_dim"])
    cross = config["decoder_layers"] * (4 * width * width + 2 * width)
    decoder = _encoder(width, config["decoder_layers"], config["decoder_ffn_dim"]) + cross
    words = (config["vocab_size"] + 448) * width
    return Shape({"encoder": sound + encoder, "decoder": words + decoder})


READERS: Mapping[str, Callable[[Json], Shape]] = {
    "phi-3.5-mini-instruct": phi3,
    "blip2-opt-2.7b": blip2,
    "blip2-opt-2.7b-int8": blip2,
    "clip-vit-base-patch32": clip,
    "clip-vit-b-32-laion2b-s34b-b79k": clip,
    "whisper-base": whisper,
    "whisper-small": whisper,
    "whisper-large-v3-turbo": whisper,
}
"""Model → how its config is read."""
