"""`mammothbox tag`: a person's word, which wins over every model's."""

from __future__ import annotations

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli.answer import emit, safe, say
from mammothbox.interfaces.cli.arguments import pass_session, path_argument
from mammothbox.interfaces.cli.command import BoxCommand, command
from mammothbox.interfaces.cli.session import Session

_MINUS = "\0-"
"""Stands for the minus of a tag while click parses, which would take it for an option."""


class _TagCommand(BoxCommand):
    """Takes ``-name`` as a tag to remove; options of this command are the long ones only."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Protect single minuses, then parse as usual."""
        protected = [
            _MINUS + word[1:] if word[:1] == "-" and word[:2] != "--" and word != "-h" else word
            for word in args
        ]
        return super().parse_args(ctx, protected)


@command(
    examples=[
        ("mammothbox tag beach.jpg +italy +family", "add two tags"),
        ("mammothbox tag beach.jpg +italy -spain", "add one, remove one"),
        ("mammothbox tag beach.jpg", "only list them"),
    ],
    cls=_TagCommand,
)
@path_argument
@click.argument("edits", nargs=-1, metavar="[+TAG|-TAG]...")
@pass_session
def tag(session: Session, path: str, edits: tuple[str, ...]) -> None:
    """Add tags to a file with +, remove them with -.

    Tags given or removed by a person win over every model and survive later runs.
    """
    words = [word.replace(_MINUS, "-", 1) for word in edits]
    odd = [word for word in words if word[:1] not in "+-" or len(word) < 2]
    if odd:
        raise UsageError(f"{odd[0]!r} is no edit of a tag; write +{odd[0]} to add it")
    add = [word[1:] for word in words if word[0] == "+"]
    remove = [word[1:] for word in words if word[0] == "-"]
    with session.open(write=bool(words)) as library:
        tags = library.tag(path, add, remove)
    if session.json:
        emit({"path": path, "tags": tags})
    else:
        say(safe(", ".join(tags)) or "no tags")


COMMAND = tag
