"""`mammothbox retry`: failed steps again."""

from __future__ import annotations

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.outcome import run_and_tell
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[("mammothbox retry", "after a limit was raised or a file was repaired")],
    codes=[
        exits.OK,
        exits.SOME_FAILED,
        exits.MODEL,
        exits.LIBRARY,
        exits.POSTPONED,
        exits.INTERRUPTED,
    ],
)
@pass_session
def retry(session: Session) -> None:
    """Try again what failed.

    Only the failed steps run; everything that worked stays as it is.
    """
    with session.open(write=True) as library:
        run_and_tell(session, lambda on_event: library.retry(on_event=on_event))


COMMAND = retry
