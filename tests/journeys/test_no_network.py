"""Nothing connects to anything: an ingest in a network of its own in which there is nothing.

`unshare -n` gives the command a network without even a loopback, and an audit hook in every Python
process of the run writes down each address it would connect to or look up; there may be none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.models import clip_file
from mammothbox.models import catalog, pull
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import BLIP2, MODELS
from mammothbox.settings import load_settings
from tests.journeys.conftest import ROOT, TIMEOUT_S, Box
from tests.models import tiny_blip, tiny_phi
from tests.models.tiny_blip import reference_of

HOOK = """
import os, sys

def _note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments
        if isinstance(address, tuple):  # a Unix socket's is a name
            with open(os.environ["CALLS"], "a") as out:
                print(event, address, file=out)

sys.addaudithook(_note)
"""


@pytest.fixture(scope="module")
def cut_off() -> list[str]:
    """The command before the command, where the system permits it."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which("unshare") and not subprocess.run([*words, "true"], check=False).returncode:
            return words
    pytest.skip("this system lets nobody have a network of its own (unshare -n)")


@pytest.fixture
def hooked(tmp_path: Path, bare) -> Box:
    """The command with the audit hook in all its Python processes."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    path = os.pathsep.join([str(hooks), str(ROOT / "src")])
    return bare(PYTHONPATH=path, CALLS=str(tmp_path / "calls"))


def alone(cut_off: list[str], box: Box, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*cut_off, sys.executable, "-m", "mammothbox", *words],
        capture_output=True,
        encoding="utf-8",
        cwd=box.cwd,
        env=box.environment,
        timeout=TIMEOUT_S,
        check=False,
    )


def fill(folder: Path, examples: Path) -> None:
    """A photo, a recording and a document."""
    shutil.copy2(examples / "photos" / "IMG_2102.jpg", folder)
    shutil.copy2(examples / "sound" / "REC_0007.wav", folder)
    (folder / "ferry.txt").write_text("The ferry to Lowhaven leaves at nine.")


def test_the_hook_sees_what_would_connect(cut_off: list[str], hooked: Box) -> None:
    """Else the tests below could not fail."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        told = alone(cut_off, replace(hooked, variables={
            **hooked.variables, "PHI35_ENDPOINT": f"http://127.0.0.1:{port}/v1",
        }), "doctor")  # fmt: skip
    assert "postponed until it is back" in told.stdout
    assert f"'127.0.0.1', {port}" in Path(hooked.variables["CALLS"]).read_text()


@pytest.mark.real
def test_lite_understands_a_folder_without_a_network(
    weights: None, cut_off: list[str], hooked: Box, examples: Path
) -> None:
    fill(hooked.cwd, examples)
    done = alone(cut_off, hooked, "ingest", ".", "--describe", "each")
    assert done.returncode == 0, done.stdout + done.stderr
    found = alone(cut_off, hooked, "search", "ferry")
    assert "ferry.txt" in found.stdout
    assert not Path(hooked.variables["CALLS"]).exists()


@pytest.fixture(scope="module")
def full_cache(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of `full`: small random networks of each kind, and the real ones it shares."""
    reference_of("torch")
    stick, cache = tmp_path_factory.mktemp("stick"), tmp_path_factory.mktemp("cache")
    theirs = Cache(load_settings().cache)
    shared = [MODELS[name] for name in ("minilm", "efficientnet-lite2", "whisper-base")]
    words = theirs.folder(MODELS["minilm"]) / "tokenizer.json"
    tiny_blip.publish(reference_of("transformers"), stick / "blip2-opt-2.7b")
    clip_file.write(stick / "clip-vit-base-patch32", words, layers=1)
    (stick / "phi-3.5-mini-instruct").mkdir()
    tiny_phi.write(stick / "phi-3.5-mini-instruct" / "model.gguf")
    Cache(cache).root.mkdir()
    for model in shared:
        Cache(cache).folder(model).symlink_to(theirs.folder(model))
    with pytest.MonkeyPatch.context() as patch:  # it takes no disk to speak of
        small = replace(BLIP2, index_bytes=1000, built_bytes=1000)
        own = catalog.PROFILES["full"] | {"captioner": small}
        patch.setattr(catalog, "PROFILES", catalog.PROFILES | {"full": own})
        others = catalog.CHOICES["full"] | {"captioner": (small,)}
        patch.setattr(catalog, "CHOICES", catalog.CHOICES | {"full": others})
        pull(load_settings({}, cache=cache), "full", lambda _: None, stick)
    return cache


@pytest.mark.real
def test_full_understands_a_folder_without_a_network(
    full_cache: Path, cut_off: list[str], hooked: Box, examples: Path
) -> None:
    fill(hooked.cwd, examples)
    chosen = {"MAMMOTHBOX_PROFILE": "full", "MAMMOTHBOX_CACHE": str(full_cache)}
    box = replace(hooked, variables={**hooked.variables, **chosen})
    done = alone(cut_off, box, "ingest", ".", "--describe", "each", "--json")
    # Random writers reach their limit before the end of an answer; nothing else may fail.
    assert done.returncode in (0, 3), done.stdout + done.stderr
    told = json.loads(alone(cut_off, box, "failed", "--json").stdout)
    assert {failure["step"] for failure in told} <= {"describe"}
    state = json.loads(alone(cut_off, box, "status", "--json").stdout)
    for step, count in {"caption": 1, "embed": 1, "transcript": 1, "text": 1, "chunks": 3}.items():
        assert state["steps"][step]["done"] == count, state["steps"]
    assert state["models"]["captioner"]["model"] == "blip2-opt-2.7b"
    assert not Path(hooked.variables["CALLS"]).exists()
