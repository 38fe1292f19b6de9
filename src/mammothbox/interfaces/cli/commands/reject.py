"""`mammothbox reject`: a person's verdict on a plan, which the next plan heeds."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, say
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox reject plan.yaml Misc", "these files belong elsewhere"),
    ],
    codes=[exits.OK, exits.USAGE, exits.LIBRARY],
)
@click.argument("plan", type=PATH)
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@pass_session
def reject(session: Session, plan: str, folders: tuple[str, ...]) -> None:
    """Tell that folders of a plan are wrong.

    The next plan does not put these files there. To say where they belong, move their lines.
    """
    from mammothbox.interfaces.cli.planned import read_plan

    made = read_plan(plan)
    with session.open() as library:
        count = library.judge(made, folders, accepted=False)
    if session.json:
        emit({"rejected": count})
    else:
        say(f"{count} files rejected")


COMMAND = reject
