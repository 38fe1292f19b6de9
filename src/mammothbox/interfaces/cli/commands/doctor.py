"""`mammothbox doctor`: is everything needed there?"""

from __future__ import annotations

import dataclasses

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, safe, say
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox doctor", "a quick look, without network"),
        ("mammothbox doctor --deep", "compare the hash of every weight file too"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY],
)
@click.option("--deep", is_flag=True, help="Read all weights and compare their hashes.")
@pass_session
def doctor(session: Session, deep: bool) -> None:
    """Check that everything needed is there and works.

    No network is used and no model is loaded. Exits with 4 when weights are missing or damaged,
    with 5 when the library cannot live where it is to be.
    """
    from mammothbox.doctor import examine

    checks = []
    for check in examine(session.settings(), deep=deep):
        checks.append(check)
        if not session.json:
            mark = click.style("ok  ", fg="green") if check.ok else click.style("FAIL", fg="red")
            say(f"{mark} {check.name:<20} {safe(check.detail)}")
            if check.hint:
                say(f"{'':<25} {safe(check.hint)}")
    if session.json:
        emit([dataclasses.asdict(check) for check in checks], indent=2)
    bad = {check.name for check in checks if not check.ok}
    if bad:
        code = exits.LIBRARY if "library" in bad else exits.MODEL
        click.get_current_context().exit(code if bad & {"library", "weights"} else exits.USAGE)


COMMAND = doctor
