"""A real server with a real library of the examples, and a real browser that looks at it.

The browser is the system's Chromium. Whatever a page does, it may only ever speak to its own
server; that is asserted after every test, and so is that nothing was complained of in its console.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.app import create_app
from mammothbox.jobs import Desk
from mammothbox.models.stub import StubModels
from mammothbox.services.listening import address, listen
from mammothbox.settings import load_settings

PICTURES = Path(__file__).resolve().parents[3] / "build" / "screenshots"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
LOADED = """() => [...document.images].every((image) => {
    const box = image.getBoundingClientRect();
    const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return seen !== image || image.complete;
})"""
"""Whether every picture that is seen in the window is there, or known to be none."""

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser(absent: Callable[[str], NoReturn]) -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        absent("no Chromium on this machine; install the package chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        started.close()


class Server:
    """The application on a port of this machine.

    Attributes:
        folder: the files it was given, a copy of the examples.
        url: where it is.
    """

    def __init__(self, place: Path, examples: Path) -> None:
        self.folder = place / "files"
        shutil.copytree(
            examples, self.folder, ignore=shutil.ignore_patterns("SOURCES.md", ".mammothignore")
        )
        whole = (self.folder / "photos" / "IMG_2103.jpg").read_bytes()
        (self.folder / "broken.jpg").write_bytes(whole[:400])
        settings = load_settings(
            {}, library=place / "library", decoders=1, serve_folders=str(place)
        )
        self.desk = Desk(settings, StubModels())
        config = uvicorn.Config(
            create_app(self.desk, Access()), port=0, log_level="error", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        listener = listen("127.0.0.1", 0)
        self.url = address(listener)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        self.http = httpx.Client(base_url=f"{self.url}/api/v1", timeout=60)
        while not self._server.started:
            time.sleep(0.01)

    def close(self) -> None:
        """End it."""
        self.http.close()
        self.desk.leaving.set()
        self._server.should_exit = True
        self._thread.join(10)
        self.desk.close()

    def job(self, path: str, body: Any = None) -> dict[str, Any]:
        """Start a job and wait for its end."""
        job = self.http.post(path, json=body).json()
        while job["state"] in ("queued", "running"):
            time.sleep(0.05)
            job = self.http.get(f"/jobs/{job['id']}").json()
        assert job["state"] == "done", job
        return dict(job)

    def digest(self, name: str) -> str:
        """Of the file with this name."""
        files = self.http.get("/files?limit=500").json()["files"]
        return str(next(one["digest"] for one in files if one["name"] == name))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Iterator[Server]:
    """A server with the examples taken in."""
    made = Server(tmp_path_factory.mktemp("web"), examples)
    made.job("/ingest", {"paths": [str(made.folder)]})
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path: Path, examples: Path) -> Iterator[Server]:
    """A server with nothing taken in yet."""
    made = Server(tmp_path, examples)
    yield made
    made.close()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens pages, and watches whom they speak to and what they complain of."""
    pages: list[tuple[Page, str]] = []
    asked: list[str] = []
    wrong: list[str] = []
    failed: list[Response] = []

    def go(
        server: Server, where: str = "", *, size: tuple[int, int] = (1280, 800), **more: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-GB", **more
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("response", lambda got: failed.append(got) if got.status >= 400 else None)
        page.goto(f"{server.url}/{where}")
        pages.append((page, server.url))
        return page

    yield go
    own = {url for _, url in pages}
    for page, _ in pages:
        page.context.close()
    strangers = [url for url in asked if not url.startswith((*own, "blob:", "data:"))]
    assert strangers == []
    told = [f"{got.status} {got.url}" for got in failed if got.status not in (415, 422)]
    assert told == []
    assert [text for text in wrong if "Failed to load resource" not in text] == []


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keeps a picture of the page under `build/`, to be looked at."""

    def take(page: Page, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        page.wait_for_function(LOADED)
        page.screenshot(path=path)
        with Image.open(path) as image:
            colours = image.convert("RGB").getcolors(1 << 21) or []
        assert len(colours) > 1, f"{name} is one colour"

    return take
