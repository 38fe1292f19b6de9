"""One suite of promises that every model keeps: the stub and the real ones alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mammothbox.errors import BadAnswer, Unsupported
from mammothbox.models import missing, open_models
from mammothbox.models.contracts import (
    Captioner,
    Embedder,
    Prompt,
    TextEmbedder,
    TextReader,
    Transcriber,
    Writer,
)
from mammothbox.models.stub import StubModels
from mammothbox.settings import load_settings
from tests.services.remote import served

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 60},
        "kind": {"enum": ["animal", "vehicle", "other"]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 3},
    },
    "required": ["title", "kind", "tags"],
    "additionalProperties": False,
}


class Leases(Protocol):
    """What `Models` and `StubModels` share."""

    def captioner(self) -> AbstractContextManager[Captioner]: ...
    def embedder(self) -> AbstractContextManager[Embedder]: ...
    def text_embedder(self) -> AbstractContextManager[TextEmbedder]: ...
    def transcriber(self) -> AbstractContextManager[Transcriber]: ...
    def writer(self) -> AbstractContextManager[Writer]: ...
    def reader(self) -> AbstractContextManager[TextReader]: ...


@pytest.fixture(
    scope="module", params=["stub", "service", pytest.param("real", marks=pytest.mark.real)]
)
def models(request: pytest.FixtureRequest, absent, tmp_path_factory) -> Iterator[Leases]:
    if request.param == "stub":
        yield StubModels()
        return
    if request.param == "service":
        with served(tmp_path_factory.mktemp("served")) as behind_services:
            yield behind_services
        return
    settings = load_settings()
    if missing(settings):
        absent("no lite weights on disk; run: mammothbox models pull lite")
    with open_models(settings) as opened:
        yield opened


def red(height: int = 48, width: int = 65) -> np.ndarray:
    return np.full((height, width, 3), (250, 10, 10), np.uint8)


def blue() -> np.ndarray:
    return np.full((50, 40, 3), (10, 10, 250), np.uint8)


def test_captions_come_one_an_image_and_in_order(models: Leases) -> None:
    with models.captioner() as captioner:
        together = captioner.caption([red(), blue(), red()])
        alone = captioner.caption([blue()])

    assert [c.text for c in together] == [together[0].text, alone[0].text, together[0].text]
    for caption in together:
        assert caption.text
        assert "\n" not in caption.text
        assert 0 <= caption.confidence <= 1
        shares = [share for _, share in caption.labels]
        assert shares == sorted(shares, reverse=True)
    assert captioner.caption([]) == []


def test_a_captioner_that_cannot_look_again_says_so(models: Leases) -> None:
    with models.captioner() as captioner, pytest.raises(Unsupported):
        captioner.ask(red(), "What colour is it?")


def test_pictures_and_sentences_share_a_space_of_unit_vectors(models: Leases) -> None:
    with models.embedder() as embedder:
        pictures = embedder.embed_images([red(), blue()])
        sentences = embedder.embed_texts(["red", "a blue thing", ""])
        nothing = embedder.embed_images([])

    for vectors in (pictures, sentences):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == embedder.card.dimensions == 512
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert nothing.shape == (0, 512)


def test_a_picture_has_the_same_vector_alone_and_in_company(models: Leases) -> None:
    with models.embedder() as embedder:
        alone = embedder.embed_images([blue()])[0]
        company = embedder.embed_images([red(90, 30), blue(), red()])[1]

    assert float(alone @ company) >= 0.999


def test_texts_that_share_words_are_nearer(models: Leases) -> None:
    with models.text_embedder() as embedder:
        vectors = embedder.embed_texts(
            ["the invoice is due in May", "payment of the invoice", "a dog swims"]
        )

    assert vectors.shape == (3, embedder.card.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert float(vectors[0] @ vectors[1]) > float(vectors[0] @ vectors[2])


def test_many_texts_keep_their_order(models: Leases) -> None:
    texts = [f"word{n} " * (n % 7 + 1) for n in range(150)]
    with models.text_embedder() as embedder:
        together = embedder.embed_texts(texts)
        alone = embedder.embed_texts(texts[97:98])

    assert together.shape[0] == 150
    assert float(together[97] @ alone[0]) >= 0.999


@pytest.mark.parametrize("seconds", [0.0, 0.01, 2.5])
def test_silence_says_nothing(models: Leases, seconds: float) -> None:
    with models.transcriber() as transcriber:
        transcript = transcriber.transcribe(np.zeros(int(seconds * 16_000), np.float32))

    assert transcript.segments == ()
    assert (transcript.language, transcript.language_probability) == ("", 0.0)


def test_answers_fit_their_schema_and_keep_their_order(models: Leases) -> None:
    animals = ["dog", "horse", "truck", "cat", "bus"]
    prompts = [
        Prompt("Answer with JSON that describes the data.", f"<data>a {name}</data>", SCHEMA, 80)
        for name in animals
    ]
    with models.writer() as writer:
        answers = writer.write(prompts)

    for name, answer in zip(animals, answers, strict=True):
        assert isinstance(answer, dict)
        assert set(answer) == {"title", "kind", "tags"}
        assert answer["kind"] in SCHEMA["properties"]["kind"]["enum"]
        assert name in str(answer).lower()
        assert len(answer["title"]) <= 60
        assert len(answer["tags"]) <= 3
    assert writer.context_tokens >= 4096
    assert writer.write([]) == []


def test_a_prompt_that_cannot_be_answered_fails_alone(models: Leases) -> None:
    good = Prompt("Answer with JSON.", "<data>a dog</data>", SCHEMA, 80)
    bad = Prompt("Answer with JSON.", "<data>a dog</data>", {"type": "string", "maxLength": 9}, 20)
    with models.writer() as writer:
        answers = writer.write([good, bad, good])

    assert [isinstance(answer, BadAnswer) for answer in answers] == [False, True, False]


def test_a_plain_picture_has_no_text(models: Leases) -> None:
    with models.reader() as reader:
        assert reader.read([red(), np.full((64, 64, 3), 255, np.uint8)]) == [[], []]
        assert reader.read([]) == []


def test_text_is_read_inside_its_box(models: Leases) -> None:
    page = Image.new("RGB", (640, 200), "white")
    font = ImageFont.load_default(48)
    ImageDraw.Draw(page).text((120, 60), "Mammoth 1234", fill="black", font=font)
    with models.reader() as reader:
        ((line,),) = reader.read([np.asarray(page)])

    x0, y0, x1, y1 = line.box
    assert 100 < x0 < 140
    assert 40 < y0 < y1 < 130
    assert x1 < 560
    assert 0 <= line.confidence <= 1
    assert line.text in ("dark", "Mammoth 1234")
