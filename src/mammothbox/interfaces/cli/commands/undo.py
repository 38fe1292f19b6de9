"""`mammothbox undo`: give back the folders as they were."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox undo", "the newest run"),
        ("mammothbox undo 3", "run 3"),
        ("mammothbox undo 3 Dogs/rex.jpg", "only this file of it, by its old or new name"),
    ],
    codes=[exits.OK, exits.USAGE, exits.LIBRARY, exits.MOVE, exits.INTERRUPTED],
)
@click.argument("words", nargs=-1, metavar="[RUN] [FILE]...")
@pass_session
def undo(session: Session, words: tuple[str, ...]) -> None:
    """Give back the folders as they were before a run.

    Names, times and folders come back exactly. A file whose old name something else has taken
    stays where it is. May be called again after an interruption.
    """
    from mammothbox.interfaces.cli.planned import BACK, tell_report

    numbered = bool(words) and words[0].isdecimal()
    run = int(words[0]) if numbered else None
    paths = [PATH.convert(word, None, None) for word in words[numbered:]]
    with session.open() as library:
        tell_report(session, library.undo(run, paths), BACK)


COMMAND = undo
