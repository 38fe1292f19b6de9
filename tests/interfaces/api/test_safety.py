"""Nobody but the owner, nothing but what was allowed, and nothing in a file runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from mammothbox.errors import NotFound, TooLarge, UsageError
from mammothbox.interfaces.api import access, guard, quarantine
from mammothbox.interfaces.api.access import Access, hashed, prepare
from mammothbox.interfaces.api.app import create_app
from mammothbox.interfaces.api.serving import serve_app
from mammothbox.jobs import Desk
from mammothbox.organise.shelf import Shelf
from mammothbox.settings import load_settings
from tests.interfaces.api.conftest import HOST

if TYPE_CHECKING:
    from tests.interfaces.api.conftest import Box

TRAVERSALS = (
    "..;", "x../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "%00", "....//",
    "..\\..\\", "/etc/passwd", "%252e%252e%252f", "~", "a\0b".replace("\0", "%00"),
)  # fmt: skip


def _parameters() -> list[tuple[str, str]]:
    from mammothbox.interfaces.api.routes import ROUTERS

    return [
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if "{" in route.path
        for method in sorted(route.methods)
    ]


@pytest.mark.parametrize(("method", "path"), _parameters())
def test_no_path_parameter_leads_anywhere_else(still: Box, method: str, path: str) -> None:
    for odd in TRAVERSALS:
        url = "/api/v1" + path.replace("{number}", "1")
        for name in ("{digest}", "{job}", "{plan}", "{run}", "{number}"):
            url = url.replace(name, odd)
        answer = still.client.request(method, url, json={})
        assert answer.status_code in (400, 404, 405, 422), (url, answer.status_code)
        assert b"root:" not in answer.content


def test_static_files_lead_nowhere_else(still: Box) -> None:
    page = still.client.get("/").content
    for odd in TRAVERSALS:
        answer = still.client.get(f"/js/{odd}")
        if answer.content != page:
            assert answer.status_code in (400, 404, 405), (odd, answer.status_code)
        assert b"root:" not in answer.content


def test_names_of_plans_are_no_paths(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("plan: 1\n")
    shelf = Shelf(tmp_path / "plans")
    for odd in ("../secret", "/etc/passwd", "0" * 11 + "/", "", "0" * 12 + "\n"):
        with pytest.raises(NotFound):
            shelf.get(odd)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_pointed_here_is_refused(still: Box, host: str) -> None:
    answer = still.client.get("/api/v1/health", headers={"host": host})
    assert (answer.status_code, answer.json()["reason"]) == (421, "MisdirectedRequest")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:9", "LOCALHOST"])
def test_this_machines_own_names_are_heard(still: Box, host: str) -> None:
    assert still.client.get("/api/v1/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8081"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_pages_are_refused(still: Box, headers: dict[str, str], method: str) -> None:
    answer = still.client.request(method, "/api/v1/failed", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "ForeignOrigin")
    own = {"origin": HOST, "sec-fetch-site": "same-origin"}
    assert still.client.get("/api/v1/health", headers=own).status_code == 200


@pytest.fixture
def locked(still: Box) -> TestClient:
    """The application for those who know the word."""
    rules = Access("0.0.0.0", hashed("a long enough word"))
    return TestClient(create_app(still.desk, rules), "http://192.168.1.7:8080")


def test_without_the_token_nothing_is_told(locked: TestClient) -> None:
    for path in ("/", "/api/v1/files", "/api/openapi.json", "/?token=wrong"):
        answer = locked.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for wrong in ("Bearer wrong", "Basic a long enough word", "Bearer"):
        assert locked.get("/api/v1/health", headers={"authorization": wrong}).status_code == 401


def test_the_token_opens_as_bearer_and_once_by_address(locked: TestClient) -> None:
    bearer = {"authorization": "Bearer a long enough word"}
    assert locked.get("/api/v1/health", headers=bearer).status_code == 200
    answer = locked.get("/?token=a+long+enough+word&x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert locked.get("/api/v1/health").status_code == 200


def test_an_address_with_two_slashes_leads_to_no_other_host(locked: TestClient) -> None:
    answer = locked.get("//evil.example/?token=a+long+enough+word", follow_redirects=False)
    assert not answer.headers.get("location", "/").startswith("//")


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compare(first: str, second: str) -> bool:
        asked.append((first, second))
        return first == second

    monkeypatch.setattr(access.hmac, "compare_digest", compare)
    rules = Access("0.0.0.0", hashed("right"))
    assert rules.knows("right")
    assert not rules.knows("wrong")
    assert asked == [(hashed("right"), hashed("right")), (hashed("wrong"), hashed("right"))]


def test_beyond_this_machine_a_token_is_made_told_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    rules, fresh = prepare(tmp_path, "0.0.0.0", "")
    assert len(fresh) >= 32
    assert rules.knows(fresh)
    kept = tmp_path / access.TOKEN_FILE
    assert fresh not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    again, none = prepare(tmp_path, "0.0.0.0", "")
    assert (again, none) == (rules, "")
    assert prepare(tmp_path / "other", "127.0.0.1", "") == (Access("127.0.0.1"), "")
    assert not (tmp_path / "other").exists()


def test_a_short_token_is_not_enough_for_other_machines(tmp_path: Path) -> None:
    settings = load_settings({}, library=tmp_path)
    with pytest.raises(UsageError, match="12 characters"):
        serve_app(settings, "0.0.0.0", 0, "short")


def test_every_answer_carries_the_policy(still: Box) -> None:
    for path in ("/", "/api/v1/health", "/api/v1/nowhere", "/nowhere"):
        headers = still.client.get(path).headers
        assert headers["content-security-policy"] == guard.POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in guard.POLICY
        assert "http" not in guard.POLICY


def test_a_page_with_a_script_is_handed_out_as_a_download(still: Box) -> None:
    answer = still.client.get(f"/api/v1/files/{still.digest('evil.html')}/content")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    seen = still.client.get(f"/api/v1/files/{still.digest('evil.html')}/thumbnail")
    assert seen.headers["content-type"] == "image/webp"


SCRIPT = b"<script>alert(1)</script>"
HOSTILE = {
    "evil.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>",
    "evil.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml"><body>' + SCRIPT + b"</body></html>",
    "picture.jpg": b"<!doctype html><html><body><p>Turnips.</p>" + SCRIPT + b"</body></html>",
    "table.csv": b"a,b\n=cmd|'/c calc'!A1," + SCRIPT + b"\n",
}


def test_nothing_in_a_file_runs_whatever_it_is_called(box: Box) -> None:
    for name, body in HOSTILE.items():
        (box.folder / name).write_bytes(body)
    whole = (box.folder / "photos" / "IMG_2101.jpg").read_bytes()
    (box.folder / "polyglot.html").write_bytes(whole + SCRIPT)
    box.job("/ingest", {"paths": [str(box.folder)]})
    names = {one["name"]: one["digest"] for one in box.get("/files", limit=500)["files"]}
    assert names.keys() & {*HOSTILE, "polyglot.html"} >= {"picture.jpg", "polyglot.html"}
    for name in names.keys() & {*HOSTILE, "polyglot.html"}:
        for what in ("content", "view", "thumbnail"):
            answer = box.client.get(f"/api/v1/files/{names[name]}/{what}")
            if answer.status_code == 415:
                continue
            assert answer.status_code == 200, (name, what)
            mime = answer.headers["content-type"].partition(";")[0]
            shown = answer.headers["content-disposition"].startswith("inline")
            assert not shown or mime in ("image/jpeg", "image/webp"), (name, what, mime)
            assert answer.headers["content-security-policy"].startswith("sandbox"), (name, what)
            assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/etc", "/", "relative", "/tmp/../etc", "/proc/self", "a\0b"])
def test_only_allowed_folders_are_taken_in(still: Box, path: str) -> None:
    answer = still.client.post("/api/v1/ingest", json={"paths": [path]})
    assert (answer.status_code, answer.json()["reason"]) == (400, "UsageError")
    plan = still.client.post("/api/v1/plans", json={"folder": path})
    assert plan.status_code == 400
    if path:
        assert still.client.get("/api/v1/places", params={"path": path}).status_code == 400


def test_a_link_out_of_an_allowed_folder_is_refused(box: Box, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("The combination is 4711.")
    (box.folder / "way-out").symlink_to(outside)
    for path in (box.folder / "way-out", box.folder / "way-out" / "secret.txt"):
        answer = box.client.post("/api/v1/ingest", json={"paths": [str(path)]})
        assert answer.status_code == 400, path
    assert str(box.folder / "way-out") not in box.get("/places", path=str(box.folder))["folders"]


def test_a_file_that_became_a_link_is_not_followed(box: Box, tmp_path: Path) -> None:
    digest = box.digest("day3.md")
    path = box.folder / "documents" / "day3.md"
    secret = tmp_path / "secret.md"
    secret.write_bytes(path.read_bytes())
    times = path.stat()
    path.unlink()
    path.symlink_to(secret)
    os.utime(secret, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)
    assert box.client.get(f"/api/v1/files/{digest}/content").status_code == 404


def test_a_folder_that_became_a_link_is_not_followed(box: Box, tmp_path: Path) -> None:
    digest = box.digest("day3.md")
    folder = box.folder / "documents"
    folder.rename(tmp_path / "moved-out")
    folder.symlink_to(tmp_path / "moved-out")
    assert box.client.get(f"/api/v1/files/{digest}/content").status_code == 404


def test_an_upload_that_says_it_is_too_large_is_refused_unread(still: Box) -> None:
    answer = still.client.post(
        "/api/v1/uploads?name=x.jpg", content=b"x", headers={"content-length": "9999999999999"}
    )
    assert (answer.status_code, answer.json()["reason"]) == (413, "TooLarge")


class _Endless:
    """A request whose body never ends."""

    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, pause: float = 0.0) -> None:
        self.sent = 0
        self.pause = pause

    async def stream(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self.pause)
            self.sent += 65_536
            yield b"x" * 65_536


def test_an_endless_upload_is_cut_off_and_leaves_nothing(tmp_path: Path) -> None:
    request = _Endless()

    async def run() -> None:
        async with quarantine.receive(request, tmp_path, 1_000_000):  # type: ignore[arg-type]
            raise AssertionError("it ended")

    with pytest.raises(TooLarge):
        asyncio.run(run())
    assert request.sent < 1_200_000
    assert list((tmp_path / quarantine.FOLDER).iterdir()) == []


def test_a_silent_upload_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "SILENCE_S", 0.05)

    async def run() -> None:
        async with quarantine.receive(_Endless(60.0), tmp_path, 10**6):  # type: ignore[arg-type]
            raise AssertionError("it ended")

    with pytest.raises(Exception, match="silent"):
        asyncio.run(run())
    assert list((tmp_path / quarantine.FOLDER).iterdir()) == []


def test_a_body_without_end_is_cut_off_where_json_is_due(still: Box) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b'{"paths":["' + b"x" * 65_536

    answer = still.client.post(
        "/api/v1/ingest",
        content=(piece for piece, _ in zip(endless(), range(100), strict=False)),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 413


@pytest.mark.allow_error_log
def test_a_fault_of_the_program_is_a_problem_without_a_traceback(
    still: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr(Desk, "jobs", broken)
    client = TestClient(create_app(still.desk, Access()), HOST, raise_server_exceptions=False)
    answer = client.get("/api/v1/jobs")
    assert (answer.status_code, answer.json()["reason"]) == (500, "Bug")
    assert "Traceback" not in answer.text
    assert "by design" not in answer.text
