"""Numbers beside a graph: in few bits, in a file that goes on where a killed build stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mammothbox.models.graphs.builder import RUNTIME, GraphBuilder
from mammothbox.models.graphs.external import ALIGNED, DataFile
from mammothbox.models.graphs.few_bits import BLOCK, pack, unpack

ROWS = arrays(np.float32, (3, 70), elements=st.floats(-1e3, 1e3, width=32))


@settings(deadline=None, max_examples=60)
@given(ROWS, st.sampled_from([4, 8]))
def test_no_number_moves_further_than_a_step(rows: np.ndarray, bits: int) -> None:
    found = unpack(pack(rows, bits), bits, rows.shape[1])
    wide = np.pad(rows, ((0, 0), (0, -rows.shape[1] % BLOCK))).reshape(3, -1, BLOCK)
    steps = (np.maximum(wide.max(2), 0) - np.minimum(wide.min(2), 0)) / (2**bits - 1)
    allowed = np.repeat(steps, BLOCK, 1)[:, : rows.shape[1]]
    assert (np.abs(found - rows) <= 1.01 * allowed + 1e-6).all()


@pytest.mark.parametrize("bits", [4, 8])
def test_the_run_time_reads_them_so(bits: int, tmp_path: Path) -> None:
    """The product with rows that need no rounding is that of the unpacked matrix."""
    import onnxruntime as ort

    rng = np.random.default_rng(bits)
    packed = pack(rng.standard_normal((48, 96), np.float32), bits)
    graph, target = GraphBuilder("one"), tmp_path / "one.onnx"
    with DataFile(target, "seal") as data:
        names = [
            graph.external(data.put(part, lambda part=part: getattr(packed, part)), data)
            for part in ("values", "scales", "zeros")
        ]
        data.finish()
    sizes = {"N": 48, "K": 96, "bits": bits, "block_size": BLOCK}
    graph.add("MatMulNBits", ["x", *names], "y", domain=RUNTIME, **sizes)
    graph.save(target, [("x", np.float32, ("n", 96))], [("y", np.float32, ("n", 48))])
    x = rng.standard_normal((5, 96), np.float32)
    (found,) = ort.InferenceSession(str(target)).run(None, {"x": x})
    assert np.allclose(found, x @ unpack(packed, bits, 96).T, atol=1e-3)


BUILD = """
import os, signal, sys
from pathlib import Path
import numpy as np
from mammothbox.models.graphs.external import DataFile
made = []
def make(n):
    made.append(n)
    if n == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return np.full((100, n + 1), n, np.float32)
with DataFile(Path(sys.argv[1]), sys.argv[3]) as data:
    places = [data.put(f"array {n}", lambda n=n: make(n)) for n in range(6)]
    data.finish()
print(made)
"""


def build(target: Path, dies_at: int, seal: str = "one") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", textwrap.dedent(BUILD), str(target), str(dies_at), seal]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


def test_a_killed_build_goes_on(tmp_path: Path) -> None:
    target = tmp_path / "net.onnx"
    assert build(target, 3).returncode == -signal.SIGKILL
    assert not target.with_suffix(".data").exists()
    again = build(target, -1)
    assert again.stdout.strip() == "[3, 4, 5]", again.stderr
    fresh = tmp_path / "fresh.onnx"
    assert build(fresh, -1).stdout.strip() == "[0, 1, 2, 3, 4, 5]"
    whole = target.with_suffix(".data").read_bytes()
    assert whole == fresh.with_suffix(".data").read_bytes()
    assert np.frombuffer(whole[5 * ALIGNED :], np.float32, 600)[0] in range(6)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fresh.data", "net.data"]


@pytest.mark.parametrize("harm", ["other seal", "torn line", "short file"])
def test_only_what_the_journal_vouches_for_is_believed(tmp_path: Path, harm: str) -> None:
    target = tmp_path / "net.onnx"
    build(target, 3)
    journal, part = tmp_path / "net.data.journal", tmp_path / "net.data.part"
    if harm == "torn line":
        journal.write_text(journal.read_text()[:-20])
    if harm == "short file":
        os.truncate(part, 100)
    again = build(target, -1, "two" if harm == "other seal" else "one")
    redone = json.loads(again.stdout)
    assert redone == ([2, 3, 4, 5] if harm == "torn line" else [0, 1, 2, 3, 4, 5])
    fresh = tmp_path / "fresh.onnx"
    build(fresh, -1)
    found = target.with_suffix(".data").read_bytes()
    assert found == fresh.with_suffix(".data").read_bytes()
