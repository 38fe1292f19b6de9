"""How quick the page is with a large library, measured in the browser that shows it.

    python -m bench.web                  # 50,000 made-up photos, about five minutes
    python -m bench.web --files 5000 --json

The library is written through the store's own door; its pictures are a few hundred drawn ones under
many names, their thumbnails made before. Searching uses the real models of the profile. First paint
is counted from the answer to the page's own question for the timeline.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image, ImageDraw

from bench.speed.searching import QUERIES
from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.app import create_app
from mammothbox.jobs import Desk
from mammothbox.library import Library
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.settings import load_settings
from mammothbox.understand.steps import BY_NAME, author_of

DRAWN = 300
BATCH = 2000
SHAPES = ((640, 480), (480, 640), (640, 427), (600, 600), (720, 405))
WATCH = """
(() => {
  const blank = new Map(), gaps = []; let last = 0;
  window.bench = { blank: [], frames: [], first: 0, on: false };
  const look = (now) => {
    const tiles = document.querySelectorAll('.tile');
    const high = innerHeight;
    for (const tile of tiles) {
      const box = tile.getBoundingClientRect();
      if (box.bottom < 60 || box.top > high) { blank.delete(tile); continue; }
      const image = tile.querySelector('img');
      if (image && image.complete && image.naturalWidth) {
        if (!window.bench.first) window.bench.first = now;
        if (blank.has(tile)) { window.bench.blank.push(now - blank.get(tile)); blank.delete(tile); }
      } else if (!blank.has(tile)) blank.set(tile, now);
    }
    if (window.bench.on && last) window.bench.frames.push(now - last);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


def main() -> int:
    """Measure and print; exit status 0, 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
        result = measure(Path(scratch), options.files)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for name, value in result.items():
            print(f"{name:28} {value}")
    kept = (
        result["first_paint_ms"] <= 1000
        and result["blank_over_200_ms"] == 0
        and result["search_p95_ms"] <= 100
    )
    return 0 if kept else 1


def measure(scratch: Path, files: int) -> dict[str, Any]:
    """All figures; times in milliseconds."""
    from playwright.sync_api import sync_playwright

    settings = replace(load_settings(), library=scratch / "library")
    begin = time.perf_counter()
    _fill(settings, scratch, files)
    print(f"{files} files written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    listener = socket.create_server(("127.0.0.1", 0))
    with Desk(settings) as desk:
        config = uvicorn.Config(
            create_app(desk, Access()), log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        desk.library.search("warming up the models")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            page = browser.new_page(viewport={"width": 1360, "height": 860})
            page.add_init_script(WATCH)
            result = _look(page, f"http://127.0.0.1:{listener.getsockname()[1]}")
            browser.close()
        server.should_exit = True
        thread.join(10)
    return {"files": files, **result}


def _look(page: Any, url: str) -> dict[str, Any]:
    page.goto(url)
    page.wait_for_function("() => window.bench.first > 0", timeout=60_000)
    page.reload()
    page.wait_for_function("() => window.bench.first > 0", timeout=60_000)
    answered = page.evaluate(
        "() => performance.getEntriesByType('resource')"
        ".find((e) => e.name.includes('/timeline')).responseEnd"
    )
    first = page.evaluate("() => window.bench.first")
    page.wait_for_timeout(1000)
    page.evaluate("() => { window.bench.on = true; window.bench.blank = []; }")
    page.mouse.move(600, 500)
    for _ in range(120):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(50)
    page.wait_for_timeout(800)
    blank, frames = page.evaluate("() => [window.bench.blank, window.bench.frames]")
    searched = _search(page, url)
    return {
        "first_paint_ms": round(first - answered),
        "timeline_ms": round(answered),
        "scrolled_px": 120 * 240,
        "blank_worst_ms": round(max(blank, default=0)),
        "blank_over_200_ms": sum(one > 200 for one in blank),
        "frame_p95_ms": round(float(np.percentile(frames, 95)), 1),
        "search_median_ms": round(statistics.median(searched), 1),
        "search_p95_ms": round(float(np.percentile(searched, 95)), 1),
        "searches": len(searched),
    }


def _search(page: Any, url: str) -> list[float]:
    """Milliseconds from a question's start to its answer, for every question that typing asked."""
    page.goto(f"{url}/#/library")
    page.evaluate("() => performance.setResourceTimingBufferSize(5000)")
    for query in QUERIES:
        page.fill("#search", "")
        page.locator("#search").press_sequentially(query, delay=130)
        page.wait_for_timeout(600)
    found = page.evaluate(
        "() => performance.getEntriesByType('resource')"
        ".filter((e) => e.name.includes('/search?') && e.responseEnd).map((e) => e.duration)"
    )
    return [float(one) for one in found]


def _fill(settings: Any, scratch: Path, files: int) -> None:
    """Made-up photos of ten years, through the store's own door."""
    random = np.random.default_rng(7)
    pictures = [_draw(scratch, number, random) for number in range(DRAWN)]
    words = sorted({word for query in QUERIES for word in query.split()})
    with Library.open(settings, write=True) as library:
        cards, store = library.models.cards(), library.store
        authors = {n: author_of(BY_NAME[n], Kind.IMAGE, cards) for n in ("embed", "chunks")}
        (scratch / "files").mkdir()
        store.record_files((), [str(scratch / "files")])
        for start in range(0, files, BATCH):
            refs: list[FileRef] = []
            results: list[Result] = []
            number = min(BATCH, files - start)
            joint, text = _unit(random, number, 512), _unit(random, number, 384)
            for n in range(number):
                ref, facts = _place(settings, scratch, start + n, pictures, random)
                sentence = " ".join(random.choice(words, 9))
                caption = (Passage("caption", sentence),)
                digest, by, said = ref.digest, authors, {"title": sentence, "tags": []}
                refs.append(ref)
                results += [
                    Result(digest, "facts", "decoder", "1", Done(facts)),
                    Result(digest, "outline", "code", "1", Done(said), caption),
                    Result(digest, "embed", by["embed"].model, by["embed"].revision, Done({}), (),
                           (Embedding("joint", joint[n]),),
                           model_revision=cards["embedder"].revision),
                    Result(digest, "chunks", by["chunks"].model, by["chunks"].revision, Done({}),
                           (), (Embedding("text", text[n], text=sentence),),
                           model_revision=cards["text_embedder"].revision),
                ]  # fmt: skip
            store.record_files(refs)
            store.commit(results)


def _unit(random: np.random.Generator, rows: int, dimensions: int) -> Any:
    vectors = random.standard_normal((rows, dimensions), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _draw(scratch: Path, number: int, random: np.random.Generator) -> tuple[Path, Path, int, int]:
    """A picture and its thumbnail, as large as real thumbnails are."""
    width, height = SHAPES[number % len(SHAPES)]
    noise = random.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).text((20, 20), str(number), fill=(255, 255, 255))
    picture, small = scratch / f"{number}.jpg", scratch / f"{number}.webp"
    image.save(picture, quality=80)
    image.thumbnail((512, 512))
    image.save(small, quality=78)
    return picture, small, width, height


def _place(
    settings: Any,
    scratch: Path,
    number: int,
    pictures: list[tuple[Path, Path, int, int]],
    random: np.random.Generator,
) -> tuple[FileRef, dict[str, Any]]:
    picture, small, width, height = pictures[number % len(pictures)]
    digest = Digest(f"{number * 7919:064x}"[::-1])
    path = scratch / "files" / f"{number // 500:03}" / f"IMG_{number:06}.jpg"
    thumb = settings.library / "previews" / digest[:2] / f"{digest}-thumb.webp"
    for folder in (path.parent, thumb.parent):
        folder.mkdir(parents=True, exist_ok=True)
    os.link(picture, path)
    os.link(small, thumb)
    status = path.stat()
    taken = datetime(2015, 1, 1) + timedelta(minutes=float(random.integers(0, 5_250_000)))
    ref = FileRef(str(path), status.st_size, status.st_mtime_ns, Kind.IMAGE, "image/jpeg", digest)
    return ref, {"width": width, "height": height, "taken_at": taken.isoformat()}


if __name__ == "__main__":
    sys.exit(main())
