"""`/ingest`, `/uploads`: what is to be taken in, as jobs; and what failed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from mammothbox.errors import NotFound
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import TheDesk, allowed, allowed_folders
from mammothbox.interfaces.api.quarantine import receive
from mammothbox.interfaces.api.routes.work import JobState
from mammothbox.jobs import Desk, tasks

router = APIRouter(tags=["taking in"])


class Paths(BaseModel):
    """Files and folders on the machine of the server."""

    paths: list[str] = Field(min_length=1, max_length=100, examples=[["/home/ann/Pictures"]])
    limit: int | None = Field(None, ge=1, description="only so many files", examples=[None])
    context: str | None = Field(
        None,
        max_length=500,
        description="what you say of the files there; remembered; empty takes it back",
        examples=["our trip to Norway"],
    )


@router.post("/ingest", status_code=202, response_model=JobState, summary="Take in folders")
def ingest(desk: TheDesk, wanted: Paths) -> Any:
    """Described and made searchable in the background; unchanged files cost nothing."""
    paths = [allowed(desk, path) for path in wanted.paths]
    for path in paths:
        if not Path(path).exists():
            raise NotFound(f"{path} does not exist")
    return Answer(tasks.ingest(desk, paths, wanted.limit, wanted.context).snapshot(), 202)


@router.post(
    "/uploads",
    status_code=202,
    response_model=JobState,
    summary="Take in a file sent as the body",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {
        "schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def upload(
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=200, examples=["IMG_1.jpg"])],
) -> Any:
    """The file is kept in `uploads` in the library's folder; the same bytes are kept once."""
    desk: Desk = request.app.state.desk
    async with receive(request, desk.settings.library, desk.settings.max_upload_bytes) as path:
        kept = await anyio.to_thread.run_sync(desk.library.keep_upload, path, name)
    return Answer(tasks.ingest(desk, [str(kept)], None).snapshot(), 202)


class Failure(BaseModel):
    """One step that could not do a file."""

    path: str = Field(examples=["/p/broken.jpg"])
    step: str = Field(examples=["facts"])
    reason: str = Field(description="class of the error", examples=["Corrupt"])
    message: str = Field(examples=["broken.jpg: the picture is damaged"])


class Failures(BaseModel):
    """Everything that failed, by path."""

    failed: list[Failure]


@router.get("/failed", response_model=Failures, summary="What could not be understood, and why")
def failed(desk: TheDesk) -> Any:
    """Every failed step, with its reason."""
    return Answer({"failed": [
        {"path": one.path, "step": one.step, "reason": one.reason, "message": one.message}
        for one in desk.library.failed()
    ]})  # fmt: skip


@router.post("/failed/retry", status_code=202, response_model=JobState, summary="Try again")
def retry(desk: TheDesk) -> Any:
    """Do the failed steps again, and what waits for them."""
    return Answer(tasks.retry(desk).snapshot(), 202)


class Places(BaseModel):
    """Folders to choose from."""

    path: str = Field(description="the folder that was asked for", examples=["/home/ann"])
    parent: str | None = Field(examples=[None])
    folders: list[str] = Field(examples=[["/home/ann/Pictures"]])


@router.get("/places", response_model=Places, summary="Folders that may be taken in")
def places(desk: TheDesk, path: Annotated[str, Query(max_length=4096)] = "") -> Any:
    """The allowed folders, or those directly in one of them; hidden ones and links left out."""
    if not path:
        mine = sorted({one for one in allowed_folders(desk) if Path(one).is_dir()})
        return Answer({"path": "", "parent": None, "folders": mine})
    here = Path(allowed(desk, path))
    try:
        found = [one for one in here.iterdir() if not one.name.startswith(".")]
        folders = [str(one) for one in sorted(found) if one.is_dir() and not one.is_symlink()]
    except OSError as error:
        raise NotFound(f"{path} cannot be listed: {error.strerror}") from error
    roots = set(allowed_folders(desk))
    parent = "" if str(here) in roots else str(here.parent)
    return Answer({"path": str(here), "parent": parent, "folders": folders})
