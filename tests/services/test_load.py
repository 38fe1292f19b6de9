"""Many clients at once, full queues, tokens, and what probes and meters see."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import openai
import pytest

from mammothbox.arrays import Pixels
from mammothbox.errors import BadAnswer, WeightsMissing
from mammothbox.models.contracts import Caption, Captioner
from mammothbox.models.stub import COLOURS, StubCaptioner, StubModels
from tests.services.running import client, look, png, running


class Held(StubCaptioner):
    """A captioner that answers when it is let, and remembers how many came together."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.sizes: list[int] = []

    def caption(self, images: Sequence[Pixels], context: str = "") -> list[Caption]:
        if images[0].shape[0] != 32:  # not the first, waking picture
            self.sizes.append(len(images))
            self.begun.set()
            assert self.go.wait(30)
        if context == "bad" and len(images) > 1:
            raise BadAnswer("one of them is bad")
        if any(image.shape[0] == 13 for image in images):
            raise BadAnswer("this one is bad")
        return super().caption(images, context)


class HeldModels(StubModels):
    def __init__(self) -> None:
        self.held = Held()

    @contextmanager
    def captioner(self) -> Iterator[Captioner]:
        yield self.held


NAMES = [name for name in COLOURS if name != "grey"]


def caption(url: str, name: str, height: int = 30) -> str:
    answer = client(url).chat.completions.create(
        model="blip", messages=look(png(COLOURS[name], (40, height)))
    )
    return str(answer.choices[0].message.content)


def test_ten_at_once_are_batched_and_none_is_mixed_up() -> None:
    models = HeldModels()
    with running("blip", models) as url, ThreadPoolExecutor(10) as pool:
        names = [NAMES[n % len(NAMES)] for n in range(10)]
        asked = [pool.submit(caption, url, name) for name in names]
        assert models.held.begun.wait(30)
        inside = f"{url}/metrics"
        while "requests_inside 10.0" not in httpx.get(inside).text:
            pass
        models.held.go.set()
        assert [job.result(30) for job in asked] == [f"probably: {name}" for name in names]
        assert sum(models.held.sizes) == 10
        assert len(models.held.sizes) < 10


def test_a_bad_request_costs_only_itself() -> None:
    models = HeldModels()
    with running("blip", models) as url, ThreadPoolExecutor(4) as pool:
        first = pool.submit(caption, url, "red")
        assert models.held.begun.wait(30)
        bad = pool.submit(caption, url, "red", 13)
        good = pool.submit(caption, url, "blue")
        while "requests_inside 3.0" not in httpx.get(f"{url}/metrics").text:
            pass
        models.held.go.set()
        assert (first.result(30), good.result(30)) == ("probably: red", "probably: blue")
        with pytest.raises(openai.InternalServerError, match="bad"):
            bad.result(30)


def test_a_full_queue_says_when_to_come_back() -> None:
    models = HeldModels()
    with running("blip", models, queue=1) as url, ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(caption, url, "red") for _ in range(2)]
        while "requests_inside 2.0" not in httpx.get(f"{url}/metrics").text:
            pass
        with pytest.raises(openai.InternalServerError) as caught:
            caption(url, "blue")
        assert caught.value.status_code == 503
        assert caught.value.code == "ServiceAway"
        assert int(caught.value.response.headers["retry-after"]) >= 1
        models.held.go.set()
        assert [job.result(30) for job in jobs] == ["probably: red"] * 2
        assert caption(url, "blue") == "probably: blue"


def test_a_client_may_bring_its_own_patience() -> None:
    """The official client's own retries get through once there is room."""
    models = HeldModels()
    with running("blip", models, queue=0) as url, ThreadPoolExecutor(1) as pool:
        job = pool.submit(caption, url, "red")
        assert models.held.begun.wait(30)
        threading.Timer(0.5, models.held.go.set).start()
        patient = client(url).with_options(max_retries=5)
        answer = patient.chat.completions.create(model="blip", messages=look(png((0, 0, 255))))
        assert answer.choices[0].message.content == "probably: blue"
        assert job.result(30) == "probably: red"


def test_a_token_is_asked_for() -> None:
    with running("blip", token="sesame") as url:
        with pytest.raises(openai.AuthenticationError):
            client(url, "wrong").models.list()
        assert httpx.get(f"{url}/metrics").status_code == 401
        assert httpx.get(f"{url}/health").status_code == 200
        assert client(url, "sesame").models.list().data


def test_ready_when_the_model_is() -> None:
    with running("blip") as url:
        while (answer := httpx.get(f"{url}/ready")).status_code != 200:
            assert answer.json()["status"] == "loading"
        assert answer.json() == {"status": "ready"}
        assert "mammothbox_model_ready 1.0" in httpx.get(f"{url}/metrics").text


def test_not_ready_says_why() -> None:
    class Missing(StubModels):
        @contextmanager
        def captioner(self) -> Iterator[Captioner]:
            raise WeightsMissing("no weights; run: mammothbox models pull lite")
            yield StubCaptioner()

    with running("blip", Missing()) as url:
        while (answer := httpx.get(f"{url}/ready")).json()["status"] == "loading":
            pass
        assert answer.status_code == 503
        assert "models pull" in answer.json()["reason"]
        with pytest.raises(openai.InternalServerError, match="models pull"):
            caption(url, "red")


def test_a_request_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mammothbox.services.guard.MAX_JSON", 1000)
    with running("blip") as url:
        path = f"{url}/v1/chat/completions"
        assert httpx.post(path, content=b"x" * 1001).status_code == 413

        def pieces() -> Iterator[bytes]:
            for _ in range(30):
                yield b"x" * 100

        answer = httpx.post(path, content=pieces())
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "TooLarge"


def test_meters_count_requests_and_batches() -> None:
    with running("blip") as url:
        caption(url, "red")
        text = httpx.get(f"{url}/metrics").text
    assert 'mammothbox_requests_total{path="/v1/chat/completions",status="200"} 1.0' in text
    assert "mammothbox_batch_items_count 1.0" in text
