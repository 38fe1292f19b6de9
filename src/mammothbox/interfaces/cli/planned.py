"""How plans and reports of moves are shown: a tree for people, one object for programs."""

from __future__ import annotations

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, safe, say, shown_path
from mammothbox.interfaces.cli.session import Session
from mammothbox.organise import Plan
from mammothbox.organise.apply import Report

SHOWN = 20
"""Refused files that are listed to a person; JSON has all."""


def read_plan(path: str) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: the file cannot be read or is no plan.
    """
    from mammothbox.organise.planfile import parse

    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def write_plan(path: str, made: Plan) -> None:
    """Write a plan to a file.

    Raises:
        UsageError: it cannot be written.
    """
    from mammothbox.organise.planfile import dump

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(dump(made))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}") from error


def plan_json(made: Plan) -> dict[str, object]:
    """A plan for programs."""
    members = made.members()
    return {
        "root": made.root,
        "folders": [
            {
                "path": folder.path,
                "files": len(members.get(folder.path, ())),
                "confidence": round(folder.confidence, 3),
                "reason": folder.reason,
            }
            for folder in made.folders
        ],
        "moves": [{"source": move.source, "target": move.target} for move in made.moves],
        "options": dict(made.options),
        "cost": dict(made.cost),
    }


def plan_text(made: Plan) -> str:
    """The tree with the number of files, the confidence and the reason of each folder."""
    members = made.members()
    known = {folder.path: folder for folder in made.folders}
    paths = {path for path, moves in members.items() if moves and path}
    for path in list(paths):
        parts = path.split("/")
        paths.update("/".join(parts[:length]) for length in range(1, len(parts)))
    rows = []
    for path in sorted(paths, key=lambda path: path.split("/")):
        indent = "  " * path.count("/")
        count = len(members.get(path, ()))
        folder = known.get(path)
        detail = f"{folder.confidence:4.0%}  {safe(folder.reason)}" if folder else ""
        rows.append((f"{indent}{safe(path.split('/')[-1])}/", str(count or ""), detail))
    width = max((len(name) for name, _, _ in rows), default=0)
    lines = [shown_path(made.root) + "/"]
    lines += [f"  {name:<{width}}  {count:>6}  {detail}".rstrip() for name, count, detail in rows]
    stay = len(made.moves) - len(made.changes())
    lines.append(f"{len(made.changes())} files would move, {stay} stay where they are")
    return "\n".join(lines)


def tell_report(session: Session, report: Report, verb: str) -> None:
    """Print what a run did or would do; exit 6 if something was refused or it stopped."""
    if session.json:
        moves = [{"from": source, "to": target} for source, target in report.moves]
        refused = [{"path": path, "why": why} for path, why in report.refused]
        emit({"run": report.run, "done": report.done, "folders": report.folders,
              "refused": refused, "stopped": report.stopped, "moves": moves})  # fmt: skip
    else:
        say(f"{report.done} files {verb}, {report.folders} folders")
        for path, why in report.refused[:SHOWN]:
            say(f"left alone: {shown_path(path)}: {safe(why)}")
        if len(report.refused) > SHOWN:
            say(f"and {len(report.refused) - SHOWN} more; --json lists all")
        if report.stopped:
            say(f"stopped: {safe(report.stopped)}")
            say("go on with `mammothbox apply --resume`, or back with `mammothbox undo`")
    if report.refused or report.stopped:
        click.get_current_context().exit(exits.MOVE)
