"""The official client of the OpenAI API, unchanged, against every service."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import openai
import pytest

from mammothbox.models.stub import StubEmbedder, StubTextEmbedder
from tests.services.running import client, look, png, running, wav


@pytest.fixture(scope="module")
def blip() -> Iterator[str]:
    with running("blip") as url:
        yield url


@pytest.fixture(scope="module")
def whisper() -> Iterator[str]:
    with running("whisper") as url:
        yield url


@pytest.fixture(scope="module")
def phi35() -> Iterator[str]:
    with running("phi35") as url:
        yield url


@pytest.fixture(scope="module")
def clip() -> Iterator[str]:
    with running("clip") as url:
        yield url


def test_a_picture_is_described(blip: str) -> None:
    answer = client(blip).chat.completions.create(model="blip", messages=look(png((250, 0, 0))))
    assert answer.choices[0].message.content == "probably: red"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "stub-captioner"


def test_a_caption_can_be_streamed(blip: str) -> None:
    chunks = client(blip).chat.completions.create(
        model="", messages=look(png((0, 0, 250))), stream=True
    )
    words = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(words) == "probably: blue"
    assert len(words) > 2


def test_a_question_that_the_model_cannot_answer_is_refused(blip: str) -> None:
    with pytest.raises(openai.APIStatusError, match="answers no questions") as caught:
        client(blip).chat.completions.create(
            model="blip", messages=look(png((0, 0, 0)), "How many people?")
        )
    assert caught.value.status_code == 415
    assert caught.value.code == "Unsupported"


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("https://example.org/a.png", 400, "UsageError"),
        ("data:image/png;base64,%%%", 422, "Corrupt"),
        ("data:image/png;base64,aGVsbG8=", 422, "Corrupt"),
    ],
)
def test_a_bad_picture_is_named(blip: str, url: str, status: int, code: str) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client(blip).chat.completions.create(model="blip", messages=look(url))
    assert (caught.value.status_code, caught.value.code) == (status, code)


def test_the_models_are_listed(clip: str) -> None:
    api = client(clip)
    (model,) = api.models.list().data
    assert model.id == "stub-embedder"
    assert api.models.retrieve("stub-embedder").id == "stub-embedder"
    with pytest.raises(openai.NotFoundError):
        api.models.retrieve("another")
    with pytest.raises(openai.NotFoundError, match="stub-embedder"):
        api.embeddings.create(model="another", input="x")


@pytest.mark.parametrize("form", ["float", "base64"])
def test_sentences_become_vectors(clip: str, form: str) -> None:
    texts = ["a red thing", "blue"]
    answer = client(clip).embeddings.create(
        model="clip",
        input=texts,
        encoding_format=form,  # type: ignore[arg-type]
    )
    assert [item.index for item in answer.data] == [0, 1]
    wanted = StubEmbedder().embed_texts(texts)
    found = [item.embedding for item in answer.data]
    if form == "base64":
        found = [np.frombuffer(__import__("base64").b64decode(v), "<f4") for v in found]
    assert np.allclose(found, wanted, atol=1e-6)


def test_pictures_become_vectors_of_the_same_space(clip: str) -> None:
    answer = client(clip).embeddings.create(
        model="clip",
        input=[png((255, 0, 0)), png((0, 0, 255))],
        extra_body={"modality": "image"},
    )
    wanted = StubEmbedder().embed_texts(["red", "blue"])
    assert np.allclose([item.embedding for item in answer.data], wanted, atol=1e-6)


def test_text_vectors_have_a_service_of_their_own() -> None:
    with running("text") as url:
        answer = client(url).embeddings.create(model="text", input="an invoice")
        wanted = StubTextEmbedder().embed_texts(["an invoice"])[0]
        assert np.allclose(answer.data[0].embedding, wanted, atol=1e-6)
        with pytest.raises(openai.BadRequestError, match="modality"):
            client(url).embeddings.create(model="text", input="x", extra_body={"modality": "image"})
        with pytest.raises(openai.BadRequestError, match="384"):
            client(url).embeddings.create(model="text", input="x", dimensions=12)
        with pytest.raises(openai.BadRequestError, match="input"):
            client(url).embeddings.create(model="text", input=[[1, 2]])


def test_speech_is_written_down_in_every_form(whisper: str) -> None:
    api, sound = client(whisper).audio.transcriptions, wav([True, False, True])
    file = ("talk.wav", sound)

    plain = api.create(model="whisper-1", file=file)
    full = api.create(model="whisper", file=file, response_format="verbose_json")
    srt = api.create(model="whisper-1", file=file, response_format="srt")
    vtt = api.create(model="whisper-1", file=file, response_format="vtt")

    assert plain.text == "second 0 second 2"
    assert full.language == "en"
    assert float(full.duration) == pytest.approx(3, abs=0.1)
    assert [(s.start, s.end, s.text) for s in full.segments or []][:1] == [(0, 1, "second 0")]
    assert str(srt).startswith("1\n00:00:00,000 --> 00:00:01,000\nsecond 0\n\n2\n00:00:02,000")
    assert str(vtt).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsecond 0\n\n00:00:02.000")


def test_sound_in_any_coding(whisper: str, examples) -> None:
    from pathlib import Path

    found = [p for p in Path(examples).rglob("*") if p.suffix in (".mp3", ".ogg", ".flac", ".m4a")]
    assert found
    for path in found[:3]:
        answer = client(whisper).audio.transcriptions.create(
            model="whisper-1", file=path, response_format="verbose_json"
        )
        assert answer.duration > 0, path


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"response_format": "xml"}, 400),
        ({"timestamp_granularities[]": "word"}, 400),
        ({"model": "another"}, 404),
    ],
)
def test_a_bad_order_for_speech_is_refused(whisper: str, fields: dict, status: int) -> None:
    answer = httpx.post(
        f"{whisper}/v1/audio/transcriptions", data=fields, files={"file": ("a.wav", wav([True]))}
    )
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_noise_that_is_no_sound_file_is_refused(whisper: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError):
        client(whisper).audio.transcriptions.create(
            model="whisper-1", file=("a.wav", b"noise" * 99)
        )
    answer = httpx.post(f"{whisper}/v1/audio/transcriptions", data={"model": "whisper-1"})
    assert answer.status_code == 400


def test_a_conversation(phi35: str) -> None:
    api = client(phi35)
    answer = api.chat.completions.create(
        model="phi35", messages=[{"role": "user", "content": "hello there"}]
    )
    assert answer.choices[0].message.content == "I read: hello there"

    chunks = list(
        api.chat.completions.create(
            model="phi35", messages=[{"role": "user", "content": "hello there"}], stream=True
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "I read: hello there"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_an_answer_keeps_to_its_schema(phi35: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = client(phi35).chat.completions.create(
        model="phi35",
        messages=[{"role": "user", "content": "count"}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "count", "schema": schema, "strict": True},
        },
    )
    assert answer.choices[0].message.content == '{"n": 0}'


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"messages": []}', b'{"messages": [3]}'])
def test_what_is_no_request_is_refused(phi35: str, body: bytes) -> None:
    answer = httpx.post(f"{phi35}/v1/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "UsageError"
    assert httpx.get(f"{phi35}/nowhere").status_code == 404
    assert httpx.get(f"{phi35}/v1/chat/completions").json()["error"]["type"]
