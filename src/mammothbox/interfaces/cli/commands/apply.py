"""`mammothbox apply`: carry out a plan."""

from __future__ import annotations

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox apply plan.yaml --dry-run", "everything but the last step"),
        ("mammothbox apply plan.yaml", "move the files"),
        ("mammothbox apply plan.yaml --copy --into ~/Sorted", "leave the originals in place"),
        ("mammothbox apply --resume", "go on after an interruption"),
    ],
    codes=[exits.OK, exits.USAGE, exits.LIBRARY, exits.MOVE, exits.INTERRUPTED],
)
@click.argument("plan", type=PATH, required=False)
@click.option("--move", "mode", flag_value="move", default="move", help="Rename (default).")
@click.option("--copy", "mode", flag_value="copy", help="Copy, and verify the copy.")
@click.option("--link", "mode", flag_value="link", help="Give second names (hard links).")
@click.option("--into", type=PATH, default="", help="Arrange into this folder instead.")
@click.option("--dry-run", is_flag=True, help="Do everything but the last step.")
@click.option("--resume", is_flag=True, help="Go on with the newest run that did not end.")
@pass_session
def apply(
    session: Session, plan: str | None, mode: str, into: str, dry_run: bool, resume: bool
) -> None:
    """Carry out a plan; it never overwrites and can be undone.

    A file that changed since the plan was made is left alone, and so is one whose new name is
    taken. Sidecars (.xmp, .aae, subtitles, the moving half of a live photo) go with their file.
    """
    from mammothbox.interfaces.cli.planned import read_plan, tell_report

    if resume:
        with session.open() as library:
            tell_report(session, library.resume(), "moved")
        return
    if not plan:
        raise UsageError("which plan? mammothbox apply PLAN; or --resume")
    made = read_plan(plan)
    with session.open() as library:
        report = library.apply_plan(made, mode=mode, into=into, dry_run=dry_run)
    verb = {"move": "moved", "copy": "copied", "link": "linked"}[mode]
    tell_report(session, report, f"would be {verb}" if dry_run else verb)


COMMAND = apply
