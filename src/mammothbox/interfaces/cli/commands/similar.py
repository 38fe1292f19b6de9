"""`mammothbox similar`: more like this one."""

from __future__ import annotations

from mammothbox.interfaces.cli.arguments import limit_option, pass_session, path_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox similar holiday/beach.jpg", "photos and videos that look like it"),
        ("mammothbox similar contract.pdf --limit 5", "documents and recordings about the same"),
    ],
)
@path_argument
@limit_option(20)
@pass_session
def similar(session: Session, path: str, limit: int) -> None:
    """Find files like one file.

    The file must be in the library.
    """
    from mammothbox.interfaces.cli.hits import tell_hits

    with session.open() as library:
        answer = library.similar(path, limit=limit)
        tell_hits(session, answer.hits, answer.notes)


COMMAND = similar
