"""`mammothbox status`: what there is, what is to do, and where it lies on disk."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammothbox.interfaces.cli.answer import emit, safe, say, shown_bytes, shown_path, table
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session

if TYPE_CHECKING:
    from mammothbox.library import Status
    from mammothbox.workers.following import Standing


@command(
    examples=[
        ("mammothbox status", "counts, models, disk"),
        ("mammothbox status --paths", "with every file that MammothBox wrote"),
    ],
)
@click.option("--paths", "with_paths", is_flag=True, help="List every file that was written.")
@pass_session
def status(session: Session, with_paths: bool) -> None:
    """Say what the library holds and where it lies on disk."""
    from mammothbox.config_file import written
    from mammothbox.model_admin import owned_weights

    with session.open() as library:
        found = library.status()
        standing = library.standing()
        weights = owned_weights(library.settings)
    paths = [*found.owned, *weights, *written(os.environ)]
    if session.json:
        emit(_json(found, weights, paths) | _workers_json(standing), indent=2)
        return
    say(_text(found, weights))
    say(_workers_text(standing))
    if with_paths:
        say("\n".join(safe(str(path)) for path in paths))


def _workers_json(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    return {
        "workers": [dataclasses.asdict(worker) for worker in standing.workers],
        "queued": standing.queued,
        "unseen": standing.unseen,
    }


def _workers_text(standing: Standing | None) -> str:
    if standing is None:
        return ""
    rows = [["worker", "takes", "does", "done"]]
    for one in standing.workers:
        rows.append([one.name, ",".join(one.stages), ",".join(one.doing) or "–", str(one.done)])
    queued = ", ".join(f"{stage} {count}" for stage, count in standing.queued.items() if count)
    lines = [f"queued    {queued or 'nothing'} (batches)"]
    if standing.unseen:
        lines.append(f"unseen    {standing.unseen} files that a worker could not see")
    return "\n".join(["", *lines, "", table(rows)])


def _size(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.exists())


def _json(found: Status, weights: list[Path], paths: list[Path]) -> dict[str, Any]:
    counts = found.counts
    return {
        "library": str(found.directory),
        "database": found.place,
        "profile": found.profile,
        "files": counts.files,
        "vanished": counts.vanished,
        "bytes": counts.bytes,
        "kinds": dict(counts.kinds),
        "steps": {step: dict(outcomes) for step, outcomes in counts.steps.items()},
        "passages": counts.passages,
        "vectors": counts.vectors,
        "todo": dict(found.todo),
        "labels_only": found.labels_only,
        "contexts": found.contexts,
        "models": {
            contract: {"model": card.id, "revision": card.revision}
            for contract, card in found.cards.items()
        },
        "library_bytes": _size(found.owned) + found.row_bytes,
        "weights_bytes": _size(weights),
        "paths": [str(path) for path in paths],
    }


def _text(found: Status, weights: list[Path]) -> str:
    counts = found.counts
    gone = f", {counts.vanished} vanished" if counts.vanished else ""
    remote = found.place if found.row_bytes else shown_path(str(found.directory))
    lines = [
        f"library   {safe(remote)} ({shown_bytes(_size(found.owned) + found.row_bytes)})",
        f"weights   {shown_bytes(_size(weights))}, profile {found.profile}",
        f"files     {counts.files} ({shown_bytes(counts.bytes)}){gone}",
    ]
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.kinds.items())
    if kinds:
        lines.append(f"kinds     {kinds}")
    todo = ", ".join(f"{stage} {count}" for stage, count in found.todo.items() if count)
    lines.append(f"to do     {todo or 'nothing'}")
    if found.labels_only:
        lines.append(f"captions  {found.labels_only} are only labels yet")
    for path, text in found.contexts.items():
        lines.append(f"you say   {shown_path(path)}: {safe(text)}")
    rows = [["step", "done", "skipped", "failed"]]
    for step, outcomes in counts.steps.items():
        rows.append([step, *(str(outcomes.get(name, 0)) for name in rows[0][1:])])
    models = [["contract", "model", "revision"]]
    models += [[name, card.id, card.revision] for name, card in found.cards.items()]
    return "\n".join([*lines, "", table(rows), "", table(models)])


COMMAND = status
