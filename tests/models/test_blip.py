"""BLIP-2 against the reference implementation, on a small random checkpoint in the hub's format.

Needs the extra `reference` (transformers and torch), and fails without it where CI is set.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models.engines.blip import MOST, QUESTION, BlipEngine
from mammothbox.models.engines.blip_pixels import prepare
from mammothbox.models.graphs import blip2
from tests.models.tiny_blip import QUESTIONS, engine, photos, publish, reference_of


@pytest.fixture(scope="session")
def reference() -> Any:
    reference_of("torch")
    return reference_of("transformers")


@pytest.fixture(scope="session")
def published(reference: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(reference, tmp_path_factory.mktemp("blip"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs of all kinds, built once."""
    return tmp_path_factory.mktemp("built")


@pytest.fixture(scope="session")
def exact(published: Path, built: Path) -> BlipEngine:
    return engine(published, built, "fp32")


@pytest.fixture(scope="session")
def model(reference: Any, published: Path) -> Any:
    return reference.Blip2ForConditionalGeneration.from_pretrained(published).eval()


@pytest.fixture(scope="session")
def processor(reference: Any, published: Path) -> Any:
    pixels = reference.BlipImageProcessorPil.from_pretrained(published)
    words = reference.AutoTokenizer.from_pretrained(published)
    return reference.Blip2Processor(pixels, words, num_query_tokens=8)


def asked(model: Any, processor: Any, photo: np.ndarray, prompt: str) -> list[int]:
    """Token ids of the reference's answer, without the prompt and the end."""
    from PIL import Image

    given = processor(images=Image.fromarray(photo), text=prompt, return_tensors="pt")
    out = model.generate(**given, max_new_tokens=MOST, do_sample=False)[0].tolist()
    new = out[given["input_ids"].shape[1] :]
    end = model.config.text_config.eos_token_id
    return new[: new.index(end)] if end in new else new


PROMPTS = ["", "a photo of", *(QUESTION.format(question) for question in QUESTIONS)]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_words_are_those_of_the_reference(
    exact: BlipEngine, model: Any, processor: Any, prompt: str
) -> None:
    """Captions and answers, token for token, several pictures side by side."""
    wanted = [asked(model, processor, photo, prompt) for photo in photos()]
    features = exact.features(photos())
    found = exact.speaker.say(exact.states(features, prompt), MOST)
    assert [list(words.ids) for words in found] == wanted
    assert len({tuple(ids) for ids in wanted}) > 1, "the pictures are told apart"
    assert all(0 < words.confidence <= 1 for words in found)


def test_sentences_are_spelt_as_the_reference_does(
    exact: BlipEngine, model: Any, processor: Any
) -> None:
    for photo in photos()[:2]:
        caption = processor.tokenizer.decode(asked(model, processor, photo, "")).strip()
        assert exact.caption([photo])[0].text == caption
        prompt = QUESTION.format(QUESTIONS[0])
        answer = processor.tokenizer.decode(asked(model, processor, photo, prompt)).strip()
        assert exact.ask(photo, QUESTIONS[0]).text == answer


def test_prompts_are_cut_as_the_reference_does(exact: BlipEngine, processor: Any) -> None:
    for prompt in PROMPTS:
        given = processor(images=photos()[0], text=prompt)["input_ids"][0]
        assert exact.prompt_ids(prompt) == list(given)[8:]


def test_pictures_are_prepared_as_the_reference_does(reference: Any, published: Path) -> None:
    from PIL import Image

    processor = reference.BlipImageProcessorPil.from_pretrained(published)
    how = json.loads((published / "preprocessor_config.json").read_text())
    for photo in photos():
        (wanted,) = processor(Image.fromarray(photo), return_tensors="np")["pixel_values"]
        assert np.abs(prepare(photo, how) - wanted).max() < 1e-5, photo.shape


