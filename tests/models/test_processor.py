"""What is known of the processor, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammothbox.models import processor
from mammothbox.models.engines import sessions
from mammothbox.models.graphs.builder import RUNTIME, GraphBuilder

X86 = "processor\t: 0\nflags\t\t: fpu avx avx2 {}\n\nprocessor\t: 1\nflags\t\t: x\n"


@pytest.mark.parametrize(
    ("machine", "text", "has", "overflow"),
    [
        ("x86_64", X86.format("fma"), "avx2", True),
        ("x86_64", X86.format("avx512f avx512bw"), "avx512f", True),
        ("x86_64", X86.format("avx512f avx512_vnni"), "avx512_vnni", False),
        ("x86_64", X86.format("avx_vnni"), "avx_vnni", False),
        ("x86_64", "model name : nothing said\n", "", True),
        ("aarch64", "processor\t: 0\nFeatures\t: fp asimd asimddp\n", "asimddp", False),
        ("arm64", "model name : nothing said\n", "", False),
    ],
)
def test_the_kernels_words_are_read(
    machine: str,
    text: str,
    has: str,
    overflow: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(processor, "_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(processor.platform, "machine", lambda: machine)
    known = processor.features.__wrapped__()
    assert has in known or not (has or known)
    assert "x" not in known
    assert processor.sums_overflow(known) is overflow


def test_a_system_that_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_INFO", tmp_path / "none")
    assert not processor.features.__wrapped__()


@pytest.mark.parametrize("overflow", [False, True])
def test_large_sums_of_bytes_are_exact(
    overflow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "sums_overflow", lambda known: overflow)
    session = sessions.open_session(_product(tmp_path / "product.onnx"), 1)
    options: Any = session.get_session_options()
    if overflow:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError):  # it was not set
            options.get_session_config_entry("session.x64quantprecision")
    (found,) = session.run(None, {"x": np.full((4, 64), 255, np.float32)})
    assert np.allclose(found, 255 * 127 * 64)


def _product(path: Path) -> Path:
    graph = GraphBuilder("product")
    parts = [
        graph.constant(np.full((64, 8), 127, np.int8)),
        graph.constant(np.ones(8, np.float32)),
        graph.constant(np.zeros(8, np.int8)),
    ]
    graph.add("DynamicQuantizeMatMul", ["x", *parts], "y", domain=RUNTIME)
    graph.save(path, [("x", np.float32, ("n", 64))], [("y", np.float32, ("n", 8))])
    return path
