"""Hosts as processes: private, mortal, restarted once, gone with their parent. Real OCR weights.

The ocr engine serves here because its weights come with a dependency, so these run everywhere.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from mammothbox.errors import (
    Corrupt,
    DoesNotFit,
    HostDied,
    HostTimeout,
    ModelError,
    WeightsMissing,
)
from mammothbox.models import Models, catalog, describe_models, open_models
from mammothbox.models.channel import Channel
from mammothbox.models.host.__main__ import main as _host_main  # noqa: F401 - it must import
from mammothbox.settings import Settings, load_settings

PAGE = np.full((40, 60, 3), 255, np.uint8)
PATIENCE_S = 60.0


def eventually(check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {}, cache=tmp_path / "cache", leases=tmp_path / "leases", threads=1, writer="large"
    )


@pytest.fixture
def models(settings: Settings) -> Iterator[Models]:
    with open_models(settings) as opened:
        yield opened


def channel_of(models: Models) -> Channel:
    return models._hosts["ocr"].channel


def test_nothing_is_started_before_it_is_needed(models: Models) -> None:
    assert models.pids() == {}
    assert models.pss_bytes() == 0
    assert set(models.cards()) >= {"writer", "reader"}
    assert models.pids() == {}


def test_the_socket_lies_in_a_private_directory_with_a_short_name(models: Models) -> None:
    with models.reader() as reader:
        reader.read([PAGE])
        path = models._hosts["ocr"].process.socket

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert len(os.fsencode(path)) < 100


def test_pages_come_back_in_the_order_they_went(models: Models) -> None:
    numbers = [f"{digit}{digit}{digit}{digit}" for digit in range(1, 8)]
    with models.reader() as reader:
        read = reader.read([page_with(number) for number in numbers])

    assert [[line.text for line in lines] for lines in read] == [[number] for number in numbers]


def page_with(text: str) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("RGB", (240, 90), "white")
    ImageDraw.Draw(page).text((30, 15), text, "black", ImageFont.load_default(48))
    return np.asarray(page)


def test_a_warm_host_is_used_again_and_close_ends_it(settings: Settings) -> None:
    models = open_models(settings)
    with models.reader() as reader:
        reader.read([PAGE])
    first = models.pids()["ocr"]
    with models.reader() as reader:
        reader.read([PAGE])
    folder = models._folder

    assert models.pids() == {"ocr": first}
    assert models.pss_bytes() > 30_000_000
    models.close()
    assert not psutil.pid_exists(first)
    assert not folder.exists()


def test_health_and_metrics_answer(models: Models) -> None:
    with models.reader() as reader:
        reader.read([PAGE])
        assert channel_of(models).get("/health") == {"status": "ready", "engine": "ocr"}
        path = str(models._hosts["ocr"].process.socket)
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(PATIENCE_S)
            raw.connect(path)
            raw.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            text = b"".join(iter(lambda: raw.recv(4096), b"")).decode()

    assert 'mammothbox_requests_served_total{engine="ocr"} 1' in text


def test_the_hosts_error_arrives_as_its_own_class(models: Models) -> None:
    with models.reader(), pytest.raises(Corrupt, match="byte 0"):
        channel_of(models).post_bytes("/v1/ocr", b"no picture")


def test_a_host_killed_between_requests_is_started_again(models: Models) -> None:
    with models.reader() as reader:
        reader.read([PAGE])
        first = models.pids()["ocr"]
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: models.pids() == {})

        assert reader.read([PAGE]) == [[]]
        assert models.pids()["ocr"] != first


def test_a_host_killed_while_working_is_tried_once_more_then_given_up(models: Models) -> None:
    busy = np.random.default_rng(1).integers(0, 256, (1500, 1500, 3), np.uint8)
    killed: list[int] = []

    def kill_all() -> None:
        while len(killed) < 2:
            pid = models.pids().get("ocr", 0)
            # Only a host that computes: its request has arrived.
            with contextlib.suppress(psutil.Error):  # it may be gone just now
                if pid and pid not in killed and psutil.Process(pid).cpu_times().user > 0.1:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
            time.sleep(0.02)

    killer = threading.Thread(target=kill_all)
    with models.reader() as reader:
        killer.start()
        with pytest.raises(HostDied, match="signal 9"):
            reader.read([busy])
        killer.join(PATIENCE_S)
        assert len(killed) == 2

        assert reader.read([PAGE]) == [[]]


def test_a_hanging_host_is_ended_and_the_next_request_works(models: Models) -> None:
    with models.reader() as reader:
        reader.read([PAGE])
        pid = models.pids()["ocr"]
        hasty = Channel(models._hosts["ocr"].process, "ocr", 1.0)
        os.kill(pid, signal.SIGSTOP)

        with pytest.raises(HostTimeout):
            hasty.get("/health")
        assert eventually(lambda: not psutil.pid_exists(pid))
        assert reader.read([PAGE]) == [[]]


def test_a_host_that_cannot_start_quotes_its_log(settings: Settings, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with (
        open_models(settings) as models,
        models.reader() as reader,
        pytest.raises(HostDied, match=r"exit 1.*encodings"),
    ):
        reader.read([PAGE])


def test_an_idle_host_ends_by_itself_and_comes_back(settings: Settings, tmp_path: Path) -> None:
    short = load_settings(
        {}, cache=tmp_path, leases=tmp_path / "leases", threads=1, idle_timeout_s=0.3
    )
    with open_models(short) as models, models.reader() as reader:
        reader.read([PAGE])
        assert eventually(lambda: models.pids() == {})

        assert reader.read([PAGE]) == [[]]


def test_ctrl_c_is_not_the_hosts_business(models: Models) -> None:
    with models.reader() as reader:
        reader.read([PAGE])
        pid = models.pids()["ocr"]
        os.kill(pid, signal.SIGINT)

        assert reader.read([PAGE]) == [[]]
        assert models.pids()["ocr"] == pid


PARENT = """
import sys, time
from pathlib import Path
import numpy as np
from mammothbox.models import open_models
from mammothbox.settings import load_settings
place = Path(sys.argv[1])
models = open_models(load_settings({}, cache=place, leases=place / "leases", threads=1))
with models.reader() as reader:
    reader.read([np.full((40, 60, 3), 255, np.uint8)])
    print(models.pids()["ocr"], models._folder, flush=True)
    if sys.argv[2] == "exit":
        sys.exit()
    time.sleep(600)
