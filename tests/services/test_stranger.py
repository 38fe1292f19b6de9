"""A server of somebody else as the writer: llama.cpp's own, unchanged, over TCP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mammothbox.models import missing, where
from mammothbox.models.contracts import Prompt
from mammothbox.services.listening import address, listen
from mammothbox.settings import load_settings
from tests.services.remote import mixed

SERVER = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel = sys.argv[1], 2048, 2
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[2])
params.warmup, params.verbosity = False, 1
server = xllamacpp.Server(params)
sys.stdin.read()
"""

SCHEMA = {
    "type": "object",
    "properties": {"animal": {"enum": ["dog", "horse"]}},
    "required": ["animal"],
    "additionalProperties": False,
}


@pytest.fixture
def strange_writer(absent: Callable[[str], None]) -> Iterator[str]:
    settings = load_settings(writer="small")
    if missing(settings):
        absent("no lite weights on disk; run: mammothbox models pull lite")
    folder = next(path for name, path in where(settings).items() if "0.5b" in name)
    with listen("127.0.0.1", 0) as bound:
        url = address(bound)
    command = [sys.executable, "-c", SERVER, str(Path(folder) / "model.gguf"), url.split(":")[-1]]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield url
    finally:
        server.kill()
        server.wait()
        assert server.stdin is not None
        server.stdin.close()


@pytest.mark.real
def test_it_writes_json_that_fits_and_streams(strange_writer: str, tmp_path: Path) -> None:
    with (
        mixed(tmp_path, phi35_endpoint=f"{strange_writer}/v1") as models,
        models.writer() as writer,
    ):
        assert models.away() == {}
        prompts = [
            Prompt("Answer with JSON.", f"<data>a {name} runs</data>", SCHEMA, 40)
            for name in ("dog", "horse")
        ]
        answers = writer.write(prompts)
        steady = writer.write([Prompt("Answer.", "<data>a dog</data>", SCHEMA, 40, steady=True)])
        asked = {"messages": [{"role": "user", "content": "Say one word."}], "max_tokens": 4}
        chunks = list(writer.chat_stream({**asked, "stream": True}))
        said = writer.chat(asked)
    assert all(isinstance(a, dict) and a["animal"] in ("dog", "horse") for a in answers)
    assert isinstance(steady[0], dict)
    assert any(chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"])
    assert said["choices"][0]["message"]["content"]
    assert writer.context_tokens >= 1024
