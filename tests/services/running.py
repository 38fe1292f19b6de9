"""A service over stub models, listening for real, in a thread of the test's process."""

from __future__ import annotations

import base64
import contextlib
import io
import threading
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import uvicorn
from openai import OpenAI
from PIL import Image

from mammothbox.decode import Decoder
from mammothbox.models.stub import StubModels
from mammothbox.services.app import build_app
from mammothbox.services.desk import Desk
from mammothbox.services.kinds import KINDS
from mammothbox.services.listening import address, listen
from mammothbox.settings import Settings


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # not in the main thread


@contextlib.contextmanager
def running(
    name: str,
    models: Any = None,
    *,
    token: str = "",
    queue: int = 64,
    port: int = 0,
    settings: Settings | None = None,
) -> Iterator[str]:
    """The base URL (without ``/v1``) of a service."""
    settings = settings or Settings(decoders=1)
    with listen("127.0.0.1", port) as bound, Decoder(settings) as decoder:
        desk = Desk(KINDS[name], models or StubModels(), decoder, settings, queue)
        app = build_app(desk, token)
        server = _Server(uvicorn.Config(app, log_level="warning", ws="none", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield address(bound)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def client(url: str, token: str = "none", **more: Any) -> OpenAI:
    """The official client, as it comes but without its own second tries."""
    return OpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0, timeout=60, **more)


def png(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> str:
    """A data URL of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def wav(seconds: list[bool], rate: int = 16_000) -> bytes:
    """A recording, loud in the seconds that are True."""
    loud = np.sin(np.arange(rate) * 0.3) * 12_000
    samples = np.concatenate([loud if on else np.zeros(rate) for on in seconds])
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def look(url: str, text: str = "Describe this picture.") -> list[Any]:
    """Messages with one picture."""
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    return [{"role": "user", "content": parts}]
