"""`mammothbox watch`: ingest, then every change as it happens."""

from __future__ import annotations

import contextlib

from mammothbox.errors import Interrupted
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import remark
from mammothbox.interfaces.cli.arguments import pass_session, paths_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.interrupt import Stopper
from mammothbox.interfaces.cli.outcome import tell
from mammothbox.interfaces.cli.progress import listener
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[("mammothbox watch ~/Pictures", "until Ctrl-C")],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY],
)
@paths_argument
@pass_session
def watch(session: Session, paths: tuple[str, ...]) -> None:
    """Ingest folders and go on with every change in them.

    Ends with Ctrl-C, which is its normal end (exit code 0). Searches work meanwhile.
    """
    with (
        session.open(write=True) as library,
        listener(session) as listen,
        Stopper(listen, idle_stops=True) as stopper,
        contextlib.suppress(Interrupted, KeyboardInterrupt),
    ):
        for report in library.watch(paths, on_event=stopper):
            tell(session, report)
    if not session.quiet:
        remark("stopped watching")


COMMAND = watch
