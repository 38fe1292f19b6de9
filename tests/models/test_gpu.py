"""What a GPU changes: who runs there, and the second budget. The kernels themselves need a GPU and
are measured by `bench.models`."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mammothbox.doctor import examine
from mammothbox.errors import DoesNotFit, ModelError
from mammothbox.models import gpu
from mammothbox.models.catalog import model_for
from mammothbox.models.engines.probe import TRIALS
from mammothbox.models.engines.sessions import open_session
from mammothbox.models.governor import Governor
from mammothbox.models.gpu import Gpu
from mammothbox.models.graphs.builder import GraphBuilder
from mammothbox.models.ledger import Ledger
from mammothbox.models.manifest import Model
from mammothbox.models.placing import gpu_budget
from mammothbox.settings import Settings, load_settings

DRIVER = """#!/bin/sh
case "$1" in
    --query-gpu=*) echo "NVIDIA Test, 8192" ;;
    --query-compute-apps=*) printf '%s, 512\\n77, [N/A]\\n4711, 100\\n%s, 64\\n' {pid} {pid} ;;
esac
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose driver answers, with a GPU of 8 GiB that no library can use."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(DRIVER.format(pid=os.getpid()))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    gpu.find.cache_clear()
    yield
    gpu.find.cache_clear()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(*libraries: str, total: int = 8_000_000_000) -> None:
        monkeypatch.setattr(gpu, "find", lambda: Gpu("NVIDIA Test", total, frozenset(libraries)))

    return put


def full(**more: object) -> Settings:
    return load_settings({}, profile="full", **more)


@pytest.mark.usefixtures("driver")
def test_the_driver_tells_of_the_gpu_and_of_what_is_taken() -> None:
    seen = gpu.find()
    assert seen is not None
    assert (seen.name, seen.total_bytes) == ("NVIDIA Test", 8192 * 2**20)
    assert seen.libraries <= gpu.LIBRARIES
    assert gpu.gpu_bytes(os.getpid()) == (512 + 64) * 2**20
    assert gpu.gpu_bytes(77) == gpu.gpu_bytes(1) == 0


def test_without_a_driver_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    gpu.find.cache_clear()
    assert gpu.find() is None
    assert gpu.gpu_bytes(1) == 0
    gpu.find.cache_clear()


def test_every_library_is_tried() -> None:
    assert TRIALS.keys() == gpu.LIBRARIES


def test_a_model_goes_where_its_library_computes(found: Callable[..., None]) -> None:
    found("onnxruntime")
    captioner, writer = model_for(full(), "captioner"), model_for(full(), "writer")
    assert captioner.gpu_bytes > 0
    assert captioner.derived[0][1] == "blip2-look-blocks8.onnx"
    assert writer.gpu_bytes == 0
    on_cpu = model_for(full(device="cpu"), "captioner")
    assert on_cpu.gpu_bytes == 0
    assert on_cpu.derived[0][1] == "blip2-look-int8.onnx"
    assert model_for(full(), "reader").gpu_bytes == 0


def test_a_model_that_the_gpu_cannot_hold_stays_on_the_processor(
    found: Callable[..., None],
) -> None:
    found(*gpu.LIBRARIES, total=4_000_000_000)
    assert gpu_budget(full()) == 3_200_000_000
    assert model_for(full(), "captioner").gpu_bytes == 0
    assert model_for(full(), "embedder").gpu_bytes > 0
    tight = full(gpu_memory_bytes=500_000_000)
    assert model_for(tight, "embedder").gpu_bytes == 0


def test_the_small_writer_runs_from_its_plain_file_where_nothing_else_is_quick(
    found: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def writer(**chosen: str) -> Model:
        return model_for(load_settings({}, writer="small", **chosen), "writer")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert (writer(device="cpu").engine, len(writer(device="cpu").derived)) == ("qwen", 2)
    found(*gpu.LIBRARIES)
    assert (writer().engine, writer().derived, writer().built_bytes) == ("llama", (), 0)
    assert writer().gpu_bytes > 0
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert (writer(device="cpu").engine, writer(device="cpu").derived) == ("llama", ())
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert writer(device="cpu").engine == "llama"


def test_the_same_results_are_meant_wherever_it_runs(
    found: Callable[..., None], tmp_path: Path
) -> None:
    """Moving a model to the GPU computes nothing again."""
    from mammothbox.models.cache import Cache
    from mammothbox.models.cards import card_of

    found(*gpu.LIBRARIES)
    for contract in ("captioner", "embedder", "transcriber", "writer"):
        there, here = (model_for(full(device=name), contract) for name in ("auto", "cpu"))
        assert there.gpu_bytes > 0 == here.gpu_bytes
        assert card_of(there, Cache(tmp_path)) == card_of(here, Cache(tmp_path))


def test_a_session_that_cannot_use_the_gpu_says_what_to_do(tmp_path: Path) -> None:
    graph = GraphBuilder("tiny")
    graph.add("Identity", ["x"], "y")
    path = tmp_path / "tiny.onnx"
    graph.save(path, [("x", np.float32, (1,))], [("y", np.float32, (1,))])
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has kernels for a GPU")
    with pytest.warns(UserWarning, match="CUDA"), pytest.raises(ModelError, match=r"docs/gpu\.md"):
        open_session(path, 1, gpu=True)


def test_a_writer_that_sees_no_gpu_does_not_run_on_the_processor_instead(tmp_path: Path) -> None:
    """It would take memory there that nobody counts."""
    from mammothbox.models.engines.llama import LlamaEngine, sees_gpu

    if sees_gpu():
        pytest.skip("this build of llama.cpp sees a GPU")
    with pytest.raises(ModelError, match=r"docs/gpu\.md"):
        LlamaEngine(tmp_path / "model.gguf", 1, 1, gpu=True)


class Sleeping:
    """A host that does nothing."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.pid = 0

    def start(self) -> None:
        """Nothing to start."""


def test_the_governor_keeps_both_budgets(tmp_path: Path) -> None:
    governor = Governor(Ledger(tmp_path), lambda: 1000, 5, lambda: 100)
    with governor.lease(Sleeping("clip"), 10, 60), governor.lease(Sleeping("ocr"), 10):
        accounts = Ledger(tmp_path).read()
        assert {a.engine: a.gpu for a in accounts} == {"clip": 60, "ocr": 0}
    with pytest.raises(DoesNotFit, match="of a GPU"), governor.lease(Sleeping("llama"), 10, 101):
        pass


def test_doctor_says_what_runs_where(found: Callable[..., None], tmp_path: Path) -> None:
    found("onnxruntime")
    told = {c.name: c for c in examine(full(library=tmp_path / "l", cache=tmp_path / "c"))}
    assert told["gpu"].detail == "NVIDIA Test, 6.0 of 8.0 GB; used by onnxruntime"
    assert "ctranslate2, llama" in told["gpu"].hint
    assert "on the GPU" in told["runs captioner"].detail
    assert "on the processor" in told["runs writer"].detail
