"""The arithmetic of what fits: sizes known from elsewhere, and rules that hold for any budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammothbox.interfaces.cli.border import run
from mammothbox.model_plan import ModelPlan, model_plan
from mammothbox.models.shapes import PUBLISHED, READERS
from mammothbox.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("phi-3.5-mini-instruct", 3.82e9),
        ("clip-vit-base-patch32", 151.3e6),
        ("whisper-base", 72.6e6),
        ("whisper-small", 241.7e6),
        ("blip2-opt-2.7b", 3.74e9),
    ],
)
def test_sizes_follow_from_configs(model: str, parameters: float) -> None:
    """The figures are those that the publishers print."""
    found = READERS[model](PUBLISHED[model]).parameters
    assert found == pytest.approx(parameters, rel=0.01)


def test_a_token_of_the_reference_writer_takes_393_kilobytes() -> None:
    shape = READERS["phi-3.5-mini-instruct"](PUBLISHED["phi-3.5-mini-instruct"])
    assert shape.cache_values * 2 == 393_216


def planned(budget: int, profile: str = "full", *, gpu: bool = False) -> ModelPlan:
    return model_plan(Settings(memory_bytes=budget, cache=Path("/nowhere")), profile, gpu=gpu)


def test_the_reference_models_in_six_gigabytes() -> None:
    found = planned(6_000_000_000)
    choices = {choice.contract: choice for choice in found.choices}
    assert found.lacking == ()
    assert choices["writer"].kind == "q4_k_m"
    assert choices["writer"].context >= 8192
    assert any("128K" in reason for reason in choices["writer"].reasons)
    assert choices["captioner"].kind == "int4"
    assert {"blip2-opt-2.7b", "phi-3.5-mini-instruct"} <= set(found.turns)
    assert {"clip-vit-base-patch32", "minilm"} <= set(found.together)


def test_a_gpu_of_eighty_gigabytes_has_the_whole_window() -> None:
    found = planned(80_000_000_000, gpu=True)
    writer = next(choice for choice in found.choices if choice.contract == "writer")
    assert (writer.kind, writer.context, writer.cache) == ("fp16", 131072, "fp16")
    assert found.room_bytes == 80_000_000_000


def test_a_host_takes_more_of_a_gpu_than_its_weights() -> None:
    """The driver's own share of each process; measured there BLIP-2 takes 4.1 GB."""
    here, there = (planned(6_000_000_000, gpu=gpu).choices for gpu in (False, True))
    size = {choice.contract: choice.total_bytes for choice in there}
    assert size["captioner"] == pytest.approx(4.1e9, rel=0.05)
    assert all(one.total_bytes <= size[one.contract] for one in here if one.contract != "writer")


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 100), st.sampled_from(["lite", "full"]), st.booleans())
def test_no_plan_is_over_its_budget(gigabytes: int, profile: str, gpu: bool) -> None:
    found = planned(gigabytes * 10**9, profile, gpu=gpu)
    size = {choice.model: choice.total_bytes for choice in found.choices}
    beside = sum(size[name] for name in found.together)
    assert beside <= found.room_bytes
    assert all(beside + size[name] <= found.room_bytes for name in found.turns)
    placed = {*found.together, *found.turns, *found.lacking}
    assert placed == set(size)
    assert all(choice.reasons for choice in found.choices if not choice.kind)


def test_a_config_on_disk_goes_before_what_is_known_by_heart(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "phi-3.5-mini-instruct"
    folder.mkdir(parents=True)
    small = {**PUBLISHED["phi-3.5-mini-instruct"], "num_hidden_layers": 2}
    (folder / "config.json").write_text(json.dumps(small))
    chosen = load_settings({}, cache=tmp_path, memory_bytes=6 * 10**9)
    writer = next(c for c in model_plan(chosen, "full").choices if c.contract == "writer")
    assert writer.kind == "fp16"
    assert writer.context == 131072


def test_the_command_says_what_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["models", "plan", "--profile", "full", "--budget"]
    assert run([*line, "6GB"]) == 0
    told = capsys.readouterr().out
    assert "taking turns" in told
    assert run([*line, "2GB"]) == 4
    assert "does not fit" in capsys.readouterr().out
    assert run([*line, "6GB", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lacking"] == []
