"""`mammothbox search`: find files."""

from __future__ import annotations

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.arguments import KINDS, PATH, limit_option, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ('mammothbox search "dog on a beach"', "photos, videos, anything"),
        ("mammothbox search invoice --kind document --since 2024", "documents since 2024"),
        ("mammothbox search birthday --kind video --kind audio", "words that were spoken"),
        ("mammothbox search boat --in ~/Pictures/Italy --tag holiday --json", "for a program"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY],
)
@click.argument("query", nargs=-1, required=True, metavar="QUERY...")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind.")
@click.option("--since", default="", metavar="DATE", help="Taken or changed since, e.g. 2024-05.")
@click.option("--until", default="", metavar="DATE", help="Taken or changed until, inclusive.")
@click.option("--tag", "tags", multiple=True, help="Only files with this tag.")
@click.option("--in", "folder", type=PATH, default="", help="Only files below this folder.")
@click.option("--language", default="", metavar="CODE", help="Only speech or text in it, e.g. de.")
@limit_option(20)
@pass_session
def search(
    session: Session,
    query: tuple[str, ...],
    kinds: tuple[str, ...],
    since: str,
    until: str,
    tags: tuple[str, ...],
    folder: str,
    language: str,
    limit: int,
) -> None:
    """Find files by what they show, say or contain.

    Each hit says why it is one: the caption or label, the page, or the moment in a recording.
    Options that may be given several times: --kind means any of them, --tag all of them.
    """
    with session.open(query=True) as library:
        from mammothbox.interfaces.cli.hits import tell_hits
        from mammothbox.records import Kind

        answer = library.search(
            " ".join(query),
            kinds=tuple(Kind(kind) for kind in kinds),
            since=since,
            until=until,
            tags=tags,
            folder=folder,
            language=language,
            limit=limit,
        )
        tell_hits(session, answer.hits, answer.notes)


COMMAND = search
