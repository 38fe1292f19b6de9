"""`mammothbox duplicates`: equal bytes, and pictures that look alike."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli.answer import emit, say, shown_path
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox duplicates", "groups of equal files, pairs of alike pictures"),
        ("mammothbox duplicates --not-duplicate a.jpg b.jpg", "tell two apart for good"),
    ],
)
@click.option(
    "--not-duplicate",
    "apart",
    nargs=2,
    type=PATH,
    metavar="A B",
    help="Remember that these two are different.",
)
@click.option(
    "--threshold",
    type=click.IntRange(0, 16),
    default=4,
    show_default=True,
    help="Bits of 64 that the hashes of alike pictures may differ in.",
)
@pass_session
def duplicates(session: Session, apart: tuple[str, str] | None, threshold: int) -> None:
    """List files with equal bytes and pictures that look alike.

    Nothing is deleted, ever. What you call different is not listed again.
    """
    if apart:
        with session.open(write=True) as library:
            library.not_duplicates(apart)
        if session.json:
            emit({"not_duplicates": list(apart)})
        else:
            say(f"{shown_path(apart[0])} and {shown_path(apart[1])} count as different from now on")
        return
    with session.open() as library:
        found = library.duplicates(threshold)
    if session.json:
        near = [{"first": a, "second": b, "distance": bits} for a, b, bits in found.near]
        emit({"exact": found.exact, "near": near}, indent=2)
        return
    for group in found.exact:
        say("equal bytes:\n" + "\n".join(f"    {shown_path(path)}" for path in group))
    for first, second, bits in found.near:
        say(f"look alike ({bits} of 64 bits differ):")
        say(f"    {shown_path(first)}\n    {shown_path(second)}")
    if not found.exact and not found.near:
        say("no duplicates")


COMMAND = duplicates
