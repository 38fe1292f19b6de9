"""`mammothbox models plan`: which quantisation, context and company fit a budget, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, say, shown_bytes, table
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session
from mammothbox.settings import parse_bytes

if TYPE_CHECKING:
    from mammothbox.model_plan import ModelPlan


@command(
    examples=[
        ("mammothbox models plan", "what fits this machine"),
        ("mammothbox models plan --budget 6GB --profile full", "the reference models in 6 GB"),
        ("mammothbox models plan --budget 80GB --gpu --json", "for a program, on a large GPU"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL],
)
@click.option("--budget", metavar="SIZE", help="Memory for everything, e.g. 6GB.")
@click.option("--gpu", is_flag=True, help="The budget is memory of a GPU.")
@pass_session
def plan(session: Session, budget: str | None, gpu: bool) -> None:
    """Say which quantisation, context and company of models fit a budget, and why not more.

    Pure arithmetic on the models' own configs; nothing is loaded or fetched. Exits with 4 when a
    model cannot run in the budget at all.
    """
    from mammothbox.model_plan import model_plan

    settings = session.settings()
    if budget:
        settings = dataclasses.replace(settings, memory_bytes=parse_bytes(budget))
    found = model_plan(settings, settings.profile, gpu=gpu)
    if session.json:
        emit({"profile": settings.profile, **dataclasses.asdict(found)}, indent=2)
    else:
        say(_text(found, settings.profile))
    if found.lacking:
        click.get_current_context().exit(exits.MODEL)


def _text(found: ModelPlan, profile: str) -> str:
    rows = [["contract", "model", "weights", "", "context", "cache", "in all"]]
    for choice in found.choices:
        rows.append(
            [
                choice.contract,
                choice.model,
                choice.kind or "does not fit",
                shown_bytes(choice.weight_bytes) if choice.kind else "",
                f"{choice.context // 1024}K" if choice.context else "",
                f"{choice.cache} {shown_bytes(choice.cache_bytes)}" if choice.cache else "",
                shown_bytes(choice.total_bytes) if choice.kind else "",
            ]
        )
    room = shown_bytes(found.room_bytes)
    lines = [
        f"{profile} in {shown_bytes(found.budget_bytes)}, {room} of it for models",
        table(rows),
    ]
    lines.append(f"together in memory: {', '.join(found.together) or 'none'}")
    if found.turns:
        lines.append(f"taking turns beside them: {', '.join(found.turns)}")
    for choice in found.choices:
        lines += [f"{choice.model} not as {reason}" for reason in choice.reasons]
    return "\n".join(lines)


COMMAND = plan
