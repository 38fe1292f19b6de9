"""`/search`, `/similar`, `/clusters`: questions to the whole library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import EXAMPLE_DIGEST, DigestPath, TheDesk, TheFilters
from mammothbox.interfaces.api.quarantine import receive
from mammothbox.library import SearchAnswer
from mammothbox.records import Hit

PICTURE_BYTES = 60_000_000
router = APIRouter(tags=["finding"])
Limit = Annotated[int, Query(ge=1, le=200)]


class Reason(BaseModel):
    """Why a file was found."""

    how: str = Field(description="words, meaning, looks or name", examples=["words"])
    field: str = Field(examples=["caption"])
    text: str = Field(examples=["a dog runs through the snow"])
    page: int | None = Field(examples=[None])
    start_s: float | None = Field(description="second to play from", examples=[None])


class Found(BaseModel):
    """One file, reasons strongest first."""

    digest: str = Field(examples=[EXAMPLE_DIGEST])
    path: str = Field(examples=["/home/ann/Pictures/IMG_1.jpg"])
    name: str = Field(examples=["IMG_1.jpg"])
    kind: str = Field(examples=["image"])
    score: float = Field(examples=[0.031])
    why: list[Reason]


class Hits(BaseModel):
    """Files, best first."""

    hits: list[Found]
    notes: list[str] = Field(description="what could not be searched, and why", examples=[[]])


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit for programs."""
    why = [
        {"how": w.how, "field": w.field, "text": w.text, "page": w.page, "start_s": w.start_s}
        for w in hit.why
    ]
    name = hit.path.rpartition("/")[2]
    return {"digest": hit.digest, "path": hit.path, "name": name, "kind": hit.kind.value,
            "score": round(hit.score, 6), "why": why}  # fmt: skip


def told(answer: SearchAnswer) -> Answer:
    """What a search found, each content once."""
    hits: dict[str, Hit] = {}
    for hit in answer.hits:
        hits.setdefault(hit.digest, hit)
    return Answer({"hits": _json(list(hits.values())), "notes": list(answer.notes)})


def _json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    return [hit_json(hit) for hit in hits]


@router.get("/search", response_model=Hits, summary="Find files by what they show, say or contain")
def search(
    desk: TheDesk,
    filters: TheFilters,
    q: Annotated[str, Query(max_length=1000, examples=["a dog in the snow"])],
    limit: Limit = 40,
    words: Annotated[bool, Query(description="only words and names, at once")] = False,
) -> Any:
    """Any text; phrases in double quotes must occur as they stand."""
    chosen = filters.filters()
    return told(
        desk.library.search(
            q,
            kinds=chosen.kinds,
            since=chosen.since,
            until=chosen.until,
            tags=chosen.tags,
            folder=chosen.folder,
            language=chosen.language,
            limit=limit,
            words_only=words,
        )
    )


@router.get("/files/{digest}/similar", response_model=Hits, summary="More like this one")
def similar(desk: TheDesk, digest: DigestPath, limit: Limit = 24) -> Any:
    """Pictures and video by how they look, documents and sound by what they say."""
    return told(desk.library.similar(desk.library.about(digest)["path"], limit=limit))


@router.post(
    "/search/picture",
    response_model=Hits,
    summary="Find files that look like a picture",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {
        "schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def search_picture(request: Request, limit: Limit = 24) -> Any:
    """The body is a picture in any format that is read; it is kept nowhere."""
    desk = request.app.state.desk
    async with receive(request, desk.settings.library, PICTURE_BYTES) as path:

        def look() -> SearchAnswer:
            answer: SearchAnswer = desk.library.search_picture(str(path), limit=limit)
            return answer

        return told(await anyio.to_thread.run_sync(look))


class Group(BaseModel):
    """Files that belong together."""

    label: str = Field(examples=["Dogs"])
    size: int = Field(examples=[12])
    cohesion: float = Field(description="mean cosine with the centre, 0 to 1", examples=[0.7])
    family: str = Field(examples=["picture"])
    terms: list[str] = Field(examples=[["dog", "snow"]])
    samples: list[dict[str, str]] = Field(examples=[[]])


class Groups(BaseModel):
    """Groups, the largest first."""

    clusters: list[Group]


@router.get("/clusters", response_model=Groups, summary="Groups of files that belong together")
def clusters(
    desk: TheDesk,
    folder: Annotated[str, Query(max_length=4096, examples=["/home/ann/Pictures"])],
    most: Annotated[int, Query(ge=1, le=200)] = 40,
    samples: Annotated[int, Query(ge=1, le=50)] = 8,
) -> Any:
    """The files below a folder by what they are about."""
    found = desk.library.clusters(folder.replace("\0", ""), most=most, samples=samples)
    known = {path: desk.library.ref(path).digest for group in found for path in group.samples}
    return Answer({"clusters": [
        {"label": group.label, "size": group.size, "cohesion": group.cohesion,
         "family": str(group.family), "terms": list(group.terms),
         "samples": [{"path": path, "name": Path(path).name, "digest": known[path]}
                     for path in group.samples]}
        for group in found
    ]})  # fmt: skip
