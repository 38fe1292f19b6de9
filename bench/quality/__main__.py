"""``python -m bench.quality``: runs the parts and prints one object, or a table."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from bench.command import answer
from bench.quality.context import Context
from mammothbox.settings import load_settings

PARTS = (
    "retrieval",
    "captions",
    "objects",
    "likeness",
    "speech",
    "language",
    "video",
    "ocr",
    "documents",
    "schema",
    "weights",
)
"""Modules of this package, each with ``measure(context)``."""


def main(argv: list[str] | None = None) -> int:
    """Runs the bench; exit status 0, or the error's own when the product refuses."""
    options = _parser().parse_args(argv)

    def work(only: list[str]) -> dict[str, Any]:
        with Context(options.media, options.split, load_settings(), options.limit) as context:
            return run(context, only, options.baseline)

    return answer(options, PARTS, f"Quality on {options.split}", work)


def run(context: Context, only: list[str], baseline: Path | None) -> dict[str, Any]:
    """The results of the parts `only`, in the order of `PARTS`."""
    result: dict[str, Any] = {}
    for part in (name for name in PARTS if name in only):
        context.say(f"{part} ...")
        found = importlib.import_module(f"bench.quality.{part}").measure(context)
        if part == "retrieval":
            result.update(found or {})
        else:
            result[part] = found
    result["baseline"] = "not measured"
    if baseline is not None:
        from bench.quality.baseline import compare

        result["baseline"] = compare(context, baseline)
    result["lacks"] = context.lacks
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--media", type=Path, required=True, help="directory with index.csv")
    parser.add_argument("--split", choices=("val", "test"), default="val", help="of Flickr8k")
    parser.add_argument("--only", help=f"comma-separated, of: {', '.join(PARTS)}")
    parser.add_argument("--baseline", type=Path, help="another model's captions and tags, JSON")
    parser.add_argument("--limit", type=int, help="files a part, for a quick look")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
