"""Axe looks at every view, in light on a desk and in dark on a phone: nothing serious."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.interfaces.web.conftest import Open, Server

SERIOUS = ("serious", "critical")
Ready = Callable[[Page], None]


def _shown(selector: str) -> Ready:
    return lambda page: expect(page.locator(selector).first).to_be_visible(timeout=60_000)


def _with_text(page: Page) -> None:
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator(".read span").first).to_be_visible()


def _asked_to_confirm(page: Page) -> None:
    expect(page.locator(".folder").first).to_be_visible()
    page.locator(".files button").first.click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


VIEWS: dict[str, tuple[str, Ready]] = {
    "library": ("", _shown(".tile img")),
    "nothing fits": ("#/library?tag=nowhere", _shown(".empty")),
    "map": ("#/library?map=1", _shown(".world circle")),
    "search": ("#/search?q=ferry", _shown(".hit")),
    "nothing found": ('#/search?q="xyzzy"', _shown(".page h1")),
    "photo": ("#/item/IMG_2102.jpg", _shown(".picture img")),
    "text in a photo": ("#/item/scan_0001.jpg", _with_text),
    "video": ("#/item/MOV_0031.mp4", _shown("video")),
    "recording": ("#/item/REC_0007.wav", _shown(".said button")),
    "document": ("#/item/allotment-report.pdf", _shown(".sheets img")),
    "groups": ("#/groups", _shown(".group")),
    "arrange": ("#/arrange", _shown(".setup")),
    "plan": ("#/arrange/PLAN", _shown(".folder")),
    "apply": ("#/arrange/PLAN", _asked_to_confirm),
    "activity": ("#/activity", _shown(".job")),
    "folders": ("#/activity?add", _shown("dialog .picker button")),
}


@pytest.fixture(scope="module")
def plan(server: Server) -> str:
    """A proposal to look at."""
    made = server.job("/plans", {"folder": str(server.folder), "by": "kind", "writer": False})
    return str(made["result"]["plan"])


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", (1280, 800)), ("dark", (390, 844))],  # no colour depends on the size
    ids=["light-desk", "dark-phone"],
)
def test_axe_finds_nothing_serious(
    server: Server, opened: Open, plan: str, scheme: str, size: tuple[int, int]
) -> None:
    found = []
    for name, (where, ready) in VIEWS.items():
        where = where.replace("PLAN", plan)
        if where.startswith("#/item/"):
            where = f"#/item/{server.digest(where.rpartition('/')[2])}"
        page = opened(server, where, size=size, color_scheme=scheme, reduced_motion="reduce")
        ready(page)
        found += [f"{name}: {one}" for one in _serious(page)]
        page.context.close()
    assert not found, "\n".join(found)


def test_axe_would_find_something(server: Server, opened: Open) -> None:
    page = opened(server, "#/activity")
    expect(page.locator(".job").first).to_be_visible()
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=icon.svg>')"
    )
    assert [one for one in _serious(page) if one.startswith("image-alt")]


def _serious(page: Page) -> list[str]:
    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]} {node.get('failureSummary', '')}"
        for one in answer["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]


def test_the_focus_stays_on_a_hit_while_the_rest_comes(server: Server, opened: Open) -> None:
    """What has the very words is drawn first, and drawn again with what means the same."""
    page, held = opened(server), []
    page.route(
        "**/api/v1/search?*",
        lambda route: route.continue_() if "words=" in route.request.url else held.append(route),
    )
    page.keyboard.press("/")
    page.keyboard.type("ferry")
    expect(page.locator(".hit").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_be_visible()
    page.keyboard.press("Enter")
    focused = page.locator(".hit h2 a:focus")
    expect(focused).to_have_count(1)
    name = focused.inner_text()
    while not held:
        page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    expect(page.locator("[aria-busy=false]")).to_be_visible()
    expect(page.locator(".hit h2 a:focus")).to_have_text(name)
