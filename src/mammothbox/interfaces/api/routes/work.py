"""`/jobs`, `/events`: what goes on in the background, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import TheDesk
from mammothbox.jobs import Desk, Job

TICK_S = 0.2
BEAT_S = 15.0
"""Seconds after which a silent stream says that it is alive."""

router = APIRouter(tags=["work"])
JobPath = Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["0" * 16])]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}
}


class JobState(BaseModel):
    """A job as it stands now."""

    id: str = Field(examples=["0" * 16])
    kind: str = Field(description="ingest, retry, plan, apply or undo", examples=["ingest"])
    about: dict[str, Any] = Field(examples=[{"paths": ["/home/ann/Pictures"]}])
    state: str = Field(
        description="queued, running, paused, done, failed or cancelled", examples=["running"]
    )
    created: str = Field(examples=["2026-01-01T10:00:00.000+00:00"])
    started: str = Field(examples=["2026-01-01T10:00:00.000+00:00"])
    ended: str = Field(examples=[""])
    progress: dict[str, Any] = Field(examples=[{"stage": "look", "done": 3, "total": 20}])
    failures: list[dict[str, str]] = Field(examples=[[]])
    result: Any = Field(examples=[None])
    error: dict[str, str] | None = Field(examples=[None])


class Jobs(BaseModel):
    """All jobs since the server started, newest first."""

    jobs: list[JobState]


@router.get("/jobs", response_model=Jobs, summary="What is going on")
def jobs(desk: TheDesk) -> Any:
    """Every job that is remembered."""
    return Answer({"jobs": [job.snapshot() for job in desk.jobs()]})


@router.get("/jobs/{job}", response_model=JobState, summary="One job")
def one(desk: TheDesk, job: JobPath) -> Any:
    """A job as it stands now."""
    return Answer(desk.job(job).snapshot())


@router.delete("/jobs/{job}", response_model=JobState, summary="Cancel a job")
def cancel(desk: TheDesk, job: JobPath) -> Any:
    """It stops after the batch in flight; what is finished is kept."""
    found = desk.job(job)
    found.cancel()
    return Answer(found.snapshot())


@router.post("/jobs/{job}/pause", response_model=JobState, summary="Pause a job")
def pause(desk: TheDesk, job: JobPath) -> Any:
    """It waits after the batch in flight."""
    found = desk.job(job)
    found.hold(True)
    return Answer(found.snapshot())


@router.post("/jobs/{job}/resume", response_model=JobState, summary="Let a job go on")
def resume(desk: TheDesk, job: JobPath) -> Any:
    """It goes on where it waits."""
    found = desk.job(job)
    found.hold(False)
    return Answer(found.snapshot())


@router.get(
    "/jobs/{job}/events", responses=_STREAM, response_class=StreamingResponse, summary="Its events"
)
async def events(
    request: Request,
    job: JobPath,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Any:
    """Every event of a job as it happens, until the job is over; `Last-Event-ID` goes on."""
    desk: Desk = request.app.state.desk
    found = desk.job(job)
    first = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    return _stream(_of_job(desk, found, first))


@router.get(
    "/events", responses=_STREAM, response_class=StreamingResponse, summary="All jobs, live"
)
async def all_events(request: Request) -> Any:
    """Snapshots of the jobs whenever one of them changes. This stream does not end."""
    desk: Desk = request.app.state.desk
    return _stream(_of_all(desk))


def _stream(source: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(source, 200, {"cache-control": "no-store"}, "text/event-stream")


async def _of_job(desk: Desk, job: Job, number: int) -> AsyncIterator[str]:
    silent = 0.0
    while not desk.leaving.is_set():
        over = job.state.over
        for place, event in job.since(number):
            number, silent = place, 0.0
            yield f"id: {number}\nevent: {event['event']}\ndata: {json.dumps(event)}\n\n"
        if over:
            yield f"event: over\ndata: {json.dumps(job.snapshot())}\n\n"
            return
        silent += TICK_S
        if silent >= BEAT_S:
            silent = 0.0
            yield ": alive\n\n"
        await asyncio.sleep(TICK_S)


async def _of_all(desk: Desk) -> AsyncIterator[str]:
    told, silent = "", 0.0
    while not desk.leaving.is_set():
        now = json.dumps([job.snapshot() for job in desk.jobs()])
        silent += TICK_S
        if now != told:
            told, silent = now, 0.0
            yield f"event: jobs\ndata: {now}\n\n"
        elif silent >= BEAT_S:
            silent = 0.0
            yield ": alive\n\n"
        await asyncio.sleep(TICK_S)
