"""`/runs`: what was applied, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from mammothbox.errors import NotFound
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import TheDesk
from mammothbox.interfaces.api.routes.work import JobState
from mammothbox.jobs import tasks

router = APIRouter(tags=["plans"])


class Run(BaseModel):
    """One time a plan was carried out."""

    run: int = Field(examples=[1])
    root: str = Field(examples=["/home/ann/Mess"])
    mode: str = Field(examples=["move"])
    started: str = Field(examples=["2026-01-01T10:00:00+00:00"])
    state: str = Field(examples=["applied"])
    message: str = Field(examples=[""])
    files: dict[str, int] = Field(examples=[{"done": 120}])


class Runs(BaseModel):
    """All runs, newest first, and how many proposals people accepted and rejected."""

    runs: list[Run]
    accepted: int = Field(examples=[120])
    rejected: int = Field(examples=[3])


@router.get("/runs", response_model=Runs, summary="What was applied and undone")
def runs(desk: TheDesk) -> Any:
    """Newest first."""
    found, verdicts = desk.library.runs()
    return Answer({
        "runs": [
            {"run": run.id, "root": run.root, "mode": run.mode, "started": run.started,
             "state": run.state, "message": run.message, "files": dict(run.counts)}
            for run in found
        ],
        **verdicts,
    })  # fmt: skip


@router.post(
    "/runs/{run}/undo", status_code=202, response_model=JobState, summary="Take a run back"
)
def undo(desk: TheDesk, run: Annotated[int, Path(ge=1, le=2**31, examples=[1])]) -> Any:
    """Gives back the tree as it was before the run."""
    if not any(known.id == run for known in desk.library.runs()[0]):
        raise NotFound(f"there is no run {run}")
    return Answer(tasks.undo(desk, run).snapshot(), 202)
