"""How plans and reports of moves are shown: a tree for people, one object for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from mammothbox.errors import UsageError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, safe, say, shown_path
from mammothbox.interfaces.cli.session import Session
from mammothbox.organise import Plan
from mammothbox.organise.apply import Report
from mammothbox.organise.plan import UNSORTED

BACK = "brought back"
"""What undo does to files."""
DONE = ("moved", "copied", "linked")
"""What apply does to files; more than telling what it would do."""
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
    """The tree with the number of files below each folder, the confidence and the reason."""
    members = made.members()
    known = {folder.path: folder for folder in made.folders}
    below: Counter[str] = Counter()
    for path, moves in members.items():
        parts = path.split("/") if path else []
        for length in range(1, len(parts) + 1):
            below["/".join(parts[:length])] += len(moves)
    rows = []
    for path in sorted(below, key=lambda path: (path == UNSORTED, path.split("/"))):
        indent = "  " * path.count("/")
        folder = known.get(path)
        sure = "" if folder is None or path == UNSORTED else f"{folder.confidence:4.0%}"
        detail = f"{sure:4}  {safe(folder.reason)}" if folder else ""
        rows.append((f"{indent}{safe(path.split('/')[-1])}/", str(below[path]), detail))
    width = max((len(name) for name, _, _ in rows), default=0)
    lines = [shown_path(made.root) + "/"]
    lines += [f"  {name:<{width}}  {count:>6}  {detail}".rstrip() for name, count, detail in rows]
    stay = len(made.moves) - len(made.changes())
    lines.append(f"{counted(len(made.changes()), 'file')} would move, {stay} would stay")
    if made.cost:
        lines.append(_cost(made.cost))
    return "\n".join(lines)


def _cost(cost: Mapping[str, Any]) -> str:
    """What making the plan took, in one line."""
    calls, kept = cost.get("writer_calls", 0), cost.get("writer_remembered", 0)
    tokens = cost.get("prompt_tokens_about", 0) + cost.get("answer_tokens_about", 0)
    asked = f"{counted(calls, 'question')} to the writer (about {tokens:,} tokens)"
    told = [asked] if calls else ["the writer was not asked"]
    told += [f"{counted(kept, 'answer')} remembered"] if kept else []
    told += [f"{cost['writer_failed']} without an answer"] if cost.get("writer_failed") else []
    return f"planned in {cost.get('seconds', 0):.1f} s: " + ", ".join(told)


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _folders(verb: str) -> str:
    """What became of folders where files were `verb`."""
    if verb == BACK:
        return "removed"
    return "would be made" if verb.startswith("would") else "made"


def tell_report(session: Session, report: Report, verb: str) -> None:
    """Print what a run did or would do; exit 6 if something was refused or it stopped."""
    if session.json:
        moves = [{"from": source, "to": target} for source, target in report.moves]
        refused = [{"path": path, "why": why} for path, why in report.refused]
        emit({"run": report.run, "done": report.done, "folders": report.folders,
              "refused": refused, "stopped": report.stopped, "moves": moves})  # fmt: skip
    else:
        files, folders = counted(report.done, "file"), counted(report.folders, "folder")
        say(f"{files} {verb}, {folders} {_folders(verb)}")
        for path, why in report.refused[:SHOWN]:
            say(f"left alone: {shown_path(path)}: {safe(why)}")
        if len(report.refused) > SHOWN:
            say(f"and {len(report.refused) - SHOWN} more; --json lists all")
        if report.stopped:
            say(f"stopped: {safe(report.stopped)}")
            say("go on with `mammothbox apply --resume`, or back with `mammothbox undo`")
        elif report.done and verb in DONE:
            say(f"back with: mammothbox undo {report.run}")
    if report.refused or report.stopped:
        click.get_current_context().exit(exits.MOVE)
