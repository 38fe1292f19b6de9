"""What routes share of a request: the desk, filters, digests, and paths that must be allowed."""

from __future__ import annotations

import os
import pathlib
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field

from mammothbox.browse import Filters, inside
from mammothbox.errors import UsageError
from mammothbox.jobs import Desk
from mammothbox.records import Kind

EXAMPLE_DIGEST = "0" * 64
DigestPath = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{64}$",
        description="BLAKE3 of the file's bytes, 64 hexadecimal digits",
        examples=[EXAMPLE_DIGEST],
    ),
]


def desk_of(request: Request) -> Desk:
    """The open library."""
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]


class FilterQuery(BaseModel):
    """Conditions that must all hold; what is left out asks nothing."""

    kind: list[Kind] = Field([], description="any of these", examples=[["image", "video"]])
    since: str = Field("", max_length=40, description="ISO 8601", examples=["2024-05"])
    until: str = Field("", max_length=40, description="ISO 8601, inclusive", examples=["2024"])
    tag: list[str] = Field([], max_length=20, description="all of these", examples=[["beach"]])
    folder: str = Field("", max_length=4096, description="absolute; all below it too")
    language: str = Field("", max_length=16, description="ISO 639-1", examples=["en"])

    def filters(self) -> Filters:
        """The same as the library takes it."""
        return Filters(
            tuple(self.kind), self.since, self.until, tuple(self.tag), self.folder, self.language
        )


TheFilters = Annotated[FilterQuery, Query()]


def allowed_folders(desk: Desk) -> list[str]:
    """Folders that may be taken in or arranged: those of the settings, and those scanned before."""
    named = [part for part in desk.settings.serve_folders.split(os.pathsep) if part]
    mine = [str(pathlib.Path(part).expanduser().absolute()) for part in named or ["~"]]
    return [*mine, *desk.library.store.roots()]


def allowed(desk: Desk, path: str) -> str:
    """`path`, when it lies in a folder that the owner allowed, links followed.

    Raises:
        UsageError: it does not.
    """
    if "\0" in path or not path.startswith("/"):
        raise UsageError(f"{path[:80]!r} is not an absolute path")
    if not inside(path, allowed_folders(desk)):
        raise UsageError(
            f"{path} is outside the folders that this server may read; its owner can allow more"
            " with the setting serve_folders"
        )
    return path
