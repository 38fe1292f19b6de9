"""`mammothbox export`: everything known, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli.answer import emit, say
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox export > everything.jsonl", "one JSON object a line, one line a file"),
        ("mammothbox export --xmp --to ~/sidecars", "XMP sidecars in a folder of their own"),
        ("mammothbox export --xmp", "XMP sidecars beside photos and videos, where none is yet"),
    ],
)
@click.option("--xmp", is_flag=True, help="Write XMP sidecars instead of JSON lines.")
@click.option("--to", "folder", type=PATH, help="Put the sidecars below this folder.")
@pass_session
def export(session: Session, xmp: bool, folder: str | None) -> None:
    """Write everything known as JSON lines, or as XMP sidecars.

    Sidecars are written only with --xmp. One that is there already and was not written by
    MammothBox is left as it is.
    """
    if folder and not xmp:
        raise UsageError("--to goes with --xmp; write JSON lines with: mammothbox export > FILE")
    with session.open() as library:
        if xmp:
            count = library.export_xmp(Path(folder) if folder else None)
            if session.json:
                emit({"sidecars": count})
            else:
                say(f"wrote {count} sidecar{'' if count == 1 else 's'}")
            return
        for item in library.export():
            emit(item)


COMMAND = export
