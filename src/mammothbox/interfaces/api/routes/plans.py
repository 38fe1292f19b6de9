"""`/plans`: proposed arrangements, changed piece by piece, checked and carried out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from mammothbox.errors import UsageError
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import TheDesk, allowed
from mammothbox.interfaces.api.routes.work import JobState
from mammothbox.jobs import tasks
from mammothbox.organise import Plan, editing
from mammothbox.organise.apply import Report
from mammothbox.organise.options import PlanOptions

router = APIRouter(tags=["plans"])
PlanPath = Annotated[str, Path(pattern="^[0-9a-f]{12}$", examples=["0" * 12])]


class Wanted(BaseModel):
    """How a plan is to be made; see `mammothbox plan --help`."""

    folder: str = Field(max_length=4096, examples=["/home/ann/Mess"])
    by: Literal["topic", "date", "kind", "mixed"] = "topic"
    depth: int = Field(3, ge=1, le=12)
    max_folders: int = Field(40, ge=1, le=1000)
    hint: str = Field("", max_length=1000, examples=["receipts by year"])
    keep: list[str] = Field([], max_length=100, examples=[["Work/**"]])
    rename: bool = False
    writer: bool = True


class PlanState(BaseModel):
    """A plan: folders, and one move for each file; equal source and target stay."""

    id: str = Field(examples=["0" * 12])
    root: str = Field(examples=["/home/ann/Mess"])
    changes: int = Field(examples=[120])
    folders: list[dict[str, Any]] = Field(
        examples=[[{"path": "Dogs", "files": 2, "confidence": 0.9, "reason": "dog, grass"}]]
    )
    moves: list[dict[str, Any]] = Field(
        examples=[[{"source": "IMG_1.jpg", "target": "Dogs/IMG_1.jpg", "digest": "00"}]]
    )


class Plans(BaseModel):
    """Plans that are kept, newest first."""

    plans: list[dict[str, Any]] = Field(examples=[[{"id": "0" * 12, "root": "/p", "changes": 3}]])


class Edit(BaseModel):
    """One change of a plan.

    `move`: `files` into `folder`; `leave`: `files` where they are; `name`: the one file gets
    `name`; `rename`: `folder` becomes `name`; `reject`: files of `folder` become unsorted.
    """

    op: Literal["move", "leave", "name", "rename", "reject"]
    files: list[str] = Field([], max_length=100_000, examples=[["IMG_1.jpg"]])
    folder: str = Field("", max_length=4096, examples=["Dogs"])
    name: str = Field("", max_length=4096)


class Judged(BaseModel):
    """A person's verdict on a plan."""

    folders: list[str] = Field(
        [], max_length=10_000, description="none: all but Unsorted", examples=[["Dogs"]]
    )
    accepted: bool = True


class Carry(BaseModel):
    """How to carry a plan out."""

    mode: Literal["move", "copy", "link"] = "move"
    into: str = Field("", max_length=4096, description="another folder; empty: in place")
    model_config = {"json_schema_extra": {"example": {"mode": "move", "into": ""}}}


class Outcome(BaseModel):
    """What a run did, or would do."""

    run: int = Field(examples=[0])
    done: int = Field(examples=[120])
    folders: int = Field(examples=[9])
    refused: list[dict[str, str]] = Field(examples=[[]])
    stopped: str = Field(examples=[""])


def plan_json(name: str, plan: Plan) -> dict[str, Any]:
    """A plan for programs and the page."""
    members = plan.members()
    return {
        "id": name,
        "root": plan.root,
        "changes": len(plan.changes()),
        "folders": [
            {"path": f.path, "files": len(members.get(f.path, ())),
             "confidence": round(f.confidence, 3), "reason": f.reason}
            for f in plan.folders
        ],
        "moves": [
            {"source": m.source, "target": m.target, "digest": m.digest, "proposed": m.proposed}
            for m in plan.moves
        ],
        "options": dict(plan.options),
        "cost": dict(plan.cost),
    }  # fmt: skip


def report_json(report: Report) -> dict[str, Any]:
    """A report for programs and the page."""
    refused = [{"path": path, "why": why} for path, why in report.refused]
    return {"run": report.run, "done": report.done, "folders": report.folders,
            "refused": refused, "stopped": report.stopped}  # fmt: skip


@router.get("/plans", response_model=Plans, summary="Plans that are kept")
def plans(desk: TheDesk) -> Any:
    """All of them, newest first."""
    found = []
    for name in desk.plans.names():
        plan = desk.plans.get(name)
        found.append({"id": name, "root": plan.root, "changes": len(plan.changes())})
    return Answer({"plans": found})


@router.post("/plans", status_code=202, response_model=JobState, summary="Propose folders")
def create(desk: TheDesk, wanted: Wanted) -> Any:
    """Made in the background; the job's result names the plan."""
    options = PlanOptions(
        wanted.by, wanted.depth, wanted.max_folders, wanted.hint, tuple(wanted.keep),
        wanted.rename, (), wanted.writer,
    )  # fmt: skip
    return Answer(tasks.plan(desk, allowed(desk, wanted.folder), options).snapshot(), 202)


@router.get("/plans/{plan}", response_model=PlanState, summary="A plan")
def read(desk: TheDesk, plan: PlanPath) -> Any:
    """Its folders and moves."""
    return Answer(plan_json(plan, desk.plans.get(plan)))


@router.patch("/plans/{plan}", response_model=PlanState, summary="Change a plan")
def edit(desk: TheDesk, plan: PlanPath, change: Edit) -> Any:
    """Nothing on the disk changes; what a person changes is learned from when it is carried out."""
    return Answer(plan_json(plan, desk.plans.change(plan, lambda before: _edited(before, change))))


def _edited(plan: Plan, change: Edit) -> Plan:
    match change.op:
        case "move":
            return editing.relocate(plan, change.files, change.folder)
        case "leave":
            return editing.leave(plan, change.files)
        case "name":
            if len(change.files) != 1:
                raise UsageError("a name is for one file")
            return editing.retitle(plan, change.files[0], change.name)
        case "rename":
            return editing.rename_folder(plan, change.folder, change.name)
        case _:
            return editing.reject(plan, change.folder)


@router.delete("/plans/{plan}", status_code=200, response_model=Plans, summary="Throw a plan away")
def remove(desk: TheDesk, plan: PlanPath) -> Any:
    """Nothing on the disk changes but the plan itself."""
    desk.plans.remove(plan)
    return plans(desk)


@router.post("/plans/{plan}/check", response_model=Outcome, summary="What it would do now")
def check(desk: TheDesk, plan: PlanPath) -> Any:
    """Every refusal that carrying it out would meet; changes nothing."""
    return Answer(report_json(desk.library.check_plan(desk.plans.get(plan))))


@router.post("/plans/{plan}/verdict", response_model=Plans, summary="Accept or reject folders")
def verdict(desk: TheDesk, plan: PlanPath, judged: Judged) -> Any:
    """Remembered, and heeded by later plans."""
    with desk.writing() as library:
        library.judge(desk.plans.get(plan), judged.folders, accepted=judged.accepted)
    return plans(desk)


@router.post("/plans/{plan}/apply", status_code=202, response_model=JobState, summary="Do it")
def apply(desk: TheDesk, plan: PlanPath, carry: Carry) -> Any:
    """Journalled, never overwriting, and undone by `runs/{id}/undo`."""
    made = desk.plans.get(plan)
    allowed(desk, made.root)
    into = allowed(desk, carry.into) if carry.into else ""
    return Answer(tasks.apply(desk, plan, made, carry.mode, into).snapshot(), 202)
