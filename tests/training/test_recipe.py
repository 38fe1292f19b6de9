"""The training recipe in small: lowers the loss, goes on after a stop, exports what it learnt.

Needs PyTorch (the extra ``train``), which nothing at run time needs: skipped where it is absent,
fails where it is absent in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if not os.environ.get("CI"):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install '.[train]')")

import torch

from mammothbox.models.engines.eyes_captioner import CaptionDecoder
from mammothbox.models.engines.eyes_joint import JointSpace
from mammothbox.models.engines.sessions import open_session
from training import captioner as net
from training import (
    data,
    export,
    joint,
    onnx_layers,
    self_critical,
    train_captioner,
)

PHOTOS, SUBJECTS = 48, ("dog", "man", "girl", "bird")
TINY = {"width": 64, "heads": 2, "layers": 2, "inner": 128, "dropout": 0.0}


@pytest.fixture
def split() -> data.Split:
    """Photos of four kinds whose features differ by kind, and five sentences each that name it."""
    rng = np.random.default_rng(0)
    kind = np.arange(PHOTOS) % len(SUBJECTS)
    centres = rng.integers(0, 120, (len(SUBJECTS), 81, 1280))
    cells = (centres[kind] + rng.integers(0, 20, (PHOTOS, 81, 1280))).astype(np.uint8)
    places = ("runs on the grass", "stands in the snow", "is near the water", "sits", "plays")
    captions = [f"a {SUBJECTS[k]} {place} ." for k in kind for place in places]
    vectors = rng.normal(size=(len(SUBJECTS), 384))
    of_caption = vectors[np.repeat(kind, 5)] + 0.1 * rng.normal(size=(len(captions), 384))
    return data.Split(
        names=[f"{i}.jpg" for i in range(PHOTOS)],
        views=1,
        cells=cells,
        logits=rng.normal(size=(PHOTOS, 1000)).astype(np.float16),
        captions=captions,
        owner=np.repeat(np.arange(PHOTOS), 5),
        sentence=(of_caption / np.linalg.norm(of_caption, axis=1, keepdims=True)).astype("f2"),
        tokens=np.repeat(of_caption[:, None], 24, 1).astype(np.float16),
        mask=np.ones((len(captions), 24), np.uint8),
    )


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """These are so small that a second thread is only waited for."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


LEARN, CHOOSE = np.arange(32), np.arange(32, PHOTOS)


def _labels() -> torch.Tensor:
    return torch.nn.functional.normalize(torch.ones(PHOTOS, 384), dim=1)


def _captioner(split: data.Split, out: Path, epochs: int) -> Path:
    return train_captioner.fit(
        split,
        _labels(),
        out,
        learn=LEARN,
        choose=CHOOSE,
        epochs=epochs,
        batch=8,
        rate=3e-3,
        shape=TINY,
    )


@pytest.mark.slow
def test_cross_entropy_then_self_critical_learning_pay(split: data.Split, tmp_path: Path) -> None:
    start = _captioner(split, tmp_path, epochs=8)
    curve = train_captioner.Curve(tmp_path / "xe")
    curve.read()
    assert curve.points[-1]["loss"] < 0.6 * curve.points[0]["loss"]

    self_critical.fit(
        split, _labels(), start, tmp_path, learn=LEARN, choose=CHOOSE, epochs=3, batch=8, rate=1e-3
    )
    curve = train_captioner.Curve(tmp_path / "sc")
    curve.read()
    assert curve.points[-1]["reward"] > curve.points[0]["reward"]

    tuned = [tmp_path / "sc.pt", start]
    mixed = self_critical.blend(start, tuned, tmp_path / "captioner.pt")
    parts = [train_captioner.load(p)[0].bias for p in (start, tmp_path / "sc.pt", mixed)]
    assert torch.allclose(0.75 * parts[0] + 0.25 * parts[1], parts[2], atol=1e-6)
    assert not torch.equal(parts[0], parts[2])


@pytest.mark.slow
def test_a_stopped_run_goes_on_from_its_last_epoch(split: data.Split, tmp_path: Path) -> None:
    _captioner(split, tmp_path / "stopped", epochs=2)
    assert len((tmp_path / "stopped/xe.json").read_text().split("epoch")) == 3
    _captioner(split, tmp_path / "stopped", epochs=3)

    curve = train_captioner.Curve(tmp_path / "stopped/xe")
    curve.read()
    assert [point["epoch"] for point in curve.points] == [1, 2, 3]


@pytest.mark.slow
def test_the_joint_space_learns_and_finds_the_kind(split: data.Split, tmp_path: Path) -> None:
    inputs = joint.inputs_of(split, _features_folder(tmp_path), LEARN)
    out = tmp_path / "joint"
    joint.fit_member(inputs, split, out, seed=0, learn=LEARN, choose=CHOOSE, epochs=20, batch=16)
    curve = train_captioner.Curve(out / "member0")
    curve.read()
    assert curve.points[-1]["loss"] < curve.points[0]["loss"] - 0.3
    images, texts = joint.encode(joint.load_members(out), inputs, split, CHOOSE)
    nearest = (texts @ images.t()).argmax(1).numpy() % len(SUBJECTS)
    own = np.repeat(CHOOSE % len(SUBJECTS), 5)
    assert np.mean(nearest == own) > 0.9


