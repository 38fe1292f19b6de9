"""An NVIDIA GPU: whether one can be used, by which engines, and how much of its memory is taken.

Place in the flow: `placing` asks `find` where a model may run; the `governor` asks `gpu_bytes`
after a lease. Asks the driver's own `nvidia-smi`, so nothing has to be installed for it. What an
engine can do is tried in a process of its own, once for each command: a look at the installed
packages would not tell whether their libraries load. GB is 10^9 bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MOST = 6_000_000_000
SHARE = 0.8
"""Of a GPU's memory that models may take unless told otherwise: a desktop lives there too."""

LIBRARIES = frozenset({"onnxruntime", "ctranslate2", "llama"})
"""What computes: ONNX Runtime (BLIP-2, CLIP), CTranslate2 (Whisper), llama.cpp (the writer)."""

PROBE = "mammothbox.models.engines.probe"
PROBE_S = 60.0
_ANSWER_S = 10.0
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Gpu:
    """The first GPU.

    Attributes:
        name: as its driver calls it.
        total_bytes: its memory.
        libraries: those of `LIBRARIES` that can compute on it here; none where
            ``CUDA_VISIBLE_DEVICES`` hides it.
    """

    name: str
    total_bytes: int
    libraries: frozenset[str]


@cache
def find() -> Gpu | None:
    """The GPU of this machine, or None; takes a few seconds where there is one."""
    first = next(iter(_ask("gpu", "name,memory.total")), None)
    if first is None or not first[1].isdigit():
        return None
    return Gpu(first[0], int(first[1]) * _MIB, frozenset(_probe()))


def gpu_bytes(*pids: int) -> int:
    """Memory of the GPU that processes hold; 0 where the driver does not tell (in containers)."""
    mine = set(map(str, pids))
    held = [row for row in _ask("compute-apps", "pid,used_memory") if row[0] in mine]
    return sum(int(row[1]) * _MIB for row in held if row[1].isdigit())


def budget(gpu_memory_bytes: int, gpu: Gpu) -> int:
    """Bytes of the GPU for all models together, of a setting whose 0 means the default."""
    return gpu_memory_bytes or min(MOST, int(gpu.total_bytes * SHARE))


def _ask(about: str, fields: str) -> list[list[str]]:
    """Rows of the driver's answer; none where there is no driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    line = [tool, f"--query-{about}={fields}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(line, capture_output=True, text=True, timeout=_ANSWER_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [[cell.strip() for cell in row.split(",")] for row in answer.stdout.splitlines()]


def _probe() -> list[str]:
    """Libraries that can compute on the GPU; those that take the process down cannot."""
    source = str(Path(__file__).parents[2])
    paths = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    found = []
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        line = [sys.executable, "-P", "-m", PROBE]
        environ = {**os.environ, "PYTHONPATH": paths}
        with subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ, text=True
        ) as child:
            try:
                said, _ = child.communicate(timeout=PROBE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                said, _ = child.communicate()
        for line_said in said.splitlines():
            with contextlib.suppress(ValueError):
                found.append(str(json.loads(line_said)["library"]))
    return found
