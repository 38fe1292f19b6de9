"""How answers and errors are written: JSON for programs, tidy and safe lines for people.

Names of files are data of strangers: control characters, line breaks and marks that turn the
direction of writing are shown as escapes, so that no name can disturb a terminal.

Example:
    >>> safe("a\\nb")
    'a\\\\nb'
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import click

_KEPT = "‌‍"  # joiners, which scripts and emoji need
_SURROGATES = re.compile("[\ud800-\udfff]")


def safe(text: str) -> str:
    """`text` on one line, with everything a terminal might act on written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or letter in _KEPT:
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, see `os.fsdecode`
        return f"\\x{code - 0xDC00:02x}"
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def shown_path(path: str) -> str:
    """`path` for a person: relative where it lies below the current directory, and safe."""
    try:
        here = str(Path.cwd())
    except OSError:
        return safe(path)
    return safe(path[len(here) + 1 :] if path.startswith(here.rstrip("/") + "/") else path)


def shown_bytes(size: float) -> str:
    """A size for a person, in powers of 1000: ``1.2 GB``."""
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if units[0] == "B" or size >= 100 else f"{size:.1f} {units[0]}"


def shown_time(seconds: float) -> str:
    """A duration or a place in a recording for a person: ``0:42``, ``1:02:03``."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns; columns whose cells are all numbers stand to the right."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(re.fullmatch(r"[\d.,–-]*", cell) for cell in column[1:]) for column in columns]
    lines = [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def say(text: str = "") -> None:
    """One line, or several, on standard output; colours vanish when it is not a terminal."""
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def remark(text: str) -> None:
    """One line on standard error."""
    click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)


def to_json(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON in valid UTF-8: a name's bytes that are not become ``\\\\udcXX`` escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def emit(value: object, *, indent: int | None = None) -> None:
    """`value` as one JSON document on standard output, in UTF-8 whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write((to_json(value, indent=indent) + "\n").encode())


def emit_error(error: str, message: str, hint: str, *, as_json: bool) -> None:
    """An error on standard error: one line and a hint, or ``{"error", "message"}``."""
    if as_json:
        whole = f"{message}; {hint}" if hint else message
        sys.stderr.write(to_json({"error": error, "message": whole}) + "\n")
        return
    remark(click.style("error: ", fg="red", bold=True) + safe(message))
    if hint:
        remark(f"  {safe(hint)}")
