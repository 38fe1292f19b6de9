"""How the end of a run is told: a table for people, one JSON line for programs."""

from __future__ import annotations

from collections.abc import Callable

import click

from mammothbox.events import IngestReport, OnEvent
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, say, shown_bytes, shown_time, table
from mammothbox.interfaces.cli.interrupt import Stopper
from mammothbox.interfaces.cli.progress import listener
from mammothbox.interfaces.cli.session import Session

_COUNTS = ("done", "unchanged", "skipped", "failed")


def run_and_tell(session: Session, work: Callable[[OnEvent], IngestReport]) -> None:
    """Do `work` with progress and a clean Ctrl-C, and tell its report.

    Exits with 7 if a service was away, with 3 if files failed.
    """
    with listener(session) as listen, Stopper(listen) as stopper:
        report = work(stopper)
    tell(session, report)
    if report.postponed:
        click.get_current_context().exit(exits.POSTPONED)
    if report.failed:
        click.get_current_context().exit(exits.SOME_FAILED)


def tell(session: Session, report: IngestReport) -> None:
    """Print `report`."""
    if session.json:
        emit(report_json(report))
    elif not session.quiet:
        say(report_text(report))


def report_json(report: IngestReport) -> dict[str, object]:
    """The report's fields; times in seconds, memory in megabytes (10^6 bytes)."""
    return {
        "found": report.found,
        "done": report.done,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "failed": report.failed,
        "seconds": round(report.seconds, 3),
        "peak_pss_mb": round(report.peak_pss_bytes / 1e6, 1),
        "by_kind": {str(kind): dict(counts) for kind, counts in report.by_kind.items()},
        "stage_seconds": {name: round(s, 3) for name, s in report.stage_seconds.items()},
        "ocr_share": report.ocr_share,
        "postponed": dict(report.postponed),
    }


def report_text(report: IngestReport) -> str:
    """Files by kind and outcome, then time and memory."""
    rows = [["kind", *_COUNTS]]
    for kind, counts in report.by_kind.items():
        rows.append([str(kind), *(str(counts.get(name, 0)) for name in _COUNTS)])
    rows.append(["all", *(str(getattr(report, name)) for name in _COUNTS)])
    lines = [table(rows)]
    peak = shown_bytes(report.peak_pss_bytes)
    took = f"{report.seconds:.1f} s" if report.seconds < 60 else shown_time(report.seconds)
    lines.append(f"{report.found} files in {took}, at most {peak} of memory")
    if report.ocr_share is not None:
        lines.append(f"{report.ocr_share:.0%} of the pictures were read for text")
    for name, why in report.postponed.items():
        lines.append(f"{name} waits for the next run: {why}")
    if report.failed:
        lines.append("what failed, and why: mammothbox failed")
    return "\n".join(lines)
