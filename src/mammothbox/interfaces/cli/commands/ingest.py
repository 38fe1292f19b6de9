"""`mammothbox ingest`: the main job."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.arguments import pass_session, paths_argument
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.outcome import run_and_tell
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox ingest ~/Pictures", "describe a folder and all below it"),
        ("mammothbox ingest ~/Pictures --limit 500", "only the 500 newest files, to try it"),
        ("mammothbox ingest ~/Pictures ~/Videos --json", "the outcome as one JSON line"),
        ("mammothbox ingest talks --describe each", "let the writer see every single file"),
        (
            'mammothbox ingest ~/Pictures/2019-norway --context "our trip to Norway"',
            "say what no eye can see; remembered for that folder",
        ),
    ],
    codes=[
        exits.OK,
        exits.USAGE,
        exits.SOME_FAILED,
        exits.MODEL,
        exits.LIBRARY,
        exits.POSTPONED,
        exits.INTERRUPTED,
    ],
)
@paths_argument
@click.option("--limit", type=click.IntRange(min=1), help="Only so many files, newest first.")
@click.option(
    "--describe",
    type=click.Choice(["each", "groups", "none"]),
    help="What the writer sees: each photo, groups of alike photos, or nothing.",
)
@click.option(
    "--context",
    metavar="TEXT",
    help='What you say of the files there; "" takes it back. Without it what you said stays.',
)
@pass_session
def ingest(
    session: Session,
    paths: tuple[str, ...],
    limit: int | None,
    describe: str | None,
    context: str | None,
) -> None:
    """Describe everything in folders and make it searchable.

    The originals are only read. Files that are known and unchanged cost nothing, so the same
    command again goes on where it was stopped, and picks up what is new. Hidden files, project
    folders and what a .mammothignore names are left alone.
    """
    with session.open(write=True, describe=describe) as library:
        run_and_tell(
            session,
            lambda on_event: library.ingest(paths, limit=limit, context=context, on_event=on_event),
        )


COMMAND = ingest
