"""Services that are away, slow, strict or strange: what waits, what goes on, what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammothbox.errors import BadAnswer, HostTimeout, ServiceAway, UsageError
from mammothbox.events import Event, Note
from mammothbox.ingest import ingest
from mammothbox.models.remote.breaker import Breaker
from mammothbox.models.remote.endpoint import Endpoint
from mammothbox.models.remote.speech import PIECE_S, RATE, pieces
from mammothbox.models.stub import COLOURS
from mammothbox.records import Kind
from mammothbox.search import search
from mammothbox.services.listening import address, listen
from mammothbox.settings import load_settings
from mammothbox.store import open_store
from tests.services.remote import mixed
from tests.services.running import running

ROOT = Path(__file__).parents[2]
MODELS = {"object": "list", "data": [{"id": "strange"}]}
RED = np.full((20, 20, 3), (250, 0, 0), np.uint8)


@contextmanager
def stranger(*answers: tuple[int, Any]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers to POSTs, the last one for ever; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(200, MODELS)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            status, body = answers[min(len(asked), len(answers)) - 1]
            if status == 0:
                time.sleep(body)
                return
            self.reply(status, body)

        def reply(self, status: int, body: Any) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def endpoint(url: str, timeout_s: float = 20) -> Endpoint:
    return Endpoint("BLIP_ENDPOINT", url, "", "", timeout_s)


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


def test_a_busy_service_is_asked_again() -> None:
    with stranger((503, {"error": "busy"}), (502, b"<html>"), (200, said("hi"))) as (url, asked):
        assert endpoint(url).post("/v1/chat/completions", {}) == said("hi")
    assert len(asked) == 3


def test_a_slow_service_is_not_asked_twice() -> None:
    with stranger((0, 1.5)) as (url, asked):
        with pytest.raises(HostTimeout, match="BLIP_ENDPOINT"):
            endpoint(url, 0.3).post("/v1/chat/completions", {})
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        ((401, {"error": {"message": "who?"}}), ServiceAway, "BLIP_API_KEY"),
        ((404, {"detail": "no such model"}), ServiceAway, "no such model"),
        ((400, {"error": "too long"}), BadAnswer, "too long"),
        ((500, b"<html>"), BadAnswer, "500"),
        ((200, b"no json"), BadAnswer, "JSON"),
        ((200, []), BadAnswer, "JSON"),
    ],
)
def test_each_refusal_has_its_remedy(answer: tuple[int, Any], kind: type, word: str) -> None:
    with stranger(answer) as (url, asked), pytest.raises(kind, match=word):
        endpoint(url).post("/v1/chat/completions", {})
    assert len(asked) == 1


def test_who_does_not_answer_is_left_alone_for_a_while() -> None:
    with listen("127.0.0.1", 0) as bound:
        gone = endpoint(address(bound))
    for _ in range(3):
        with pytest.raises(ServiceAway, match="does not answer"):
            gone.post("/v1/chat/completions", {})
    begun = time.monotonic()
    with pytest.raises(ServiceAway, match="was away just now"):
        gone.post("/v1/chat/completions", {})
    assert time.monotonic() - begun < 1


def test_an_address_must_be_one() -> None:
    with pytest.raises(UsageError, match="BLIP_ENDPOINT"):
        endpoint("blip:8001")


@given(st.lists(st.tuples(st.sampled_from(["ok", "fail"]), st.floats(0, 20)), max_size=40))
def test_the_breaker_never_lets_a_broken_service_be_stormed(steps: list[tuple[str, float]]) -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0], most=3, rest_s=10)
    failures, last_try = 0, -100.0
    for outcome, pause in steps:
        now[0] += pause
        allowed = breaker.allows()
        if failures < 3:
            assert allowed
        elif allowed:
            assert now[0] - last_try >= 10
        if not allowed:
            continue
        last_try = now[0]
        failures = 0 if outcome == "ok" else failures + 1
        breaker.succeeded() if outcome == "ok" else breaker.failed()
    now[0] += 10.001
    assert breaker.allows()


def test_long_sound_is_cut_where_it_is_quiet() -> None:
    samples = np.ones(RATE * PIECE_S * 2, np.float32)
    quiet = RATE * (PIECE_S - 7)
    samples[quiet : quiet + RATE] = 0
    found = list(pieces(samples))
    assert sum(len(piece) for _, piece in found) == len(samples)
    assert all(len(piece) <= RATE * PIECE_S for _, piece in found)
    assert quiet / RATE <= found[1][0] <= quiet / RATE + 1
    assert [begin for begin, _ in found] == sorted(begin for begin, _ in found)


def test_a_strangers_caption_is_taken_as_it_is(tmp_path: Path) -> None:
    with (
        stranger((200, said("A red\nwall."))) as (url, _),
        mixed(tmp_path, blip_endpoint=url) as models,
        models.captioner() as captioner,
    ):
        (caption,) = captioner.caption([RED])
    assert (caption.text, caption.labels) == ("A red wall.", ())
    assert captioner.card.id == "strange"


def test_a_services_model_is_known_while_it_is_away(tmp_path: Path) -> None:
    with running("blip") as url, mixed(tmp_path, blip_endpoint=url) as models:
        told = models.cards()["captioner"]
    with mixed(tmp_path, blip_endpoint=url) as models:
        assert models.cards()["captioner"] == told
        assert set(models.away()) == {"captioner"}


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        running("blip") as url,
        mixed(tmp_path, blip_endpoint=url, blip_model="blip2") as models,
    ):
        assert "stub-captioner" in models.away()["captioner"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for number, (name, colour) in enumerate(COLOURS.items()):
        Image.new("RGB", (60 + number, 50), colour).save(folder / f"{name}.png")
    (folder / "note.txt").write_text("a note about zeppelins\n")
    return folder


def test_killed_in_the_middle_the_rest_goes_on_and_the_next_run_finishes(
    tmp_path: Path, photos: Path
) -> None:
    with listen("127.0.0.1", 0) as bound:
        url = address(bound)
    port = url.rpartition(":")[2]
    settings = load_settings({}, library=tmp_path / "library", decoders=1, batch_files=2)
    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.services.victim", port, "3"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    assert victim.stdout is not None
    events: list[Event] = []
    with open_store(settings.library, write=True) as store:
        assert victim.stdout.readline() == b"listening\n"
        with mixed(tmp_path / "cache", blip_endpoint=url) as models:
            report = ingest(store, models, settings, [str(photos)], None, events.append)
            assert victim.wait(10) == -9
            victim.stdout.close()

            # Some captions are there, the others wait and are named; everything else is done.
            assert report.failed == 0
            assert set(report.postponed) == {"caption"}
            notes = [event.text for event in events if isinstance(event, Note)]
            assert len(notes) == 1
            assert notes[0].startswith(f"caption postponed: BLIP_ENDPOINT ({url})")
            refs = store.files(kind=Kind.IMAGE)
            steps = store.results([ref.digest for ref in refs])
            captioned = [digest for digest, found in steps.items() if "caption" in found]
            assert 0 < len(captioned) < len(refs)
            assert all("embed" in found for found in steps.values())
            assert [m.text for m in store.match_words("zeppelins")]
            looks = search(store, models, "red")
            assert Path(looks.hits[0].path).name == "red.png"

            # What reads a caption waits for it.
            waiting = [found for found in steps.values() if "caption" not in found]
            assert all("chunks" not in found for found in waiting)
        with running("blip", port=int(port)), mixed(tmp_path / "cache", blip_endpoint=url) as back:
            again = ingest(store, back, settings, [str(photos)], None, events.append)
            assert (again.postponed, again.failed) == ({}, 0)
            steps = store.results([ref.digest for ref in refs])
            assert all({"caption", "chunks", "describe"} <= set(found) for found in steps.values())
            texts = {found["caption"].outcome.value["caption"] for found in steps.values()}  # type: ignore[union-attr]
            assert texts == {f"probably: {name}" for name in COLOURS}
            third = ingest(store, back, settings, [str(photos)], None, events.append)
            assert third.unchanged == third.found
