"""ONNX Runtime sessions, opened one way everywhere.

Place in the flow: every engine that runs an ONNX graph opens it here. Knows nothing of models.
"""

from __future__ import annotations

import ctypes
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mammothbox.errors import ModelError, WeightsCorrupt, WeightsMissing
from mammothbox.models.engines.gpu_libraries import load_libraries
from mammothbox.models.processor import features, sums_overflow

CUDA = "CUDAExecutionProvider"
_ON_GPU = {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_use_max_workspace": "0"}
"""Memory as it is needed: by default each growth doubles what is held."""


def open_session(
    graph: Path,
    threads: int,
    *,
    one_arena: bool = False,
    spinning: bool = False,
    gpu: bool = False,
) -> Any:
    """An `onnxruntime.InferenceSession` with `threads` compute threads (at least 1).

    Args:
        graph: the `.onnx` file; where there is none, the `.onnx.gz` beside it.
        threads: compute threads.
        one_arena: take memory for sums from the arena that all such sessions of the process share;
            for graphs that run one after the other.
        spinning: threads wait for their next part awake, as long as a run lasts; for graphs whose
            runs take all cores for long.
        gpu: compute on the GPU; what has no kernel there stays on the CPU.

    Raises:
        ModelError: the GPU cannot be used.
        WeightsMissing: there is no such file.
        WeightsCorrupt: the file is not an ONNX graph that runs here.
    """
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    options = ort.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads of an idle session must sleep, not spin: several hosts share the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # Matrices with a scale a column are multiplied block by block; the longest blocks that need no
    # padding (64 to 256) take a fifth less time than the default of 32.
    options.add_session_config_entry("session.qdq_matmulnbits_block_size", "-1")
    if sums_overflow(features()):  # exact, by unsigned bytes; slower where there is no need
        options.add_session_config_entry("session.x64quantprecision", "1")
    if one_arena:
        _share_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        with _readable(graph) as path:
            session = ort.InferenceSession(str(path), options, providers=_providers(gpu))
    except (failures.Fail, failures.InvalidProtobuf, failures.InvalidGraph) as error:
        raise WeightsCorrupt(f"{graph} does not load: {error}") from error
    if gpu and CUDA not in session.get_providers():
        raise ModelError(
            "ONNX Runtime cannot use the GPU: onnxruntime-gpu or CUDA's libraries are missing; "
            "see docs/gpu.md, or set MAMMOTHBOX_DEVICE=cpu"
        )
    return session


def _providers(gpu: bool) -> list[Any]:
    if not gpu:
        return ["CPUExecutionProvider"]
    load_libraries()
    return [(CUDA, _ON_GPU), "CPUExecutionProvider"]


def release_unused() -> None:
    """Give pages that the heap holds free back to the system, where it can (glibc).

    Loading a graph copies its weights twice; 45 MB of that stayed with the eyes.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def packed_name(graph: Path) -> Path:
    """Where a graph lies that is shipped packed."""
    return graph.with_name(f"{graph.name}.gz")


@contextmanager
def _readable(graph: Path) -> Iterator[Path]:
    """The graph's path, or that of what is packed beside it, unpacked meanwhile.

    A session made of bytes would keep them.
    """
    packed = packed_name(graph)
    if graph.is_file():
        yield graph
        return
    if not packed.is_file():
        raise WeightsMissing(f"{graph} is missing; run: mammothbox models pull")
    with TemporaryDirectory(prefix="mammothbox-") as folder:
        path = Path(folder) / graph.name
        try:
            path.write_bytes(gzip.decompress(packed.read_bytes()))
        except (OSError, EOFError, zlib.error) as error:
            raise WeightsCorrupt(f"{packed} does not unpack: {error}") from error
        yield path


@cache
def _share_arena() -> None:
    """Make the process's arena, which grows by what is asked for.

    An arena of its own would keep for each graph the most that it ever needed, rounded up to a
    power of two: 120 MB more for the eyes.
    """
    import onnxruntime as ort

    kind = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = ort.OrtMemoryInfo("Cpu", kind, 0, ort.OrtMemType.DEFAULT)
    as_requested = {"arena_extend_strategy": 1}
    ort.create_and_register_allocator(memory, ort.OrtArenaCfg(as_requested))
