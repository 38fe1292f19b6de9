"""`/files`: the list of everything, the timeline it makes, and one file's sheet."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mammothbox.browse import encode_cursor
from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import EXAMPLE_DIGEST, DigestPath, TheDesk, TheFilters
from mammothbox.jobs import Desk

router = APIRouter(tags=["files"])


class Summary(BaseModel):
    """A few words about one file."""

    digest: str = Field(examples=[EXAMPLE_DIGEST])
    path: str = Field(examples=["/home/ann/Pictures/IMG_1.jpg"])
    name: str = Field(examples=["IMG_1.jpg"])
    kind: str = Field(examples=["image"])
    when: str = Field(description="taken, else modified; local", examples=["2024-05-01T10:00:00"])
    width: int | None = Field(examples=[4000])
    height: int | None = Field(examples=[3000])
    duration_s: float | None = Field(examples=[None])
    title: str | None = Field(examples=["A dog in the snow"])
    caption: str | None = Field(examples=["a dog runs through the snow"])
    understood: bool = Field(description="whether anything was understood yet", examples=[True])


class Page(BaseModel):
    """A piece of the list, newest first."""

    files: list[Summary]
    total: int = Field(description="files that pass the filters", examples=[1])
    version: str = Field(description="differs whenever the list does", examples=["9f2a"])
    next: str | None = Field(description="cursor of the next piece", examples=[None])


class Month(BaseModel):
    """One month of the list."""

    month: str = Field(examples=["2024-05"])
    start: int = Field(description="place of its first file in the list", examples=[0])
    count: int = Field(examples=[1])
    shapes: str = Field(
        description="one character a file: width / height = 0.4 + 0.03 × (code − 35)",
        examples=["S"],
    )


class Timeline(BaseModel):
    """The whole list in few bytes, for a grid."""

    months: list[Month]
    total: int = Field(examples=[1])
    version: str = Field(examples=["9f2a"])


@router.get("/files", response_model=Page, summary="Everything, newest first")
def files(
    desk: TheDesk,
    filters: TheFilters,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str, Query(max_length=8192, description="`next` of an answer")] = "",
    offset: Annotated[int, Query(ge=0, le=10**9, description="for grids; not with `cursor`")] = 0,
) -> Any:
    """A piece of the list that passes the filters. Walk it with `cursor`, or jump with `offset`."""
    found = desk.library.listing(filters.filters())
    start = found.after(cursor) if cursor else offset
    entries = found.entries[start : start + limit]
    more = start + limit < len(found.entries) and bool(entries)
    return Answer({
        "files": desk.library.summaries(entries),
        "total": len(found.entries),
        "version": found.version,
        "next": encode_cursor(entries[-1].when, entries[-1].path) if more else None,
    })  # fmt: skip


@router.get("/timeline", response_model=Timeline, summary="Months and shapes of the whole list")
def timeline(desk: TheDesk, filters: TheFilters) -> Any:
    """What a grid needs to lay out every tile before it has asked for any."""
    found = desk.library.listing(filters.filters())
    months = [
        {"month": m.month, "start": m.start, "count": m.count, "shapes": m.shapes}
        for m in found.months
    ]
    return Answer({"months": months, "total": len(found.entries), "version": found.version})


class Choices(BaseModel):
    """What the list can be narrowed by: value → number of files."""

    kinds: dict[str, int] = Field(examples=[{"image": 20}])
    languages: dict[str, int] = Field(examples=[{"en": 3}])
    tags: dict[str, int] = Field(examples=[{"dog": 2}])
    folders: dict[str, int] = Field(examples=[{"/home/ann/Pictures": 20}])
    places: list[list[float | str]] = Field(
        description="latitude, longitude, digest", examples=[[[59.9, 10.7, EXAMPLE_DIGEST]]]
    )


@router.get("/choices", response_model=Choices, summary="Kinds, tags, folders, languages, places")
def choices(desk: TheDesk) -> Any:
    """Everything that files can be narrowed by."""
    found = desk.library.choices()
    return Answer({
        "kinds": found.kinds, "languages": found.languages, "tags": found.tags,
        "folders": found.folders, "places": found.places,
    })  # fmt: skip


class Sheet(BaseModel):
    """Everything known of one content; further fields as `mammothbox show --json` has them."""

    path: str = Field(examples=["/home/ann/Pictures/IMG_1.jpg"])
    digest: str = Field(examples=[EXAMPLE_DIGEST])
    kind: str = Field(examples=["image"])
    mime: str = Field(examples=["image/jpeg"])
    size: int = Field(examples=[204800])
    tags: list[str] = Field(examples=[["dog", "snow"]])
    authors: dict[str, dict[str, str]] = Field(
        examples=[{"caption": {"model": "small-eyes", "revision": "3"}}]
    )
    model_config = {"extra": "allow"}


@router.get("/files/{digest}", response_model=Sheet, summary="Everything known of one file")
def file(desk: TheDesk, digest: DigestPath) -> Any:
    """The same as `mammothbox show --json`, with where the read text stands."""
    return Answer(desk.library.about(digest))


class Alike(BaseModel):
    """Equal and nearly equal files."""

    exact: list[list[str]] = Field(examples=[[["/p/a.jpg", "/p/copy.jpg"]]])
    near: list[dict[str, Any]] = Field(examples=[[]])


@router.get("/duplicates", response_model=Alike, summary="Equal bytes, and look-alikes")
def duplicates(
    desk: TheDesk, bits: Annotated[int, Query(ge=0, le=16, description="that may differ")] = 4
) -> Any:
    """Groups of paths with equal bytes, and pairs of pictures that differ in few bits."""
    found = desk.library.duplicates(bits)
    near = [
        {"first": _half(desk, a), "second": _half(desk, b), "bits": distance}
        for a, b, distance in found.near
    ]
    return Answer({"exact": found.exact, "near": near})


def _half(desk: Desk, path: str) -> dict[str, str]:
    return {"path": path, "digest": desk.library.ref(path).digest}
