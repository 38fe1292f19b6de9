"""The models of the full profile: BLIP-2, CLIP, Phi-3.5-mini.

Place in the flow: a part of `catalog`. They come from a hub alone; their bytes have not been seen
here, so their first pull pins them.
"""

from __future__ import annotations

from dataclasses import replace

from mammothbox.models.manifest import UNPINNED, HubFile, Model, OnGpu, WeightFile
from mammothbox.models.shapes import PUBLISHED, READERS


def _planned(model: str, licence: str, repo: str, names: tuple[str, ...], note: str) -> Model:
    files = tuple(WeightFile(model, name, 0, UNPINNED, (HubFile(repo, name),)) for name in names)
    return Model(id=model, engine="", licence=licence, files=files, note=note)


_BLIP2_INDEX = "model.safetensors.index.json"


def _blip2(
    model: str, kind: str, built_bytes: int, load_bytes: int, gpu_bytes: int, note: str
) -> Model:
    spoken = (
        (_BLIP2_INDEX, f"blip2-speak-{kind}.onnx"),
        (_BLIP2_INDEX, "blip2-words-fp16.npy"),
    )
    files = ("config.json", "preprocessor_config.json", "tokenizer.json", _BLIP2_INDEX)
    return replace(
        _planned(model, "MIT", "Salesforce/blip2-opt-2.7b", files, note),
        engine="blip",
        kind=kind,
        answers=True,
        index=_BLIP2_INDEX,
        index_bytes=4 * READERS["blip2-opt-2.7b"](PUBLISHED["blip2-opt-2.7b"]).parameters,
        built_bytes=built_bytes,
        load_bytes=load_bytes,
        derived=((_BLIP2_INDEX, "blip2-look-int8.onnx"), *spoken),
        on_gpu=OnGpu(
            "onnxruntime",
            gpu_bytes,
            1_600_000_000,
            ((_BLIP2_INDEX, "blip2-look-blocks8.onnx"), *spoken),
        ),
    )


BLIP2 = _blip2(
    "blip2-opt-2.7b",
    "int4",
    *(2_850_000_000, 3_550_000_000, 4_200_000_000),
    "captions and answers about pictures; its language half in 4 bits",
)
BLIP2_INT8 = _blip2(
    "blip2-opt-2.7b-int8",
    "int8",
    *(4_100_000_000, 4_850_000_000, 5_300_000_000),
    "the same with its language half in 8 bits: nearer to the original, slower",
)


def _clip(model: str, repo: str, note: str) -> Model:
    files = ("config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors")
    return replace(
        _planned(model, "MIT", repo, files, note),
        engine="clip",
        derived=(
            ("model.safetensors", "clip-images.onnx"),
            ("model.safetensors", "clip-texts.onnx"),
        ),
        dimensions=512,
        load_factor=0.25,  # what is loaded are the graphs in 8 bits; measured: 0.53 GB in all
        load_bytes=450_000_000,
        on_gpu=OnGpu(
            "onnxruntime",
            1_800_000_000,
            1_400_000_000,
            (
                ("model.safetensors", "clip-images-fp32.onnx"),
                ("model.safetensors", "clip-texts-fp32.onnx"),
            ),
        ),
    )


CLIP = _clip(
    "clip-vit-base-patch32",
    "openai/clip-vit-base-patch32",
    "joint vectors of pictures and sentences; about 0.8 GB on disk",
)
CLIP_LAION = _clip(
    "clip-vit-b-32-laion2b-s34b-b79k",
    "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    "the same network, trained on 2 billion pictures: finds more, costs the same",
)
# Blanks after a mark mean nothing to this model. With them (as in the template that comes along)
# llama.cpp cannot hold it to a schema, unless the file's own name happens to have "phi-3" in it.
_PHI_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
PHI = Model(
    id="phi-3.5-mini-instruct",
    engine="llama",
    licence="MIT",
    files=(
        WeightFile(
            "phi-3.5-mini-instruct",
            "model.gguf",
            0,
            UNPINNED,
            # The publisher has safetensors only; this is the widely used conversion to GGUF.
            (HubFile("bartowski/Phi-3.5-mini-instruct-GGUF", "Phi-3.5-mini-instruct-Q4_K_M.gguf"),),
        ),
    ),
    load_factor=1.05,
    load_bytes=1_330_000_000,  # 8192 tokens of its cache take 906 MB at 4 bits
    cache="q4_0",
    template=_PHI_TEMPLATE,
    note="writes titles, summaries and tags as JSON; 2.4 GB at 4 bit, 3.8 GB loaded",
    on_gpu=OnGpu("llama", 4_100_000_000, 800_000_000),
)
