"""`mammothbox failed`: what could not be understood."""

from __future__ import annotations

from mammothbox.interfaces.cli.answer import emit, safe, say, shown_path
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox failed", "each file, the step, and why"),
        ("mammothbox failed --json", "the same as a JSON list"),
    ],
)
@pass_session
def failed(session: Session) -> None:
    """List the files that could not be understood, and why."""
    with session.open() as library:
        failures = library.failed()
    if session.json:
        rows = [
            {
                "path": one.path,
                "step": one.step,
                "reason": f"{one.reason}: {one.message}",
                "error": one.reason,
                "message": one.message,
            }
            for one in failures
        ]
        emit(rows, indent=2)
        return
    for one in failures:
        say(f"{shown_path(one.path)}\n    {one.step}: {safe(one.message)} ({one.reason})")
    if failures:
        say("try again with: mammothbox retry")
    else:
        say("nothing failed")


COMMAND = failed
