"""`mammothbox clusters`: groups of files that belong together."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, safe, say, shown_path
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox clusters ~/Pictures", "what is in there, by subject"),
        ("mammothbox clusters ~/Pictures --most 10 --json", "at most ten, for a program"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY],
)
@click.argument("folder", type=PATH, default=".")
@click.option("--most", type=click.IntRange(min=1), default=40, show_default=True,
              help="At most so many groups.")  # fmt: skip
@pass_session
def clusters(session: Session, folder: str, most: int) -> None:
    """List groups of files that belong together.

    Each with a label, its size, how alike its files are (0 to 1), and its most typical files.
    """
    with session.open() as library:
        found = library.clusters(folder, most=most)
    if session.json:
        emit([
            {"label": one.label, "size": one.size, "cohesion": one.cohesion,
             "family": str(one.family), "terms": list(one.terms), "samples": list(one.samples)}
            for one in found
        ])  # fmt: skip
        return
    for one in found:
        say(f"{safe(one.label)}: {one.size} {str(one.family).lower()}, alike {one.cohesion:.2f}")
        say("    " + ", ".join(shown_path(path) for path in one.samples[:3]))


COMMAND = clusters
