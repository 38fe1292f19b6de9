"""``python -m bench.accept``: measures the promises, prints the table, exits 1 if one is broken."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench.accept.lines import Line
from bench.accept.runs import RUNS

MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media"
"""Where the test media lie beside a checkout."""


def main(argv: list[str] | None = None) -> int:
    """Runs the chosen groups one after the other; a group that breaks is a failed line."""
    options = _parser().parse_args(argv)
    only = options.only.split(",") if options.only else list(RUNS)
    unknown = sorted(set(only) - set(RUNS))
    if unknown or not options.media.is_dir():
        what = f"unknown: {', '.join(unknown)}" if unknown else f"no directory {options.media}"
        print(f"{what}; groups: {', '.join(RUNS)}", file=sys.stderr)
        return 2
    lines: list[tuple[str, Line]] = []
    for name in only:
        begin = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        lines += [(name, line) for line in measured(name, options.media)]
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps([{"group": group, **asdict(line)} for group, line in lines], indent=1))
    else:
        print_lines(lines)
    return int(any(line.ok is False for _, line in lines))


def measured(name: str, media: Path) -> list[Line]:
    """The lines of a group; what it raises is its only line, so that the others still run."""
    try:
        return RUNS[name](media)
    except Exception as error:  # the border: one broken bench must not hide the others' figures
        return [Line(name, "a measurement", f"{type(error).__name__}: {error}", False)]


def print_lines(lines: list[tuple[str, Line]]) -> None:
    """The table: promise, required, measured, ok or not."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="What is promised, and what was measured")
    for heading in ("group", "promise", "required", "measured", ""):
        table.add_column(heading, overflow="fold")
    marks = {True: "[green]ok[/]", False: "[red]not[/]", None: ""}
    for group, line in lines:
        table.add_row(group, line.what, line.required, line.measured, marks[line.ok])
    Console().print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.accept", description=__doc__)
    parser.add_argument("--media", type=Path, default=MEDIA, help=f"default: {MEDIA}")
    parser.add_argument("--only", help=f"comma-separated, of: {', '.join(RUNS)}")
    parser.add_argument("--json", action="store_true", help="one JSON list on standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
