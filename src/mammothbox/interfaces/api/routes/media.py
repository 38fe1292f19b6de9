"""`/files/{digest}/…`: the bytes, and pictures and playable forms made of them.

Only pictures, sound and video are ever shown in place. Everything else is handed out as a
download, under a policy that lets nothing in it run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.responses import FileResponse, Response

from mammothbox.interfaces.api.asking import DigestPath, TheDesk, allowed_folders
from mammothbox.interfaces.api.problems import responses
from mammothbox.jobs import Desk
from mammothbox.records import FileRef

INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "audio/", "video/")
SANDBOX = "sandbox; default-src 'none'"
KEPT = "private, max-age=31536000, immutable"
"""What a digest names never changes."""

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": _BYTES}, "description": "The bytes, in the type of the file"},
    206: {"content": {"*/*": _BYTES}, "description": "A range of them"},
    **responses(416),
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/webp": _BYTES}, "description": "The picture"},
}
_WEBP: dict[int | str, dict[str, Any]] = {
    **_BINARY,
    **_PICTURE,
    206: {"content": {"image/webp": _BYTES}, "description": "A range of it"},
}

PageNumber = Annotated[int, InPath(ge=1, le=100_000)]
router = APIRouter(tags=["files"], default_response_class=FileResponse)


def file_of(desk: Desk, digest: str) -> FileRef:
    """A path at which the content lies now, inside the folders that the owner allowed.

    Raises:
        NotFound: there is none.
    """
    return desk.library.content(digest, allowed_folders(desk))


def handed(path: Path, mime: str, name: str, digest: str, what: str = "") -> FileResponse:
    """A file as an answer; ranges and conditions are honoured."""
    inline = mime.startswith(INLINE)
    answer = FileResponse(
        path,
        media_type=mime,
        filename=name.encode("utf-8", "replace").decode(),
        content_disposition_type="inline" if inline else "attachment",
    )
    answer.headers.update(_headers(digest, what))
    return answer


def _headers(digest: str, what: str) -> dict[str, str]:
    return {
        "cache-control": KEPT,
        "content-security-policy": SANDBOX,
        "etag": f'"{digest[:32]}{what}"',
    }


@router.get("/files/{digest}/content", responses=_BINARY, summary="The file itself")
def content(desk: TheDesk, digest: DigestPath) -> Any:
    """The original bytes, with ranges. Only pictures, sound and video are shown in place."""
    ref = file_of(desk, digest)
    return handed(Path(ref.path), ref.mime, ref.name, digest)


@router.get("/files/{digest}/thumbnail", responses=_PICTURE, summary="A small picture of it")
def thumbnail(desk: TheDesk, digest: DigestPath) -> Any:
    """At most 512 pixels: the picture, a frame, the wave of a sound or the first page.

    Read here, at once: a grid asks for dozens, and an answer in pieces costs each of them three
    more changes of thread.
    """
    made = desk.library.previews.thumbnail(file_of(desk, digest))
    headers = {**_headers(digest, "t"), "content-disposition": 'inline; filename="t.webp"'}
    return Response(made.read_bytes(), media_type="image/webp", headers=headers)


@router.get("/files/{digest}/strip", responses=_WEBP, summary="Frames of a video")
def strip(desk: TheDesk, digest: DigestPath) -> Any:
    """Eight frames beside each other, each 256 pixels wide."""
    ref = file_of(desk, digest)
    return handed(desk.library.previews.strip(ref), "image/webp", "s.webp", digest, "s")


@router.get("/files/{digest}/pages/{number}", responses=_WEBP, summary="A page of a document")
def page(desk: TheDesk, digest: DigestPath, number: PageNumber) -> Any:
    """The page as a picture, counted from 1."""
    ref = file_of(desk, digest)
    made = desk.library.previews.page(ref, number)
    return handed(made, "image/webp", "p.webp", digest, f"p{number}")


@router.get("/files/{digest}/view", responses=_BINARY, summary="What a browser can show or play")
def view(desk: TheDesk, digest: DigestPath, convert: bool = False) -> Any:
    """The file itself where browsers understand it, else a converted form; with ranges.

    `convert` asks for the converted form of a recording in any case.
    """
    ref = file_of(desk, digest)
    previews = desk.library.previews
    made = previews.converted(ref) if convert else previews.view(ref)
    if str(made) == ref.path:
        return handed(made, ref.mime, ref.name, digest)
    mime = {".webp": "image/webp", ".mp4": "video/mp4", ".m4a": "audio/mp4"}[made.suffix]
    return handed(made, mime, f"{Path(ref.name).stem}{made.suffix}", digest, "v")
