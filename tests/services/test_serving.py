"""The command `mammothbox serve NAME`, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest

from mammothbox.errors import UsageError
from mammothbox.models import missing
from mammothbox.services.listening import address, listen
from mammothbox.settings import load_settings
from tests.services.running import client, look, png, wav

SOURCE = str(Path(__file__).parents[2] / "src")


@contextmanager
def served(*words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    command = [sys.executable, "-m", "mammothbox", "serve", *words, "--port", "0", "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": SOURCE}
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def weights(absent: Callable[[str], None]) -> None:
    if missing(load_settings()):
        absent("no lite weights on disk; run: mammothbox models pull lite")


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = int(address(taken).rpartition(":")[2])
        with pytest.raises(UsageError, match=f"{port}.*--port"):
            listen("127.0.0.1", port)


def test_small_answers_are_sent_at_once() -> None:
    with listen("127.0.0.1", 0) as bound, socket.create_connection(bound.getsockname()):
        taken, _ = bound.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_every_address_can_be_asked() -> None:
    with listen("0.0.0.0", 0) as everywhere:
        assert address(everywhere).startswith("http://127.0.0.1:")


@pytest.mark.real
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop(weights: None, how: signal.Signals) -> None:
    with served("text", "--idle-timeout", "0.5", "--token", "sesame") as (process, said):
        assert said["service"] == "text"
        url = said["url"].removesuffix("/v1")
        api = client(url, "sesame")
        for _ in range(2):  # the model leaves when idle and comes back when asked
            answer = api.embeddings.create(model=said["model"], input="an invoice")
            assert len(answer.data[0].embedding) == 384
            while _bytes(url):
                pass
        process.send_signal(how)
        assert process.wait(30) == 0


def _bytes(url: str) -> float:
    """Memory of the model's process."""
    text = httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer sesame"}).text
    line = next(line for line in text.splitlines() if line.startswith("mammothbox_model_bytes"))
    return float(line.split()[-1])


@pytest.mark.real
def test_the_real_models_serve(weights: None, examples: Path) -> None:
    with served("blip") as (_, said):
        url = said["url"].removesuffix("/v1")
        answer = client(url).chat.completions.create(model="blip", messages=look(png((9, 9, 9))))
        assert answer.choices[0].message.content
    with served("clip") as (_, said):
        url = said["url"].removesuffix("/v1")
        red = client(url).embeddings.create(
            model="clip", input=[png((200, 20, 20))], extra_body={"modality": "image"}
        )
        words = client(url).embeddings.create(model="clip", input=["red", "a dog in the snow"])
        assert {len(item.embedding) for item in [*red.data, *words.data]} == {512}
        with pytest.raises(openai.NotFoundError):
            client(url).embeddings.create(model="another", input="red")
    with served("whisper") as (_, said):
        url = said["url"].removesuffix("/v1")
        spoken = examples / "sound" / "REC_0007.wav"
        forms = {
            form: client(url).audio.transcriptions.create(
                model="whisper-1", file=spoken, response_format=form
            )
            for form in ("verbose_json", "srt", "vtt")
        }
        assert forms["verbose_json"].text
        assert "-->" in str(forms["srt"])
        assert str(forms["vtt"]).startswith("WEBVTT")
        heard = client(url).audio.transcriptions.create(
            model="whisper-1", file=("silence.wav", wav([False, False]))
        )
        assert heard.text == ""
    with served("phi35") as (_, said):
        url = said["url"].removesuffix("/v1")
        asked = [{"role": "user", "content": "Say one word."}]
        chunks = list(
            client(url).chat.completions.create(
                model="phi35", messages=asked, max_tokens=8, stream=True
            )
        )
        assert len([c for c in chunks if c.choices and c.choices[0].delta.content]) >= 1
        assert chunks[-1].choices[0].finish_reason in ("stop", "length")