@pytest.mark.parametrize(("kind", "least"), [("fp32", 0.99999), ("int8", 0.99), ("blocks8", 0.99)])
def test_features_are_those_of_the_reference(
    published: Path, built: Path, model: Any, processor: Any, kind: str, least: float
) -> None:
    import torch

    pixels = processor.image_processor(photos(), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        wanted = model.get_image_features(pixels).pooler_output.numpy()
    found = engine(published, built, "fp32", kind).features(photos())
    assert found.shape == wanted.shape == (len(photos()), 8, 128)
    flat = found.reshape(len(found), -1), wanted.reshape(len(wanted), -1)
    cosines = _cosine(*flat)
    print(f"vision {kind}: cosine of features {cosines.min():.5f} at least")
    assert cosines.min() >= least
    assert _cosine(flat[1][:1], flat[1][1:]).max() < least, "the reference tells them apart"


def _cosine(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return (one * two).sum(axis=1) / lengths


@pytest.mark.parametrize(("kind", "least"), [("fp32", 1.0), ("int8", 0.9), ("int4", 0.4)])
def test_few_bits_mostly_choose_the_same_word(
    published: Path, built: Path, exact: BlipEngine, kind: str, least: float
) -> None:
    """At every place of the exact answers; the figure is printed."""
    few = engine(published, built, kind, "fp32" if kind == "fp32" else "int8")
    same = []
    for prompt in PROMPTS:
        states = exact.states(exact.features(photos()), prompt)
        rough = few.states(few.features(photos()), prompt)
        (said, cache), (heard, other) = exact.speaker.start(states), few.speaker.start(rough)
        for _ in range(MOST):
            best = said.argmax(axis=1)
            same += (best == heard.argmax(axis=1)).tolist()
            word = best[:, None]
            said, cache = exact.speaker.go_on(exact.speaker.vectors(word), cache)
            heard, other = few.speaker.go_on(few.speaker.vectors(word), other)
    agreement = float(np.mean(same))
    print(f"language {kind}: the most probable word agrees at {agreement:.3f} of {len(same)}")
    assert agreement >= least


def test_one_alone_is_as_in_company(exact: BlipEngine) -> None:
    together = exact.caption(photos())
    alone = [exact.caption([photo])[0] for photo in photos()]
    assert [said.text for said in together] == [said.text for said in alone]
    assert exact.caption([]) == []


def test_a_caption_is_never_empty(published: Path, built: Path, exact: BlipEngine) -> None:
    """Also where the model would end at once, as it is made to do here."""
    photo = photos()[0]
    (words,) = exact.speaker.say(exact.states(exact.features([photo]), ""), MOST)
    ending = engine(published, built, "fp32")
    ending._text = {**ending._text, "eos_token_id": words.ids[0]}
    states = ending.states(ending.features([photo]), "")
    assert ending.speaker.say(states, MOST)[0].ids == ()
    assert ending.speaker.say(states, MOST, something=True)[0].ids != ()
    assert ending.caption([photo])[0].text


def test_a_picture_is_looked_at_once(published: Path, built: Path) -> None:
    fresh = engine(published, built, "fp32")
    photo = photos()[0]
    fresh.caption([photo, photo])
    for question in QUESTIONS:
        fresh.ask(photo.copy(), question)
    assert fresh.looked == 1
    fresh.ask(photos()[1], QUESTIONS[0])
    assert fresh.looked == 2


def test_one_file_or_many_is_the_same_network(
    reference: Any, published: Path, exact: BlipEngine, tmp_path: Path
) -> None:
    whole = publish(reference, tmp_path / "whole", "5GB")
    assert (whole / "model.safetensors").is_file()
    assert len(list(published.glob("model-*.safetensors"))) > 2
    features = engine(whole, tmp_path, "fp32").features(photos())
    assert np.array_equal(features, exact.features(photos()))


def test_another_network_is_refused(published: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(published, broken)
    target = tmp_path / blip2.file_name(blip2.SPEAK, "int4")
    config = json.loads((broken / "config.json").read_text())
    config["text_config"]["model_type"] = "t5"
    (broken / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsCorrupt, match="t5"):
        blip2.build(broken, target)
    shard = sorted(broken.glob("model-*.safetensors"))[1]
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(WeightsCorrupt, match="cut short"):
        blip2.build(broken, target)
    shard.unlink()
    with pytest.raises(WeightsMissing, match=shard.name):
        blip2.build(broken, target)
    assert not target.exists()
