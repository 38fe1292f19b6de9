"""``python -m bench.models``: the full profile's models at their size, part by part."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bench.command import answer
from mammothbox.settings import Settings, load_settings

PARTS = ("clip", "whisper", "phi", "blip", "clients", "files", "pipeline")


def main(argv: list[str] | None = None) -> int:
    """Runs the bench; exit status 0, or the error's own when the product refuses."""
    options = _parser().parse_args(argv)

    def work(only: list[str]) -> dict[str, Any]:
        with contextlib.ExitStack() as stack:
            made = options.scratch or stack.enter_context(
                tempfile.TemporaryDirectory(prefix="mammothbench-")
            )
            return measure(load_settings(), Path(made), only, options)

    return answer(options, PARTS, "Models of the full profile at full size", work)


def measure(
    settings: Settings, scratch: Path, only: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """The figures of the parts `only`; a part that is not there is named as lacking."""
    result: dict[str, Any] = {}
    for part in (name for name in PARTS if name in only):
        try:
            module = importlib.import_module(f"bench.models.{part}")
        except ModuleNotFoundError as error:
            result.setdefault("lacks", []).append(f"{part}: {error}")
            continue
        print(f"{part} ...", file=sys.stderr, flush=True)
        run = module.measure
        if part == "phi":
            run = partial(run, long=options.long)
        elif part == "whisper":
            run = partial(run, media=options.media)
        elif part == "pipeline":
            run = partial(run, plot=options.plot)
        result[part] = run(settings, scratch)
        print(json.dumps({part: result[part]}), file=sys.stderr, flush=True)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.models", description=__doc__)
    parser.add_argument("--only", help=f"comma-separated, of: {', '.join(PARTS)}")
    parser.add_argument("--long", action="store_true", help="also fill the writer's whole context")
    parser.add_argument("--media", type=Path, help="folder of test media, for real speech")
    parser.add_argument("--scratch", type=Path, help="folder to work in; weights stay for later")
    parser.add_argument("--plot", type=Path, help="SVG of the pipeline's memory to write")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
