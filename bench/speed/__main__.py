"""``python -m bench.speed``: asks every question of speed and prints one object, or a table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.command import answer
from mammothbox.settings import Settings, load_settings

PARTS = ("searchable", "files", "engines", "eyes", "writer", "search", "memory", "rescan")


def main(argv: list[str] | None = None) -> int:
    """Runs the bench; exit status 0, or the error's own when the product refuses."""
    options = _parser().parse_args(argv)

    def work(only: list[str]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="mammothbench-") as scratch:
            place = Path(scratch)
            return measure(load_settings(), place, only, long=options.long, media=options.media)

    return answer(options, PARTS, "Speed and memory", work)


def measure(
    settings: Settings,
    scratch: Path,
    only: list[str],
    *,
    long: bool,
    media: Path | None = None,
) -> dict[str, Any]:
    """The figures of the parts `only`; times in the unit that the name ends with.

    `media` lends its spoken sentences; without it the examples' three are said again and again.
    """
    from bench.speed import files, memory, scanning, searching

    result: dict[str, Any] = {}
    if "searchable" in only:
        _say("photos until they can be found ...")
        result.update(files.searchable(settings, scratch))
    if "files" in only:
        _say("files one at a time ...")
        result["seconds_per_file"] = files.per_file(settings, scratch, media)
    if "engines" in only:
        _say("ingest against bare engines ...")
        result.update(files.over_engines(settings, scratch, media))
    if "eyes" in only:
        from bench.speed import eyes

        _say("the eyes in batches ...")
        result.update(eyes.measure(settings, scratch))
    if "writer" in only:
        from bench.speed import writing

        _say("the small writer on both engines ...")
        result.update(writing.measure(settings))
    if "memory" in only or "search" in only:
        _say("the examples as one command ...")
        result.update(memory.examples(scratch))
    if "search" in only:
        _say("searches ...")
        result.update(searching.cold(memory.library(scratch)))
        result.update(searching.warm(settings, scratch))
    if "rescan" in only:
        _say("100,000 unchanged files ...")
        result.update(scanning.rescan(settings, scratch))
    if long:
        _say("describing 1,000 photos in groups ...")
        result["describe_s_per_photo"] = files.describe_amortised(settings, scratch)
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--only", help=f"comma-separated, of: {', '.join(PARTS)}")
    parser.add_argument("--media", type=Path, help="directory with index.csv, for its sentences")
    parser.add_argument("--long", action="store_true", help="also describe 1,000 photos in groups")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
