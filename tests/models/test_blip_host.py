"""BLIP-2 from a pull to answers: parts fetched and dropped, graphs built, a host, a lease.

A small random checkpoint of the same make stands for the published one (`tiny_blip`).
"""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mammothbox.errors import UsageError, WeightsMissing
from mammothbox.model_plan import model_plan
from mammothbox.models import catalog, open_models, pulling
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import BLIP2, BLIP2_INT8
from mammothbox.models.derived import build_missing
from mammothbox.models.graphs import blip2
from mammothbox.models.pulling import PullProgress
from mammothbox.settings import Settings, load_settings
from mammothbox.understand.question import LOOKED, answer
from tests.models.tiny_blip import QUESTIONS, engine, photos, publish, reference_of


@pytest.fixture(scope="session")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the hub's repository, as a person would bring it."""
    reference_of("torch")
    folder = tmp_path_factory.mktemp("stick")
    publish(reference_of("transformers"), folder / "blip2-opt-2.7b")
    return folder


def settings_of(tmp_path: Path, **more: Any) -> Settings:
    return load_settings(
        {}, cache=tmp_path, leases=tmp_path / "leases", profile="full", threads=1, **more
    )


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """BLIP-2 is the whole profile, and takes no disk to speak of."""
    small = replace(BLIP2, index_bytes=1000, built_bytes=1000)
    monkeypatch.setattr(catalog, "PROFILES", {"full": dict.fromkeys(catalog.CONTRACTS, small)})
    monkeypatch.setattr(catalog, "CHOICES", {"full": {}})


def test_a_pull_brings_the_parts_builds_and_drops_them(
    stick: Path, tmp_path: Path, alone: None
) -> None:
    settings, seen = settings_of(tmp_path), []
    pulling.pull(settings, "full", seen.append, source_dir=stick)
    folder = tmp_path / "models" / "blip2-opt-2.7b"
    fetched = {event.name for event in seen if event.phase == "fetching"}
    parts = {path.name for path in (stick / "blip2-opt-2.7b").glob("model-*.safetensors")}
    assert len(parts) > 2
    assert fetched == {file.name for file in BLIP2.files} | parts
    assert not list(folder.glob("*.safetensors")), "nothing needs the parts any more"
    assert {path.name for path in folder.glob("*.sha256")} >= {f"{name}.sha256" for name in parts}
    assert {graph for _, graph in BLIP2.derived} <= {path.name for path in folder.iterdir()}
    assert pulling.missing(settings) == []
    seen.clear()
    pulling.pull(settings, "full", seen.append, source_dir=tmp_path / "nowhere")
    assert [event.phase for event in seen] == ["done"]


def test_what_the_hub_s_own_client_fetched_is_taken(
    stick: Path, tmp_path: Path, alone: None
) -> None:
    """From its folder, whose files stay as they are, and without a connection."""
    repo = tmp_path / "hub-home" / "hub" / "models--Salesforce--blip2-opt-2.7b"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text("abc123")
    shutil.copytree(stick / "blip2-opt-2.7b", repo / "snapshots" / "abc123")
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    settings = load_settings(
        {"HF_HOME": str(tmp_path / "hub-home")}, cache=tmp_path / "cache", profile="full"
    )
    pulling.pull(settings, "full", lambda _: None)
    assert pulling.missing(settings) == []
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before


def test_a_lost_graph_asks_for_the_parts_again(stick: Path, tmp_path: Path, alone: None) -> None:
    settings = settings_of(tmp_path)
    pulling.pull(settings, "full", lambda _: None, source_dir=stick)
    graphs = [tmp_path / "models" / "blip2-opt-2.7b" / graph for _, graph in BLIP2.derived]
    before = {path: path.stat().st_mtime_ns for path in graphs}
    graphs[1].unlink()
    lacking = {file.name for file in pulling.missing(settings)}
    assert lacking == {path.name for path in (stick / "blip2-opt-2.7b").glob("model-*")} - {
        "model.safetensors.index.json"
    }
    with pytest.raises(WeightsMissing, match="pull full"), open_models(settings) as models:
        models.require()
    events: list[PullProgress] = []
    pulling.pull(settings, "full", events.append, source_dir=stick)
    assert "building" in {event.phase for event in events}
    changed = {path for path in graphs if path.stat().st_mtime_ns != before[path]}
    assert changed == {graphs[1]}, "what was whole is not built again"


def test_the_disk_it_needs_is_said_before_anything_comes(tmp_path: Path) -> None:
    """15 GB of parts, and what is built of them."""
    size = pulling.pull_size(settings_of(tmp_path), "full")
    assert 14.5e9 < size.download_bytes < 15.8e9
    assert size.disk_bytes > 17.5e9
    bits8 = pulling.pull_size(settings_of(tmp_path, captioner="blip2-opt-2.7b-int8"), "full")
    assert bits8.disk_bytes > size.disk_bytes


