"""`mammothbox models`: which there are, and what is on disk; pull, remove, where, use."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mammothbox.errors import NotFound
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, remark, say, shown_bytes, shown_time, table
from mammothbox.interfaces.cli.arguments import PATH, pass_session
from mammothbox.interfaces.cli.command import BoxGroup, command
from mammothbox.interfaces.cli.model_plan import plan
from mammothbox.interfaces.cli.session import Session

if TYPE_CHECKING:
    from mammothbox.model_admin import Account, ModelState, PullSize

PROFILES = ("lite", "full")
USUAL_RATE = 5_000_000
"""Bytes a second of a usual line at home, for the rough time said before a pull."""


@click.group(cls=BoxGroup, invoke_without_command=True)
@click.pass_context
@pass_session
def models(session: Session, context: click.Context) -> None:
    """List the models; fetch, remove or choose them.

    Without a further word: a table of both profiles, with what could be chosen in a model's place.
    What each can do, where it comes from and what it is bad at is told in docs/model-card.md.
    """
    if context.invoked_subcommand:
        return
    from mammothbox.model_admin import accounts, describe_models, disk_bytes, running_hosts

    settings = session.settings()
    states = describe_models(settings, running_hosts(settings))
    if session.json:
        sizes = [{"disk_bytes": disk_bytes(settings, state.id)} for state in states]
        rows = [dataclasses.asdict(state) for state in states]
        emit([row | size for row, size in zip(rows, sizes, strict=True)], indent=2)
        return
    lines = [["profile", "contract", "model", "licence", "size", "on disk", "loaded"]]
    for state in states:
        disk = disk_bytes(settings, state.id)
        lines.append(
            [
                _standing(state, settings.profile),
                state.contract,
                state.id,
                state.licence,
                shown_bytes(state.size_bytes) if state.size_bytes else "–",
                shown_bytes(disk) if disk else "bundled" if state.on_disk else "no",
                _loaded(state),
            ]
        )
    say(table(lines))
    _tell_accounts(accounts(settings))
    say("what they are good and bad at: docs/model-card.md")


def _tell_accounts(hosts: Sequence[Account]) -> None:
    """What runs now, in whichever command: memory thought, memory seen, and how it is used."""
    if not hosts:
        return
    now = time.time()
    names = "loaded,process,estimated,measured,GPU,since,last used,served,busy"
    lines = [names.split(",")]
    for host in hosts:
        lines.append(
            [
                host.engine,
                str(host.pid),
                shown_bytes(host.estimated),
                shown_bytes(host.measured) if host.measured else "not yet",
                shown_bytes(host.gpu) if host.gpu else "–",
                f"{shown_time(now - host.since)} ago",
                f"{shown_time(now - host.last_used)} ago" if host.last_used else "never",
                str(host.served),
                "yes" if host.users else "no",
            ]
        )
    say(table(lines))


def _standing(state: ModelState, profile: str) -> str:
    """The profile, and whether the model has its place in it."""
    if not state.chosen:
        return f"{state.profile} (a choice)"
    return f"{state.profile} (in use)" if state.profile == profile else state.profile


def _loaded(state: ModelState) -> str:
    if not state.runs_here:
        return "not runnable yet"
    return f"process {state.pid}" if state.pid else "no"


@command(
    examples=[
        ("mammothbox models pull lite", "once; says first how much it is"),
        ("mammothbox models pull full --from /media/stick", "without network"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY, exits.INTERRUPTED],
)
@click.argument("profile", type=click.Choice(PROFILES), required=False)
@click.option("--from", "source", type=PATH, help="Take the files from this folder.")
@pass_session
def pull(session: Session, profile: str | None, source: str | None) -> None:
    """Fetch a profile's weights; the only command that uses the network.

    Says first what it will cost. Stopped, it goes on where it was; every file is checked by its
    sha256.
    """
    from pathlib import Path

    from mammothbox import model_admin
    from mammothbox.interfaces.cli.pulling import pull_listener

    settings = session.settings()
    profile = profile or settings.profile
    size = model_admin.pull_size(settings, profile)
    if not session.quiet:
        remark(_cost(profile, size, source))
    with pull_listener(session) as listen:
        model_admin.pull(settings, profile, listen, Path(source) if source else None)
    if session.json:
        emit({"profile": profile, "files": size.files, "download_bytes": size.download_bytes})
    elif not session.quiet:
        say(f"{profile} is on disk" if size.files else f"{profile} was on disk already")


def _cost(profile: str, size: PullSize, source: str | None) -> str:
    """What a pull will take, said before it starts."""
    disk = f"{shown_bytes(size.disk_bytes)} of disk at most, {shown_bytes(size.free_bytes)} free"
    if not size.files:
        return f"{profile}: nothing to fetch"
    if source:
        return f"{profile}: {size.files} files from {source}, {disk}"
    if not size.download_bytes:
        return f"{profile}: {size.files} files of a size not known before, {disk}"
    minutes = shown_time(size.download_bytes / USUAL_RATE)
    return (
        f"{profile}: {size.files} files, {shown_bytes(size.download_bytes)} over the network"
        f" (about {minutes} at {shown_bytes(USUAL_RATE)}/s), {disk}"
    )


@command(
    examples=[
        ("mammothbox models remove", "all weights"),
        ("mammothbox models remove whisper-base", "one model's"),
    ],
)
@click.argument("model", required=False)
@pass_session
def remove(session: Session, model: str | None) -> None:
    """Delete weights from the disk."""
    from mammothbox import model_admin

    if model is not None and model not in model_admin.model_names():
        known = ", ".join(model_admin.model_names())
        raise NotFound(f"there is no model {model!r}; one of {known}")
    freed = model_admin.remove(session.settings(), model)
    if session.json:
        emit({"model": model, "freed_bytes": freed})
    else:
        say(f"freed {shown_bytes(freed)}")


@command(examples=[("mammothbox models where", "the directory of each model")])
@pass_session
def where(session: Session) -> None:
    """Say where the weights of the profile in use lie."""
    from mammothbox import model_admin

    places = {name: str(path) for name, path in model_admin.where(session.settings()).items()}
    if session.json:
        emit(places, indent=2)
    else:
        say(table([["model", "directory"], *([name, path] for name, path in places.items())]))


@command(
    examples=[
        ("mammothbox models use full", "from now on; needs its weights"),
        ("mammothbox models use whisper-small", "this model in its place, the rest as it is"),
    ],
    codes=[exits.OK, exits.USAGE],
)
@click.argument("name", metavar="PROFILE|MODEL")
@pass_session
def use(session: Session, name: str) -> None:
    """Choose the profile, or one model of it, for all later commands.

    It is written to the config file; --profile and variables such as MAMMOTHBOX_PROFILE go before
    it. Which models are a choice is shown by `mammothbox models`; `models pull` fetches what is
    chosen. Results of the model before are computed again by the next ingest.
    """
    from mammothbox.config_file import config_path, write_value
    from mammothbox.model_admin import setting_for

    setting, value = ("profile", name) if name in PROFILES else setting_for(name)
    path = config_path(os.environ)
    write_value(path, setting, value)
    if session.json:
        emit({setting: value, "config": str(path)})
    else:
        say(f"{name} is in use from now on (written to {path})")


for _command in (pull, remove, where, use, plan):
    models.add_command(_command)
models.examples = (
    ("mammothbox models", "both profiles, and what is on disk"),
    ("mammothbox models pull lite", "fetch what the lite profile needs"),
)
COMMAND = models