"""


@pytest.mark.parametrize("how", ["exit", "SIGKILL", "SIGTERM", "SIGINT"])
def test_no_host_survives_its_parent(tmp_path: Path, how: str) -> None:
    source = str(Path(__file__).parents[2] / "src")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": source},
        text=True,
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().split()
    if how != "exit":
        parent.send_signal(signal.Signals[how])
    parent.wait(PATIENCE_S)
    parent.stdout.close()

    assert eventually(lambda: not psutil.pid_exists(int(pid)))
    assert eventually(lambda: not Path(folder).exists())


def test_missing_weights_name_the_command(models: Models) -> None:
    with pytest.raises(WeightsMissing, match="mammothbox models pull lite"), models.writer():
        pass


def test_a_model_without_an_engine_says_so(tmp_path: Path) -> None:
    full = load_settings({}, cache=tmp_path, leases=tmp_path / "leases", profile="full")
    with (
        open_models(full) as models,
        pytest.raises(ModelError, match="blip2"),
        models.captioner(),
    ):
        pass


def test_what_can_never_fit_is_refused_at_once(tmp_path: Path) -> None:
    small = load_settings({}, cache=tmp_path, leases=tmp_path / "leases", memory_bytes=300_000_000)
    with open_models(small) as models, pytest.raises(DoesNotFit, match="GB"), models.reader():
        pass


def test_what_can_never_fit_is_named_before_anything_begins(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a profile whose writer alone is too large; its weights come with a dependency
    ocr = catalog.PROFILES["lite"]["reader"]
    large = replace(ocr, id="large-writer", load_bytes=2 * 10**9)
    only = dict.fromkeys(catalog.CONTRACTS, ocr) | {"writer": large}
    monkeypatch.setattr(catalog, "PROFILES", {"lite": only})
    monkeypatch.setattr(catalog, "CHOICES", {"lite": {}})
    cut = replace(settings, memory_bytes=1_500_000_000)

    with open_models(cut) as models:
        models.require()
        with pytest.raises(DoesNotFit, match=r"large-writer \(2.0 GB\).*--describe none") as caught:
            models.require(room=True)
        assert "pp-ocr" not in str(caught.value)
        assert not models.pids()
    with open_models(replace(cut, describe="none")) as models:
        models.require(room=True)


def test_both_profiles_are_described(settings: Settings) -> None:
    found = describe_models(settings, {("lite", "llama"): 7})
    states = {(state.profile, state.contract): state for state in found if state.chosen}

    assert len(states) == 12
    assert states["lite", "reader"].on_disk
    assert not states["lite", "writer"].on_disk
    assert states["lite", "writer"].size_bytes == 1_117_320_768
    assert all(state.runs_here for (profile, _), state in states.items() if profile == "lite")
    # Both writers run on the same engine: the process is that of the profile it serves.
    assert (states["lite", "writer"].pid, states["full", "writer"].pid) == (7, 0)
    others = {(state.profile, state.id) for state in found if not state.chosen}
    assert ("full", "clip-vit-b-32-laion2b-s34b-b79k") in others