def test_another_index_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    from mammothbox.errors import WeightsCorrupt

    folder = tmp_path / "models" / "blip2-opt-2.7b"
    folder.mkdir(parents=True)
    index = folder / "model.safetensors.index.json"
    index.write_text('{"weight_map": {"a": "../../.bashrc"}}')
    with pytest.raises(WeightsCorrupt, match="no file beside it"):
        Cache(tmp_path).missing([BLIP2])


@pytest.mark.parametrize("model", [BLIP2, BLIP2_INT8])
def test_a_host_of_the_full_profile_serves_it(stick: Path, tmp_path: Path, model: Any) -> None:
    """Captions with and without a prompt, and answers, as the engine gives them."""
    folder = tmp_path / "models" / model.id
    shutil.copytree(stick / "blip2-opt-2.7b", folder)
    settings = settings_of(tmp_path, captioner=model.id)
    build_missing(model, Cache(tmp_path))
    direct = engine(stick / "blip2-opt-2.7b", tmp_path / "direct", model.kind, "int8")
    asked = photos()[1]
    with open_models(settings) as models, models.captioner() as captioner:
        assert captioner.card == models.cards()["captioner"]
        assert captioner.card.answers
        plain = captioner.caption(photos())
        told = captioner.caption(photos(), "a photo of")
        answers = [captioner.ask(asked, question) for question in QUESTIONS]
        assert captioner.caption([]) == []
        assert models.pids().keys() == {"blip"}
        item = {"path": "/p/dog.jpg", "kind": "image", "taken_at": "2019-03-04"}
        found = answer(item, QUESTIONS[0], models, lambda: asked)
        assert answer(item, "when was this taken?", models, lambda: asked).text == "2019-03-04"
    assert [one.text for one in plain] == [one.text for one in direct.caption(photos())]
    assert [one.text for one in told] == [
        one.text for one in direct.caption(photos(), "a photo of")
    ]
    assert [one.text for one in answers] == [direct.ask(asked, q).text for q in QUESTIONS]
    assert len({one.text for one in plain}) > 1
    assert (found.text, found.source, found.model) == (answers[0].text, LOOKED, model.id)
    assert all(0 < one.confidence <= 1 and one.labels == () for one in [*plain, *answers])


def test_the_official_client_asks_the_service(stick: Path, tmp_path: Path) -> None:
    """A caption, a caption that goes on, an answer; over HTTP from the client as it comes."""
    import io

    from PIL import Image

    from tests.services.running import client, look, running

    folder = tmp_path / "models" / BLIP2.id
    shutil.copytree(stick / "blip2-opt-2.7b", folder)
    build_missing(BLIP2, Cache(tmp_path))
    direct = engine(stick / "blip2-opt-2.7b", tmp_path / "direct", BLIP2.kind, "int8")
    photo, data = photos()[1], io.BytesIO()
    Image.fromarray(photo).save(data, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
    with (
        open_models(settings_of(tmp_path)) as models,
        running("blip", models) as service,
        client(service) as official,
    ):

        def told(words: str) -> str | None:
            given = look(url, words) if words else look(url)
            found = official.chat.completions.create(model="blip", messages=given)
            return found.choices[0].message.content

        assert told("") == direct.caption([photo])[0].text
        assert told("a photo of") == direct.caption([photo], "a photo of")[0].text
        assert told(QUESTIONS[0]) == direct.ask(photo, QUESTIONS[0]).text
        listed = official.models.list().data[0]
        assert listed.id == BLIP2.id
        assert listed.model_dump()["mammothbox"]["answers"] is True


def test_a_question_without_end_is_refused(stick: Path, tmp_path: Path) -> None:
    ours = engine(stick / "blip2-opt-2.7b", tmp_path, "int4", "int8")
    with pytest.raises(UsageError, match="long"):
        ours.ask(photos()[0], "why " * 3000)
    assert isinstance(ours.ask(photos()[0], "why").text, str)


def test_the_plan_knows_both_choices(tmp_path: Path) -> None:
    kinds = {}
    for model in (BLIP2, BLIP2_INT8):
        settings = replace(settings_of(tmp_path, captioner=model.id), memory_bytes=6_000_000_000)
        (choice,) = (c for c in model_plan(settings, "full").choices if c.contract == "captioner")
        kinds[choice.model] = (choice.kind, choice.total_bytes)
    assert kinds["blip2-opt-2.7b"][0] == "int4"
    assert kinds["blip2-opt-2.7b-int8"][0] == "int8"
    assert kinds["blip2-opt-2.7b"][1] < kinds["blip2-opt-2.7b-int8"][1]


def test_files_are_named_as_the_catalog_says() -> None:
    for model in (BLIP2, BLIP2_INT8):
        kinds = (("int8", blip2.LOOK), (model.kind, blip2.SPEAK), ("fp16", blip2.WORDS))
        names = [blip2.file_name(stem, kind) for kind, stem in kinds]
        assert [graph for _, graph in model.derived] == names
        assert all(blip2.is_ours(Path(name)) for name in names)
