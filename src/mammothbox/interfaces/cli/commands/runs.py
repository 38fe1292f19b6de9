"""`mammothbox runs`: what was applied and undone."""

from __future__ import annotations

from mammothbox.interfaces.cli.answer import emit, say, shown_path, table
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session


@command(examples=[("mammothbox runs", "newest first, with the number that undo takes")])
@pass_session
def runs(session: Session) -> None:
    """List what was applied, undone, accepted and rejected."""
    with session.open() as library:
        found, verdicts = library.runs()
    if session.json:
        emit({
            "runs": [
                {"run": run.id, "root": run.root, "mode": run.mode, "started": run.started,
                 "state": run.state, "message": run.message, "files": dict(run.counts)}
                for run in found
            ],
            **verdicts,
        })  # fmt: skip
        return
    rows = [["run", "started", "mode", "state", "files", "folder"]]
    for run in found:
        files = ", ".join(f"{count} {state}" for state, count in run.counts)
        state = f"{run.state}: {run.message}" if run.message else run.state
        rows.append([str(run.id), run.started, run.mode, state, files, shown_path(run.root)])
    say(table(rows) if found else "nothing was applied yet")
    say(f"proposals accepted: {verdicts['accepted']}, rejected: {verdicts['rejected']}")


COMMAND = runs
