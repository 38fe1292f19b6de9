"""`mammothbox accept`: a person's verdict on a plan, which the next plan heeds."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, say
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox accept plan.yaml", "all of it"),
        ("mammothbox accept plan.yaml Dogs", "one folder of it"),
    ],
    codes=[exits.OK, exits.USAGE, exits.LIBRARY],
)
@click.argument("plan", type=PATH)
@click.argument("folders", nargs=-1, required=False, metavar="FOLDER...")
@pass_session
def accept(session: Session, plan: str, folders: tuple[str, ...]) -> None:
    """Tell that a plan, or some of its folders, is right.

    The next plan puts these files there again.
    """
    from mammothbox.interfaces.cli.planned import read_plan

    made = read_plan(plan)
    with session.open() as library:
        count = library.judge(made, folders, accepted=True)
    if session.json:
        emit({"accepted": count})
    else:
        say(f"{count} files accepted")


COMMAND = accept
