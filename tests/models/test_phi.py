"""The reference writer's architecture, small and random: it loads and keeps to a schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammothbox.models import Models, open_models
from mammothbox.models.catalog import MODELS
from mammothbox.models.contracts import Prompt
from mammothbox.models.sources import from_directory
from mammothbox.settings import Settings, load_settings
from tests.models import tiny_phi

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["dog", "horse"]},
        "sure": {"type": "boolean"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 2},
    },
    "required": ["kind", "sure", "tags"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    cache = tmp_path_factory.mktemp("cache")
    folder = cache / "models" / "phi-3.5-mini-instruct"
    folder.mkdir(parents=True)
    tiny_phi.write(folder / "model.gguf")
    return load_settings({}, cache=cache, leases=cache / "leases", profile="full", threads=1)


@pytest.fixture(scope="module")
def models(settings: Settings) -> Iterator[Models]:
    with open_models(settings) as opened:
        yield opened


def test_its_answers_fit_their_schema(models: Models) -> None:
    prompts = [Prompt("Answer with JSON.", f"<data>{n}</data>", SCHEMA, 60) for n in range(5)]
    with models.writer() as writer:
        assert writer.card.id == "phi-3.5-mini-instruct"
        answers = writer.write(prompts)
    for answer in answers:
        assert isinstance(answer, dict), answer
        assert answer["kind"] in ("dog", "horse")
        assert isinstance(answer["sure"], bool)
        assert len(answer["tags"]) == 2


def test_the_same_prompt_gives_the_same_answer(models: Models) -> None:
    prompt = Prompt("Answer with JSON.", "<data>steady</data>", SCHEMA, 60, steady=True)
    with models.writer() as writer:
        assert writer.write([prompt]) == writer.write([prompt])


def test_it_streams(models: Models) -> None:
    asked = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    with models.writer() as writer:
        chunks = list(writer.chat_stream(asked))
    assert chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length")


def test_its_temporary_files_go_with_its_folder(settings: Settings) -> None:
    with open_models(settings) as opened, opened.writer() as writer:
        asked = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
        assert writer.chat(asked)["choices"]
        folder = opened._folder
        assert [path.name for path in folder.iterdir() if path.name.startswith("mb-")]
    assert not folder.exists()


def test_a_reader_who_leaves_stops_the_writer(models: Models) -> None:
    asked = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4000}
    with models.writer() as writer:
        chunks = writer.chat_stream(asked)
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
        # All four slots are free again at once: a left one would hold its slot for long.
        short = {**asked, "max_tokens": 2}
        assert all(writer.chat(short)["choices"] for _ in range(5))


@pytest.mark.parametrize(
    "name",
    [
        "phi-3.5-mini-instruct/model.gguf",
        "Phi-3.5-mini-instruct-Q4_K_M.gguf",
        "Phi-3.5-mini-instruct-GGUF/Phi-3.5-mini-instruct-Q4_K_M.gguf",
    ],
)
def test_it_comes_from_a_folder_under_any_of_its_names(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    own = settings.cache / "models" / "phi-3.5-mini-instruct" / "model.gguf"
    place = tmp_path / "stick" / name
    place.parent.mkdir(parents=True)
    place.write_bytes(own.read_bytes())
    (file,) = MODELS["phi-3.5-mini-instruct"].files
    target = tmp_path / "fetched"
    from_directory(file, tmp_path / "stick", tmp_path, target, lambda _: None)
    assert target.read_bytes() == own.read_bytes()
