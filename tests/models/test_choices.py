"""Models that a person may choose in the place of a profile's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammothbox import settings as words
from mammothbox.errors import UsageError, WeightsCorrupt
from mammothbox.models import catalog, open_models, pull
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import (
    CHOICES,
    CONTRACTS,
    MODELS,
    OCR,
    PROFILES,
    WHISPER_BASE,
    model_for,
    models_of,
    setting_for,
)
from mammothbox.models.manifest import HubFile
from mammothbox.models.speech_models import SPEECH
from mammothbox.settings import Settings, load_settings


def test_the_settings_know_the_very_models_of_the_catalog() -> None:
    for contract in ("transcriber", "embedder"):
        offered = {model.id for by in CHOICES.values() for model in by.get(contract, ())}
        assert {"", *offered} == set(words._CHOICES[contract])
    with pytest.raises(UsageError, match="whisper-small"):
        load_settings({"MAMMOTHBOX_TRANSCRIBER": "whisper-huge"})


def test_a_choice_takes_the_place_of_the_profiles_own_and_of_no_other() -> None:
    for profile, by in CHOICES.items():
        for contract, models in by.items():
            assert models[0] is PROFILES[profile][contract], "the default stands first"
            for model in models:
                setting, value = setting_for(model.id)
                chosen = load_settings({}, profile=profile, **{setting: value})
                assert model_for(chosen, contract) is model
                others = [c for c in CONTRACTS if c != contract]
                plain = load_settings({}, profile=profile)
                assert [model_for(chosen, c) for c in others] == [
                    model_for(plain, c) for c in others
                ]


def test_the_space_of_the_full_profile_is_not_that_of_the_small_one() -> None:
    """One setting serves both profiles; the small one has nothing to choose there."""
    chosen = Settings(profile="lite", embedder="clip-vit-b-32-laion2b-s34b-b79k")
    assert model_for(chosen, "embedder") is PROFILES["lite"]["embedder"]


def test_what_is_no_choice_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="whisper-large-v3-turbo"):
        setting_for("minilm")


@pytest.mark.parametrize("name", ["whisper-small", "whisper-large-v3-turbo"])
def test_a_larger_transcriber_comes_from_a_copy_of_the_hub(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files by the hub's names; the first pull records their hashes, the next one holds to them."""
    alone = dict.fromkeys(CONTRACTS, OCR) | {"transcriber": WHISPER_BASE}
    monkeypatch.setattr(catalog, "PROFILES", {"lite": alone})
    monkeypatch.setattr(catalog, "CHOICES", {"lite": {"transcriber": SPEECH}})
    chosen = load_settings({}, cache=tmp_path / "cache", transcriber=name)
    model = model_for(chosen, "transcriber")
    assert [each.id for each in models_of(chosen)] == ["pp-ocrv6-small", name]
    for file in model.files:
        (source,) = file.sources
        assert isinstance(source, HubFile)
        place = tmp_path / "stick" / source.repo.rpartition("/")[2] / source.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(f"{name} {source.path}".encode())
    before = open_models(chosen).cards()["transcriber"]

    pull(chosen, "lite", lambda _: None, tmp_path / "stick")

    cache = Cache(chosen.cache)
    assert not cache.missing([model])
    after = open_models(chosen).cards()["transcriber"]
    assert (before.id, after.id) == (name, name)
    assert before.revision != after.revision, "the revision covers the bytes that came"
    cache.path(model.files[0]).unlink()
    place = tmp_path / "stick" / model.files[0].sources[0].repo.rpartition("/")[2] / "model.bin"  # type: ignore[union-attr]
    place.write_bytes(b"other bytes")
    with pytest.raises(WeightsCorrupt, match=name):
        pull(chosen, "lite", lambda _: None, tmp_path / "stick")


def test_every_choice_is_a_model_with_an_engine() -> None:
    for by in CHOICES.values():
        for models in by.values():
            assert all(MODELS[model.id] is model and model.engine for model in models)
