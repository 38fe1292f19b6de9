"""`mammothbox forget`: out of the library, not off the disk."""

from __future__ import annotations

from mammothbox.interfaces.cli.answer import emit, say, shown_path
from mammothbox.interfaces.cli.arguments import pass_session, path_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox forget ~/Pictures/private", "a folder and all below it"),
        ("mammothbox forget scan.pdf", "one file"),
    ],
)
@path_argument
@pass_session
def forget(session: Session, path: str) -> None:
    """Remove a file or folder from the library, not from the disk.

    Everything learnt about it is deleted, a person's tags too. A later ingest of the folder would
    learn it again; name it in a .mammothignore to keep it out.
    """
    with session.open(write=True) as library:
        count = library.forget(path)
    if session.json:
        emit({"path": path, "forgotten": count})
    else:
        say(f"forgot {count} file{'' if count == 1 else 's'} of {shown_path(path)}")


COMMAND = forget
