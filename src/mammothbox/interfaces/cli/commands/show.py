"""`mammothbox show`: everything known about one file."""

from __future__ import annotations

from mammothbox.interfaces.cli.answer import emit, say
from mammothbox.interfaces.cli.arguments import pass_session, path_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox show talk.mp4", "title, summary, timeline, transcript, tags"),
        ("mammothbox show talk.mp4 --json", "with the model and revision behind each statement"),
    ],
)
@path_argument
@pass_session
def show(session: Session, path: str) -> None:
    """Show everything known about a file.

    What only a model says is named as such: `authors` holds model and revision of each step.
    """
    from mammothbox.interfaces.cli.portrait import portrait

    with session.open() as library:
        found = library.show(path)
    if session.json:
        emit(found, indent=2)
    else:
        say(portrait(found))


COMMAND = show