def _features_folder(path: Path) -> Path:
    np.save(path / "names.npy", np.random.default_rng(1).normal(size=(1000, 384)).astype("f4"))
    return path


def test_exported_graphs_do_the_same_sums(split: data.Split, tmp_path: Path) -> None:
    words = [*net.SPECIAL, *(f"w{i}" for i in range(60))]
    models = [_untrained(words, tmp_path / f"captioner{seed}.pt", seed) for seed in (3, 4)]
    inputs = joint.inputs_of(split, _features_folder(tmp_path), LEARN)
    for seed in range(joint.MEMBERS):
        torch.manual_seed(seed)
        state = {"image": joint.ImageHead().state_dict(), "text": joint.TextHead().state_dict()}
        torch.save(state, tmp_path / f"member{seed}.pt")
    pairs = joint.load_members(tmp_path)
    keep = joint.main_directions(*joint.encode(pairs, inputs, split, LEARN))
    numbers = {"mean": inputs.mean, "spread": inputs.spread, "keep": keep}
    np.savez(tmp_path / "standard.npz", **{name: t.numpy() for name, t in numbers.items()})

    captioners = sorted(tmp_path.glob("captioner*.pt"))
    export.export(captioners, tmp_path, tmp_path / "out", plain=True)

    cells = split.cells[:5].astype(np.float32) * np.float32(data.SCALE)
    labels = inputs.labels[:5].numpy()
    ours = JointSpace(tmp_path / "out", lambda: pytest.fail("no text here"), 1, 1)
    expected, _ = joint.encode(pairs, inputs, split, np.arange(5))
    expected = torch.nn.functional.normalize(expected @ keep, dim=1)
    assert np.abs(ours.images(cells, labels) - expected.numpy()).max() < 2e-3
    said = CaptionDecoder(tmp_path / "out", 1).say(cells, labels)
    spoken = [sentence.text.split() for sentence in said]
    ids = train_captioner.to_ids(spoken, words, models[0].shape.longest)
    chances = _chances(models, torch.from_numpy(cells), torch.from_numpy(labels), ids)
    for row, sentence in enumerate(said):
        count = len(spoken[row]) + (len(spoken[row]) < net.Shape(words=1).longest - 1)
        picked = [float(chances[row, at, ids[row, at + 1]]) for at in range(count)]
        assert sentence.mean_log_probability == pytest.approx(np.mean(picked), abs=2e-3)


def _untrained(words: list[str], path: Path, seed: int) -> net.Captioner:
    torch.manual_seed(seed)
    model = net.Captioner(net.Shape(words=len(words), **TINY)).eval()
    train_captioner.save(model, words, path)
    return model


@torch.no_grad()
def _chances(
    models: list[net.Captioner], cells: torch.Tensor, labels: torch.Tensor, ids: np.ndarray
) -> torch.Tensor:
    """Photos x places x words: what the members say together, by the mean of their scores."""
    said = torch.from_numpy(ids[:, :-1])
    everywhere = torch.ones(said.shape, dtype=torch.bool)
    scores = [model(model.remember(cells, labels), said, everywhere) for model in models]
    mean = torch.stack(scores).mean(0).view(*said.shape, -1)
    mean[..., [net.PAD, net.BOS, net.UNKNOWN]] = -1e9
    return mean.log_softmax(-1)


def test_members_of_other_words_do_not_speak_together(tmp_path: Path) -> None:
    for seed, word in enumerate(("dog", "cat")):
        _untrained([*net.SPECIAL, word], tmp_path / f"captioner{seed}.pt", seed)
    with pytest.raises(ValueError, match="do not share their words"):
        export.export(sorted(tmp_path.glob("captioner*.pt")), tmp_path, tmp_path / "out")


def test_stored_levels_lose_half_a_step_at_most(tmp_path: Path) -> None:
    graph, layer = onnx_layers.Writer("one"), torch.nn.Linear(64, 48)
    graph.graph.add("Identity", [graph.linear("x", layer)], "y")
    path = tmp_path / "one.onnx"
    graph.graph.save(path, [("x", np.float32, ("n", 64))], [("y", np.float32, ("n", 48))])
    whole = open_session(path, 1).run(["y"], {"x": np.eye(64, dtype=np.float32)})[0]
    large = path.stat().st_size

    packed = onnx_layers.quantise(path, least=1000)

    small = open_session(path, 1).run(["y"], {"x": np.eye(64, dtype=np.float32)})[0]
    step = layer.weight.abs().max(dim=1).values.detach().numpy() / 31
    assert (np.abs(small - whole) <= step / 2 + 1e-6).all()
    assert np.abs(small - whole).max() > 1e-4  # it was really made coarse
    assert not path.exists()
    assert packed.stat().st_size < 0.55 * large
