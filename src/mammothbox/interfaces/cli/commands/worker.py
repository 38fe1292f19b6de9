"""`mammothbox worker`: do a shared library's work on this machine."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from mammothbox.errors import UsageError
from mammothbox.events import Event, FileDone, Note
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import remark, safe, shown_path
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session

STAGES = ("look", "listen", "read", "describe")


@command(
    examples=[
        ("mammothbox worker", "every stage, one batch at a time"),
        ("mammothbox worker --stages look,listen --concurrency 2", "only what needs the files"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY],
)
@click.option(
    "--stages", default=",".join(STAGES), show_default=True, help="Which ones, with commas."
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Batches at a time; each has decoders of its own, models are shared.",
)
@pass_session
def worker(session: Session, stages: str, concurrency: int) -> None:
    """Work for a shared library until it is stopped, on any number of machines.

    Needs DATABASE_URL and REDIS_URL, the weights on this machine (or endpoints), and the files
    under the same paths as where they were scanned. `mammothbox ingest` scans, offers the work and
    shows how it goes; `mammothbox status` lists the workers. Ctrl-C or SIGTERM ends it after the
    batch in flight.
    """
    wanted = [stage.strip() for stage in stages.split(",") if stage.strip()]
    unknown = [stage for stage in wanted if stage not in STAGES]
    if unknown or not wanted:
        raise UsageError(f"--stages: {stages!r}; name some of {', '.join(STAGES)}")
    stopping = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)

    def on_event(event: Event) -> None:
        if isinstance(event, Note) and not session.quiet:
            remark(safe(event.text))
        if isinstance(event, FileDone) and session.verbose:
            remark(f"{event.stage} {event.outcome}: {shown_path(event.path)}")

    with session.open(write=True) as library:
        if not session.quiet:
            remark(f"working for {safe(library.store.place)}: {', '.join(wanted)}")
        library.work(wanted, concurrency, stopping, on_event=on_event)


COMMAND = worker
