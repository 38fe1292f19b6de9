"""The bench's result as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def print_tables(title: str, result: Mapping[str, Any]) -> None:
    """One table: part, figure, value; lists and objects inside a part are written in one line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for heading in ("part", "figure", "value"):
        table.add_column(heading, overflow="fold")
    for part, figure, value in rows(result):
        table.add_row(part, figure, value)
    Console().print(table)


def rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Part, figure and value of everything in `result`, in its order."""
    for part, value in result.items():
        if isinstance(value, Mapping):
            for figure, inner in value.items():
                yield part, str(figure), _plain(inner)
        else:
            yield part, "", _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "-" if value is None else str(value)
