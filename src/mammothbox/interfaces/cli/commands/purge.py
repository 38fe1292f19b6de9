"""`mammothbox purge`: leave no trace."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mammothbox.errors import NotFound
from mammothbox.interfaces.cli.answer import emit, remark, safe, say, shown_bytes
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(
    examples=[
        ("mammothbox purge", "the library; asks first"),
        ("mammothbox purge --models --yes", "library, weights and settings, without asking"),
    ],
)
@click.option("--models", "with_models", is_flag=True, help="Weights and settings file too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def purge(session: Session, with_models: bool, yes: bool) -> None:
    """Delete everything MammothBox has written on this machine.

    Only the files that `status --paths` lists; your own files are never touched. A person's tags
    are in the library: export them first to keep them.
    """
    from mammothbox.config_file import written
    from mammothbox.model_admin import owned_notes, owned_weights, remove

    settings = session.settings()
    config = [*written(os.environ), *owned_notes(settings)] if with_models else []
    weights = [*owned_weights(settings), *config] if with_models else []
    removed: list[Path] = []
    place = ""
    try:
        with session.open(write=True) as library:
            status = library.status()
            place = status.place if status.row_bytes else ""
            _ask([*status.owned, *weights], yes, place)
            removed += library.purge()
    except NotFound:
        _ask(weights, yes)
    if with_models:
        remove(settings)
        for path in config:
            path.unlink()
        removed += weights
    if session.json:
        emit({"removed": [str(path) for path in removed], "database": place}, indent=2)
    else:
        also = f" and the library in {safe(place)}" if place else ""
        say(f"removed {len(removed)} files{also}")


def _ask(paths: list[Path], yes: bool, place: str = "") -> None:
    """Ask for leave to delete `paths` and the rows at `place`, unless it was given.

    Raises:
        click.Abort: it was refused.
    """
    if yes or not (paths or place):
        return
    for path in paths:
        remark(safe(str(path)))
    size = sum(path.stat().st_size for path in paths if path.exists())
    also = f" and the whole library in {safe(place)}" if place else ""
    question = f"delete these {len(paths)} files ({shown_bytes(size)}){also}?"
    click.confirm(question, abort=True, err=True)


COMMAND = purge
