"""ONNX Runtime sessions, opened one way everywhere.

Place in the flow: every engine that runs an ONNX graph opens it here. Knows nothing of models.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mammothbox.errors import WeightsCorrupt, WeightsMissing


def open_session(graph: Path, threads: int, *, one_arena: bool = False) -> Any:
    """An `onnxruntime.InferenceSession` on the CPU with `threads` compute threads (at least 1).

    Args:
        graph: the `.onnx` file.
        threads: compute threads.
        one_arena: take memory for sums from the arena that all such sessions of the process share;
            for graphs that run one after the other.

    Raises:
        WeightsMissing: there is no such file.
        WeightsCorrupt: the file is not an ONNX graph that runs here.
    """
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    if not graph.is_file():
        raise WeightsMissing(f"{graph} is missing; run: mammothbox models pull")
    options = ort.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads of an idle session must sleep, not spin: several hosts share the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if one_arena:
        _share_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except (failures.Fail, failures.InvalidProtobuf, failures.InvalidGraph) as error:
        raise WeightsCorrupt(f"{graph} does not load: {error}") from error


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
