"""Ten clients at once against one, for every service: answers a second, none lost or mixed up.

The services run as the command starts them, with the real models of `lite`: what is measured is
how requests are gathered, which is the same for any model.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.processes import environment, start
from bench.speed.inputs import Inputs
from mammothbox.settings import Settings

CLIENTS = 10
COUNTS = {"clip": 60, "blip": 40, "text": 100, "phi35": 10, "whisper": 10}
"""Requests a service: asked by one client after the other, then by ten at once."""

SOUND_S = 5.0
Ask = Callable[[str], str]
"""Sends one request to the service at an address and gives what tells its answer from others."""


def measure(settings: Settings, scratch: Path) -> dict[str, Any]:
    """Answers a second by one client and by ten, and how many came out different together.

    Rounding makes a writer's words differ in company; mixed up is what was another's answer.
    """
    return {name: _service(name, scratch) for name in COUNTS}


def _service(name: str, scratch: Path) -> dict[str, float]:
    asks = list(_asks(name, scratch))
    with _serving(name) as url:
        asks[0](url)  # loads the model
        begin = time.perf_counter()
        alone = [ask(url) for ask in asks]
        one_s = time.perf_counter() - begin
        begin = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            jobs = [pool.submit(ask, url) for ask in asks]
            together = [job.result() for job in jobs]
        ten_s = time.perf_counter() - begin
    return {
        "one_client_per_s": round(len(asks) / one_s, 2),
        "ten_clients_per_s": round(len(asks) / ten_s, 2),
        "ratio": round(one_s / ten_s, 2),
        "requests": len(asks),
        "other_answers": sum(a != b for a, b in zip(alone, together, strict=True)),
        "mixed_up": sum(a != b and b in alone for a, b in zip(alone, together, strict=True)),
    }


@contextmanager
def _serving(name: str) -> Iterator[str]:
    process = start(["serve", name, "--profile", "lite", "--port", "0", "--json"], environment())
    assert process.stdout is not None
    try:
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.communicate()


def _asks(name: str, scratch: Path) -> Iterator[Ask]:
    count = COUNTS[name]
    if name in ("clip", "blip"):
        for path in Inputs(scratch / f"clients-{name}", seed=3).photos(count, (480, 360)):
            picture = "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()
            yield _vector([picture], "image") if name == "clip" else _caption(picture)
    elif name == "text":
        yield from (_vector([f"a letter about {n} bicycles and a boat"]) for n in range(count))
    elif name == "phi35":
        yield from (_word(n) for n in range(count))
    else:
        sounds = Inputs(scratch / "clients", seed=8).sounds(count, SOUND_S)
        yield from (_speech(path.read_bytes()) for path in sounds)


def _vector(inputs: Sequence[str], modality: str = "text") -> Ask:
    def ask(url: str) -> str:
        body = {"model": "", "input": list(inputs), "modality": modality}
        (item,) = _post(f"{url}/embeddings", body)["data"]
        return json.dumps(np.round(item["embedding"], 2).tolist())

    return ask


def _caption(picture: str) -> Ask:
    return _chat([{"type": "image_url", "image_url": {"url": picture}}], 40)


def _word(number: int) -> Ask:
    return _chat(f"Write one short sentence about {number} dogs.", 16)


def _chat(content: object, tokens: int) -> Ask:
    def ask(url: str) -> str:
        messages = [{"role": "user", "content": content}]
        body = {"model": "", "messages": messages, "max_tokens": tokens}
        answer = _post(f"{url}/chat/completions", body)
        return str(answer["choices"][0]["message"]["content"])

    return ask


def _speech(sound: bytes) -> Ask:
    def ask(url: str) -> str:
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        body = head.encode() + sound + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return str(_send(f"{url}/audio/transcriptions", body, kind)["text"])

    return ask


def _post(url: str, body: object) -> dict[str, Any]:
    return _send(url, json.dumps(body).encode(), "application/json")


def _send(url: str, body: bytes, kind: str) -> dict[str, Any]:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=300) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
