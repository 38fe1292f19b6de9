"""A real library of the examples, served by the real application; models are stand-ins."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.app import create_app
from mammothbox.jobs import Desk
from mammothbox.models.stub import StubModels
from mammothbox.settings import load_settings

HOST = "http://127.0.0.1:8080"
WAIT_S = 60


def settle(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it is over."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        now = client.get(f"/api/v1/jobs/{job['id']}").json()
        if now["state"] in ("done", "failed", "cancelled"):
            return dict(now)
        time.sleep(0.02)
    raise AssertionError(f"job still {now['state']}: {now}")


@pytest.fixture(scope="session")
def _taken_in(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(folder, library): the examples and some hard files, taken in once."""
    place = tmp_path_factory.mktemp("api")
    folder = place / "files"
    shutil.copytree(examples, folder, ignore=shutil.ignore_patterns("SOURCES.md", ".mammothignore"))
    (folder / "broken.jpg").write_bytes((folder / "photos" / "IMG_2103.jpg").read_bytes()[:400])
    (folder / "evil.html").write_text(
        "<html><body><p>A letter about turnips.</p><script>alert(1)</script></body></html>"
    )
    settings = load_settings({}, library=place / "library", decoders=1, serve_folders=str(folder))
    with Desk(settings, StubModels()) as desk, desk.writing() as library:
        library.ingest([str(folder)])
    return folder, place / "library"


@pytest.fixture
def box(_taken_in: tuple[Path, Path], tmp_path: Path) -> Iterator[Box]:
    """The application over a library of its own, whose files are its own too."""
    with own_box(_taken_in, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def still(_taken_in: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The same, for tests that change nothing."""
    folder, library = _taken_in
    with Box(folder, library) as made:
        yield made


def own_box(taken_in: tuple[Path, Path], place: Path) -> Box:
    """A copy of the folder and its library below `place`."""
    folder, library = place / "files", place / "library"
    shutil.copytree(taken_in[0], folder)
    shutil.copytree(taken_in[1], library)
    with sqlite3.connect(library / "library.sqlite3") as database:
        for table in ("files", "roots"):
            rows = database.execute(f"SELECT rowid, path FROM {table}").fetchall()
            changes = [
                (path.replace(os.fsencode(taken_in[0]), os.fsencode(folder)), row)
                for row, path in rows
            ]
            database.executemany(f"UPDATE {table} SET path = ? WHERE rowid = ?", changes)
    database.close()
    return Box(folder, library)


class Box:
    """A running application.

    Attributes:
        folder: what was taken in.
        desk: its library.
        client: speaks to it as a browser's own page would.
    """

    def __init__(self, folder: Path, library: Path, access: Access | None = None) -> None:
        self.folder = folder
        self.library = library
        settings = load_settings({}, library=library, decoders=1, serve_folders=str(folder))
        self.desk = Desk(settings, StubModels())
        self.client = TestClient(create_app(self.desk, access or Access()), HOST)

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.desk.close()

    def get(self, where: str, /, **params: Any) -> Any:
        answer = self.client.get(f"/api/v1{where}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def job(self, path: str, body: Any = None) -> dict[str, Any]:
        """Start a job and wait for its end."""
        return settle(self.client, self.post(path, body, 202))

    def digest(self, name: str) -> str:
        """Of the file with this name."""
        found = [one for one in self.get("/files", limit=500)["files"] if one["name"] == name]
        return str(found[0]["digest"])


@pytest.fixture(scope="session")
def waiting() -> Callable[[TestClient, dict[str, Any]], dict[str, Any]]:
    """Waits for a job."""
    return settle
