"""What browsers cannot show or play, from real cameras and recorders, becomes what they can.

Each converted form is asked for in ranges, as players do, and what comes is decoded again.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mammothbox.interfaces.api.asking import allowed_folders
from tests.dng import write_dng
from tests.interfaces.api.conftest import Box, own_box

PICTURES = {
    "cheers_1440x960.heic": ("exif/drewnoakes/heic", (1440, 960)),
    "samplefilehub.heif": ("exif/exif-samples/heic", None),
    "BSG1.tiff": ("exif/exif-samples/tiff", None),
}
RECORDINGS = {
    "again.mkv": "video/intel/asl_gestures",
    "chinese.flac": "speech/uberi",
    "audio-stereo-16-bit-44100Hz.aiff": "speech/uberi",
}
PIECE = 9_000
"""Bytes asked for at once."""


@pytest.fixture(scope="module")
def shelf(
    _taken_in: tuple[Path, Path], media: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Box]:
    """A library with the files above and a raw photo in it."""
    with own_box(_taken_in, tmp_path_factory.mktemp("playing")) as made:
        folder = made.folder / "odd"
        folder.mkdir()
        for name, (place, _) in PICTURES.items():
            shutil.copy(media / place / name, folder / name)
        for name, place in RECORDINGS.items():
            shutil.copy(media / place / name, folder / name)
        write_dng(folder / "TUSK_0001.dng")
        made.job("/ingest", {"paths": [str(folder)]})
        yield made


def _in_pieces(box: Box, name: str) -> tuple[bytes, str]:
    """The view of a file, put together from ranges; and its type."""
    url = f"/api/v1/files/{box.digest(name)}/view"
    whole, total, mime = b"", 1, ""
    while len(whole) < total:
        bounds = f"bytes={len(whole)}-{len(whole) + PIECE - 1}"
        answer = box.client.get(url, headers={"range": bounds})
        assert answer.status_code == 206, answer.text
        assert answer.headers["accept-ranges"] == "bytes"
        total = int(answer.headers["content-range"].rpartition("/")[2])
        whole += answer.content
        mime = answer.headers["content-type"]
    assert whole == box.client.get(url).content
    last = box.client.get(url, headers={"range": "bytes=-7"})
    assert (last.status_code, last.content) == (206, whole[-7:])
    beyond = box.client.get(url, headers={"range": f"bytes={total}-"})
    assert beyond.status_code == 416
    return whole, mime


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_browsers_do_not_show(shelf: Box, name: str) -> None:
    body, mime = _in_pieces(shelf, name)
    assert mime == "image/webp"
    with Image.open(io.BytesIO(body)) as image:
        image.load()
        assert image.format == "WEBP"
        wanted = PICTURES[name][1]
        assert wanted is None or image.size == wanted
        assert len(image.convert("RGB").getcolors(1 << 24) or []) > 100


def test_a_raw_photo_is_developed(shelf: Box) -> None:
    body, mime = _in_pieces(shelf, "TUSK_0001.dng")
    assert mime == "image/webp"
    with Image.open(io.BytesIO(body)) as image:
        left, right = (image.convert("RGB").getpixel((image.width * n // 4, 90)) for n in (1, 3))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 90 > left[2]
    assert right[2] > 200 > 90 > right[0]
    thumbnail = shelf.client.get(f"/api/v1/files/{shelf.digest('TUSK_0001.dng')}/thumbnail")
    assert thumbnail.headers["content-type"] == "image/webp"


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_that_browsers_do_not_play(shelf: Box, name: str) -> None:
    body, mime = _in_pieces(shelf, name)
    before = _told(shelf.folder / "odd" / name)
    after = _told(io.BytesIO(body))
    assert mime == ("video/mp4" if "video" in before else "audio/mp4")
    assert after.keys() == before.keys()
    assert after["format"] == "mov,mp4,m4a,3gp,3g2,mj2"
    assert after["seconds"] == pytest.approx(before["seconds"], abs=0.15)
    assert after.get("audio", "aac") == "aac"
    if "video" in before:
        assert (after["video"], after["size"]) == ("h264", before["size"])


def _told(source: Any) -> dict[str, Any]:
    """Codecs, size in pixels, and the seconds that really decode."""
    found: dict[str, Any] = {}
    with av.open(source) as container:
        found["format"] = container.format.name
        end = 0.0
        for stream in container.streams:
            if stream.type in ("audio", "video"):
                found[stream.type] = stream.codec_context.name
        for frame in container.decode():
            end = max(end, float(frame.time or 0.0))
            if isinstance(frame, av.VideoFrame):
                found["size"] = (frame.width, frame.height)
        found["seconds"] = end
    return found


def test_a_file_outside_what_is_allowed_has_no_view_either(shelf: Box) -> None:
    digest = shelf.digest("again.mkv")
    path = shelf.folder / "odd" / "again.mkv"
    assert any(str(path).startswith(folder) for folder in allowed_folders(shelf.desk))
    elsewhere = shelf.folder.parent / "elsewhere.mkv"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    for what in ("view", "content", "thumbnail", "strip"):
        answer = shelf.client.get(f"/api/v1/files/{digest}/{what}")
        assert answer.status_code == 404, what
    path.unlink()
    elsewhere.rename(path)
