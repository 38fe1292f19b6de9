"""`mammothbox library`: where the library lies, and copying it to another place."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, remark, safe, say
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import BoxGroup, command
from mammothbox.interfaces.cli.session import Session


@click.group(cls=BoxGroup)
def library() -> None:
    """Copy the library to another place or engine."""


@command(
    examples=[
        ("mammothbox library copy --to postgresql://ann@db.home/mammothbox", "to a server"),
        ("mammothbox library copy --to ~/box", "into a folder, from wherever DATABASE_URL says"),
    ],
    codes=[exits.OK, exits.USAGE, exits.LIBRARY, exits.INTERRUPTED],
)  # fmt: skip
@click.option("--to", "target", required=True, metavar="URL|DIR", help="Empty, or a copy begun.")
@pass_session
def copy(session: Session, target: str) -> None:
    """Copy the library, then compare every row; run it again if it was stopped.

    The library itself is not changed. With an address of PostgreSQL the copy lies there, with a
    directory it is SQLite in that directory. Nobody may write to either meanwhile.
    """
    told: dict[str, int] = {}

    def tell(table: str, rows: int) -> None:
        if not session.quiet and not session.json and rows - told.get(table, 0) >= TOLD_EVERY:
            told[table] = rows
            remark(f"{table}: {rows} rows")

    with session.open(write=True) as opened:
        done = opened.copy_to(target, tell)
    if session.json:
        emit({"place": done.place, "added": done.added, "compared": done.compared}, indent=2)
        return
    say(f"{done.added} rows copied to {safe(done.place)}; all {done.compared} compared and equal")
    if "://" in target:
        say("use it by setting DATABASE_URL to that address")
    else:
        say(f"use it with --library {safe(target)}, without DATABASE_URL")


TOLD_EVERY = 50_000
"""Rows between two lines about the same table."""
library.add_command(copy)
library.examples = (("mammothbox library copy --to postgresql://ann@db.home/box", "to a server"),)
COMMAND = library
