"""The work that a desk does in the background: take in, try again, plan, apply, take back.

Each function queues a job and returns it at once. After files were moved the library learns their
new places before the job ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mammothbox.jobs.desk import Desk
from mammothbox.jobs.following import follow
from mammothbox.jobs.job import Job
from mammothbox.library import Library
from mammothbox.organise.apply import Report
from mammothbox.organise.options import PlanOptions
from mammothbox.organise.plan import Plan


def ingest(desk: Desk, paths: Sequence[str], limit: int | None, context: str | None = None) -> Job:
    """Take in files and folders."""

    def work(library: Library, job: Job) -> Any:
        return asdict(library.ingest(paths, limit=limit, context=context, on_event=job.hear))

    return desk.submit("ingest", {"paths": list(paths)}, work)


def retry(desk: Desk) -> Job:
    """Do the failed steps again."""

    def work(library: Library, job: Job) -> Any:
        return asdict(library.retry(on_event=job.hear))

    return desk.submit("retry", {}, work)


def plan(desk: Desk, folder: str, options: PlanOptions) -> Job:
    """Propose an arrangement of a folder; the result names the plan."""

    def work(library: Library, job: Job) -> Any:
        made = library.plan(folder, options)
        name = desk.plans.add(made)
        return {"plan": name, "changes": len(made.changes()), "files": len(made.moves)}

    return desk.submit("plan", {"folder": folder, "by": options.by}, work)


def apply(desk: Desk, name: str, made: Plan, mode: str, into: str) -> Job:
    """Carry out a plan."""

    def work(library: Library, job: Job) -> Any:
        report = library.apply_plan(made, mode=mode, into=into, progress=job.step)
        if mode == "move":
            follow(library.store, report.moves)
        return _told(report)

    return desk.submit("apply", {"plan": name, "root": made.root, "mode": mode}, work)


def undo(desk: Desk, run: int) -> Job:
    """Give back the tree as it was before a run."""

    def work(library: Library, job: Job) -> Any:
        report = library.undo(run, progress=job.step)
        follow(library.store, report.moves)
        return _told(report)

    return desk.submit("undo", {"run": run}, work)


def _told(report: Report) -> dict[str, Any]:
    refused = [{"path": path, "why": why} for path, why in report.refused]
    return {"run": report.run, "done": report.done, "folders": report.folders,
            "refused": refused, "stopped": report.stopped}  # fmt: skip
