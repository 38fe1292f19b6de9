"""The main job from beginning to end, as a user would type it: ingest, search, show.

Calls the `mammothbox` command for everything, so what is seen here is what the command does. Used
by `make demo`; knows nothing of the program's insides.

Example:
    python tools/demo.py examples --library build/demo-library
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

SOME_FAILED = 3
"""Exit code of an ingest that finished though some files could not be understood."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

QUERIES = ("a cup of coffee on a table", "ferry tickets", "a more amiable woman")
SHOWN = {
    "image": "a cat",
    "audio": "leisure to consider",
    "document": "allotment harvest",
}
"""Kind → the query whose first hit of that kind is shown in full."""


class CommandFailed(SystemExit):
    """A command ended with an exit code that is no success; its own message was shown already."""


def mammothbox(library: Path, *words: str, ok: Sequence[int] = (0,)) -> None:
    """Run a command with its output on the terminal."""
    line = [sys.executable, "-m", "mammothbox", *words, "--library", str(library)]
    done = subprocess.run(line, check=False)
    if done.returncode not in ok:
        raise CommandFailed(done.returncode)


def answer(library: Path, *words: str) -> Any:
    """Run a command with ``--json`` and give back its answer."""
    line = [sys.executable, "-m", "mammothbox", *words, "--library", str(library), "--json"]
    done = subprocess.run(line, check=False, stdout=subprocess.PIPE)
    if done.returncode:
        raise CommandFailed(done.returncode)
    return json.loads(done.stdout)


def hits_table(query: str, hits: Sequence[dict[str, Any]], folder: Path) -> Table:
    """Hits as a table: file, kind, score, and the strongest reason."""
    table = Table(title=f'search "{query}"', title_justify="left", expand=True)
    for name, ratio in (("file", 3), ("kind", None), ("score", None), ("why", 5)):
        table.add_column(name, ratio=ratio, overflow="ellipsis", no_wrap=True)
    for hit in hits:
        table.add_row(
            Text(_below(hit["path"], folder)), hit["kind"], f"{hit['score']:.3f}", _why(hit)
        )
    return table


def _why(hit: dict[str, Any]) -> Text:
    reasons = hit.get("why") or []
    if not reasons:
        return Text("")
    first = reasons[0]
    if isinstance(first, str):
        return Text(first)
    place = ""
    if first.get("page"):
        place = f", page {first['page']}"
    if first.get("start_s") is not None:
        minutes, seconds = divmod(int(first["start_s"]), 60)
        place = f", at {minutes}:{seconds:02}"
    if first["how"] == "looks":
        return Text(f"looks like it{place}")
    return Text(f"{first['field']}{place}: {first['text']}")


def _below(path: str, folder: Path) -> str:
    root = f"{folder.absolute()}/"
    return path.removeprefix(root) if path.startswith(root) else path


def main() -> None:
    """Ingest, search three times, show three files."""
    parser = argparse.ArgumentParser(description="Describe a folder and search it.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("examples"))
    parser.add_argument("--library", type=Path, default=Path("build/demo-library"))
    parser.add_argument("--limit", type=int, help="only so many files")
    parser.add_argument("--serve", action="store_true", help="then show it in a browser")
    options = parser.parse_args()
    folder, library = options.folder.expanduser(), options.library
    library.parent.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)

    limit = ["--limit", str(options.limit)] if options.limit else []
    console.rule(f"mammothbox ingest {folder}")
    mammothbox(library, "ingest", str(folder), *limit, ok=(0, SOME_FAILED))

    if options.serve:
        console.rule("mammothbox serve")
        mammothbox(library, "serve", ok=(0, INTERRUPTED))
        return
    for query in QUERIES:
        hits = answer(library, "search", query, "--limit", "5")
        console.print(hits_table(query, _hits(hits), folder))
    for kind, query in SHOWN.items():
        found = _hits(answer(library, "search", query, "--kind", kind, "--limit", "1"))
        if found:
            console.rule(f"mammothbox show {_below(found[0]['path'], folder)}")
            console.print_json(data=answer(library, "show", found[0]["path"]))


def _hits(found: Any) -> list[dict[str, Any]]:
    return list(found["hits"]) if isinstance(found, dict) else list(found)


if __name__ == "__main__":
    main()
