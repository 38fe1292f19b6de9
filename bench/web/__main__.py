"""Measure the page in Chromium over a large library: first paint, scrolling, search as one types.

    python -m bench.web                         # 50,000 made-up photos, about five minutes
    python -m bench.web --files 5000 --json
    python -m bench.web --keep build/web-bench  # the library stays there, and is used again

The real server with the real models of the profile answers. First paint is counted from the answer
to the page's own question for the timeline, in a browser that has nothing kept; blank tiles while
the wheel turns without a rest; results of words from the key that asked for them to the frame that
shows them, and those of all rankings from question to answer. Exit status 1 where a promise breaks.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import uvicorn

from bench.speed.searching import QUERIES
from bench.web.filling import fill
from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.app import create_app
from mammothbox.jobs import Desk
from mammothbox.services.listening import address, listen
from mammothbox.settings import Settings, load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

WATCH = Path(__file__).with_name("watch.js")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
TURNS, TURN_PX, TURN_MS = 120, 240, 50
"""Of the wheel: 4,800 pixels a second."""

KEY_MS, WORD_MS = 130, 500
"""Between keys, and after a word: a quick typist who looks up after each word."""

PROMISES = {
    "first_paint_ms": 1000, "blank_worst_ms": 200, "shown_p95_ms": 100, "whole_p95_ms": 100,
}  # fmt: skip
"""Figure → most milliseconds."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="folder for the library, used again if there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="mammothbench-")
        scratch = options.keep or Path(stack.enter_context(made))
        scratch.mkdir(parents=True, exist_ok=True)
        result = measure(scratch, options.files)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for name, value in result.items():
            print(f"{name:28} {value}")
    return int(any(result[name] > most for name, most in PROMISES.items()))


def measure(scratch: Path, files: int) -> dict[str, Any]:
    """All figures; times in milliseconds."""
    from playwright.sync_api import sync_playwright

    settings = replace(load_settings(), library=scratch / "library")
    begin = time.perf_counter()
    fill(settings, scratch, files)
    print(f"{files} files in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    with _server(settings) as url, sync_playwright() as playwright:
        chromium = playwright.chromium
        browser = chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        page.add_init_script(path=WATCH)
        result = {"files": files, **_first(page, url), **_scroll(page), **_search(page, url)}
        browser.close()
    return result


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """The address of a real server whose models were asked once."""
    listener = listen("127.0.0.1", 0)
    with Desk(settings) as desk:
        app = create_app(desk, Access())
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        desk.library.search("warming up the models")
        yield address(listener)
        desk.leaving.set()
        server.should_exit = True
        thread.join(10)


def _first(page: Page, url: str) -> dict[str, Any]:
    page.goto(url)
    page.wait_for_function("() => window.bench.first > 0", timeout=60_000)
    first = page.evaluate("() => window.bench.first")
    asked, answered = page.evaluate(
        "() => performance.getEntriesByType('resource')"
        ".filter((e) => e.name.includes('/timeline')).map((e) => [e.startTime, e.responseEnd])[0]"
    )
    return {"timeline_ms": round(answered - asked), "first_paint_ms": round(first - answered)}


def _scroll(page: Page) -> dict[str, Any]:
    """Turn the wheel for a while, then jump to five years along the timeline."""
    page.wait_for_function("() => window.bench.waiting === 0")
    page.evaluate("() => { window.bench.on = true; }")
    page.mouse.move(600, 500)
    for _ in range(TURNS):
        page.mouse.wheel(0, TURN_PX)
        page.wait_for_timeout(TURN_MS)
    page.wait_for_function("() => window.bench.waiting === 0")
    blank, frames = page.evaluate("() => [window.bench.blank, window.bench.frames]")
    far = page.evaluate("() => scrollY")
    page.evaluate("() => { window.bench.blank = []; }")
    years = page.locator(".timeline button")
    for place in range(0, years.count(), max(1, years.count() // 5)):
        years.nth(place).click()
        page.wait_for_timeout(300)
        page.wait_for_function("() => window.bench.waiting === 0")
    jumps = page.evaluate("() => window.bench.blank")
    return {
        "scrolled_px": round(far),
        "blank_tiles": len(blank),
        "blank_worst_ms": round(max(blank, default=0)),
        "frame_p95_ms": _p95(frames),
        "jump_blank_worst_ms": round(max(jumps, default=0)),
    }


def _search(page: Page, url: str) -> dict[str, Any]:
    """Type every query, each word key by key."""
    page.goto(f"{url}/#/library")
    page.evaluate("() => performance.setResourceTimingBufferSize(50000)")
    box = page.locator("#search")
    for query in QUERIES:
        page.fill("#search", "")
        for word in query.split():
            box.press_sequentially(word, delay=KEY_MS)
            page.wait_for_timeout(WORD_MS)
            box.press_sequentially(" ")
    shown = page.evaluate("() => window.bench.shown")
    whole = page.evaluate(
        "() => performance.getEntriesByType('resource').filter((e) => e.responseStatus === 200"
        " && e.name.includes('/search?') && !e.name.includes('words=')).map((e) => e.duration)"
    )
    return {
        "shown_median_ms": round(statistics.median(shown), 1),
        "shown_p95_ms": _p95(shown),
        "keys": len(shown),
        "whole_median_ms": round(statistics.median(whole), 1),
        "whole_p95_ms": _p95(whole),
        "whole_searches": len(whole),
    }


def _p95(values: list[float]) -> float:
    return round(float(np.percentile(values, 95)), 1)


if __name__ == "__main__":
    sys.exit(main())
