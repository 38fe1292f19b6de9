"""The text engine on the real MiniLM weights, and the reading of weight files without torch."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models.engines.text import TextEngine
from mammothbox.models.graphs import minilm
from mammothbox.models.graphs.torch_pickle import read_state_dict


@pytest.mark.real
def test_known_sentence_similarities(minilm_dir: Path) -> None:
    engine = TextEngine(minilm_dir, threads=1)
    texts = [
        "A man is eating food.",
        "A man is eating a piece of bread.",
        "A man is riding a horse.",
    ]

    vectors = engine.embed(texts)

    # The figure for the first pair in the model's own published example.
    assert float(vectors[0] @ vectors[1]) == pytest.approx(0.7553, abs=0.001)
    assert float(vectors[0] @ vectors[2]) < 0.3


@pytest.mark.real
def test_rows_have_length_one_and_do_not_depend_on_company(minilm_dir: Path) -> None:
    engine = TextEngine(minilm_dir, threads=1)
    texts = ["", "snow", "a long walk " * 200, "two dogs play on the beach"]

    together = engine.embed(texts)

    assert together.shape == (4, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([engine.embed([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.real
def test_build_twice_gives_equal_bytes(
    minilm_source: Path, minilm_dir: Path, tmp_path: Path
) -> None:
    again = minilm.build(minilm_source, tmp_path / minilm.GRAPH)
    assert again.read_bytes() == (minilm_dir / minilm.GRAPH).read_bytes()
    beside = again.with_suffix(".data")
    assert beside.read_bytes() == (minilm_dir / beside.name).read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_missing_files_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="mammothbox models pull"):
        TextEngine(tmp_path, threads=1)


def test_safetensors_header_is_read_and_rubbish_refused(tmp_path: Path) -> None:
    values = np.arange(6, dtype="<f4")
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())
    bad.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00not json")

    assert np.array_equal(minilm.read_safetensors(good)["w"], values.reshape(2, 3))
    with pytest.raises(WeightsCorrupt):
        minilm.read_safetensors(bad)


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.system, ("touch harmed",)


def test_a_pickle_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(_Hostile(), protocol=2))

    with pytest.raises(WeightsCorrupt, match="not allowed"):
        read_state_dict(path)

    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x80\x02K\x01."])
def test_other_files_are_refused_as_corrupt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsCorrupt):
        read_state_dict(path)


@pytest.mark.real
def test_a_truncated_weights_file_is_refused(eyes_pth: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pth"
    cut.write_bytes(eyes_pth.read_bytes()[:1_000_000])
    with pytest.raises(WeightsCorrupt):
        read_state_dict(cut)
    assert not zipfile.is_zipfile(cut)
