"""Draw what MammothBox makes of five files, from a real run, as an SVG for the README.

Usage: python tools/picture.py docs/five-files.svg (see `make docs-picture`).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from demo import SOME_FAILED, answer, mammothbox
from rich.console import Console
from rich.table import Table
from rich.text import Text

LIBRARY = Path("build/demo-library")
FILES = (
    "examples/photos/IMG_2104.jpg",
    "examples/documents/scan_0001.jpg",
    "examples/sound/REC_0007.wav",
    "examples/video/slideshow.mp4",
    "examples/documents/ferry-booking.eml",
)


def _said(item: dict[str, Any]) -> str:
    """What was found in a file, in a few lines."""
    transcript = item.get("transcript") or {}
    spoken = " ".join(one["text"].strip() for one in transcript.get("segments") or [])
    parts = {
        "taken": item.get("taken_at"),
        "caption": item.get("caption"),
        "summary": item.get("summary"),
        "read": " ".join((item.get("ocr_text") or "").split())[:90],
        "heard": spoken[:110],
    }
    return "\n".join(f"{name}: {_text(value)}" for name, value in parts.items() if value)


def _text(value: Any) -> str:
    return str(value.get("text", value.get("value", ""))) if isinstance(value, dict) else str(value)


def _tags(item: dict[str, Any]) -> str:
    tags = item.get("tags") or []
    return ", ".join(_text(tag) if not isinstance(tag, dict) else tag["name"] for tag in tags)


def main() -> None:
    """Write the picture to the path given."""
    mammothbox(LIBRARY, "ingest", "examples", ok=(0, SOME_FAILED))
    table = Table(show_lines=True, width=110)
    for name in ("file", "title", "what was found in it", "tags"):
        table.add_column(name, overflow="fold")
    for path in FILES:
        item = answer(LIBRARY, "show", path)
        title = Text(_text(item.get("title") or ""), style="bold")
        table.add_row(Text(Path(path).name), title, Text(_said(item)), Text(_tags(item)))
    console = Console(record=True, width=112, file=io.StringIO())
    console.print(table)
    Path(sys.argv[1]).write_text(console.export_svg(title="mammothbox"), encoding="utf-8")


if __name__ == "__main__":
    main()
