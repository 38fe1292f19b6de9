"""Parameters that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mammothbox.interfaces.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])

KINDS = ("image", "video", "audio", "document", "other")


class PlacePath(click.Path):
    """A path made absolute, so that nothing below depends on the current directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The absolute path; links in it are kept as they stand."""
        if value == "":
            return ""
        text = os.fsdecode(super().convert(value, param, ctx))
        return os.path.normpath(Path(text).expanduser().absolute())


PATH = PlacePath()


def limit_option(default: int) -> Callable[[F], F]:
    """``--limit N``, at least 1."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help="At most this many.",
    )


paths_argument = click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
path_argument = click.argument("path", type=PATH)
pass_session = click.make_pass_decorator(Session, ensure=True)
