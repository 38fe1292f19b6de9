"""Listing, narrowing, showing, editing and handing out what is in a library."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.interfaces.api.conftest import Box


def test_walking_by_cursor_meets_every_file_once_newest_first(still: Box) -> None:
    seen, cursor = [], ""
    while True:
        page = still.get("/files", limit=7, cursor=cursor)
        seen += page["files"]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == page["total"] == len({one["path"] for one in seen})
    times = [one["when"] for one in seen]
    assert times == sorted(times, reverse=True)
    by_place = still.get("/files", limit=5, offset=7)["files"]
    assert by_place == seen[7:12]


def test_the_timeline_has_a_shape_for_every_file(still: Box) -> None:
    timeline = still.get("/timeline")
    assert sum(month["count"] for month in timeline["months"]) == timeline["total"]
    shapes = "".join(month["shapes"] for month in timeline["months"])
    files = still.get("/files", limit=500)["files"]
    for one, shape in zip(files, shapes, strict=True):
        if one["kind"] == "image" and one["width"]:
            ratio = 0.4 + 0.03 * (ord(shape) - 35)
            assert ratio == pytest.approx(one["width"] / one["height"], abs=0.016)


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        ({"kind": "video"}, {"video"}),
        ({"kind": ["audio", "document"]}, {"audio", "document"}),
        ({"until": "2015"}, {"image"}),
        ({"language": "en"}, {"audio", "video", "document"}),
    ],
)
def test_narrowing(still: Box, params: dict, kinds: set[str]) -> None:
    found = still.get("/files", limit=500, **params)
    assert {one["kind"] for one in found["files"]} <= kinds
    assert 0 < found["total"] < still.get("/files")["total"]


def test_choices_count_what_there_is(still: Box) -> None:
    choices = still.get("/choices")
    total = still.get("/files")["total"]
    assert sum(choices["kinds"].values()) == sum(choices["folders"].values()) == total
    for tag in list(choices["tags"])[:3]:
        assert still.get("/files", tag=tag)["total"] >= 1


def test_choices_follow_what_a_person_says(box: Box) -> None:
    before = box.get("/choices")["tags"]
    assert "harbour of bergen" not in before
    where = f"/api/v1/files/{box.digest('IMG_2103.jpg')}"
    assert box.client.patch(where, json={"add_tags": ["harbour of bergen"]}).is_success
    assert box.get("/choices")["tags"]["harbour of bergen"] == 1


def test_a_sheet_has_what_show_has_and_where_the_text_stands(still: Box) -> None:
    sheet = still.get(f"/files/{still.digest('IMG_2113.png')}")
    assert sheet["kind"] == "image"
    assert sheet["authors"]["caption"]["model"] == "stub-captioner"
    for line in sheet["ocr_lines"]:
        assert all(0 <= part <= 1 for part in line["box"])
    assert set(still.desk.library.show(sheet["path"])) <= set(sheet)


def test_a_persons_words_win_and_survive(box: Box) -> None:
    digest = box.digest("IMG_2102.jpg")
    before = box.get(f"/files/{digest}")
    changed = box.client.patch(
        f"/api/v1/files/{digest}",
        json={"title": "Rex at the sea", "caption": "<b>Rex</b>", "add_tags": ["Rex"],
              "remove_tags": before["tags"][:1]},
    ).json()  # fmt: skip
    assert (changed["title"], changed["caption"]) == ("Rex at the sea", "<b>Rex</b>")
    assert "rex" in changed["tags"]
    assert before["tags"][0] not in changed["tags"]
    # when everything is taken in anew
    report = box.job("/ingest", {"paths": [str(box.folder)]})
    assert report["state"] == "done"
    after = box.get(f"/files/{digest}")
    assert (after["title"], after["caption"]) == ("Rex at the sea", "<b>Rex</b>")
    assert after["tags"] == changed["tags"]
    # and it is found by those words, and an empty word gives the model's back
    assert box.get("/search", q='"Rex at the sea"')["hits"][0]["digest"] == digest
    back = box.client.patch(f"/api/v1/files/{digest}", json={"title": "", "caption": ""}).json()
    assert (back["title"], back["caption"]) == (before["title"], before["caption"])


@pytest.mark.parametrize(
    "name",
    ["IMG_2101.jpg", "IMG_2114.heic", "MOV_0031.mp4", "reading.mp3", "minutes.docx",
     "bicycle-invoice.pdf", "birds.csv"],
)  # fmt: skip
def test_every_kind_has_a_thumbnail_that_is_made_once(still: Box, name: str) -> None:
    url = f"/api/v1/files/{still.digest(name)}/thumbnail"
    first = still.client.get(url)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert max(Image.open(io.BytesIO(first.content)).size) <= 960
    made = {p: p.stat().st_mtime_ns for p in (still.library / "previews").rglob("*.webp")}
    assert still.client.get(url).content == first.content
    after = {p: p.stat().st_mtime_ns for p in (still.library / "previews").rglob("*.webp")}
    assert after == made


def test_a_video_has_a_strip_of_frames(still: Box) -> None:
    answer = still.client.get(f"/api/v1/files/{still.digest('slideshow.mp4')}/strip")
    width, _ = Image.open(io.BytesIO(answer.content)).size
    assert width == 8 * 256


def test_pages_of_a_document(still: Box) -> None:
    digest = still.digest("allotment-report.pdf")
    first, second = (still.client.get(f"/api/v1/files/{digest}/pages/{n}").content for n in (1, 2))
    assert first != second
    assert still.client.get(f"/api/v1/files/{digest}/pages/999").status_code == 415


def test_content_is_handed_out_with_ranges(still: Box) -> None:
    whole = (still.folder / "sound" / "reading.mp3").read_bytes()
    url = f"/api/v1/files/{still.digest('reading.mp3')}/content"
    assert still.client.get(url).content == whole
    part = still.client.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert still.client.get(url, headers={"range": "bytes=999999999-"}).status_code == 416


@pytest.mark.parametrize(
    ("name", "mime", "begins"),
    [
        ("IMG_2114.heic", "image/webp", b"RIFF"),
        ("chime.flac", "audio/mp4", b"\0\0\0"),
        ("IMG_2101.jpg", "image/jpeg", b"\xff\xd8"),
    ],
)
def test_what_a_browser_cannot_show_is_converted(
    still: Box, name: str, mime: str, begins: bytes
) -> None:
    url = f"/api/v1/files/{still.digest(name)}/view"
    answer = still.client.get(url, headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-type"]) == (206, mime)
    assert answer.content.startswith(begins)
    assert len(answer.content) == 10


def test_a_matroska_with_old_codecs_becomes_h264_and_aac(box: Box) -> None:
    import av

    path = box.folder / "old.mkv"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for shade in range(20):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 240), (shade * 12, 60, 90)))
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    assert box.job("/ingest", {"paths": [str(path)]})["state"] == "done"
    answer = box.client.get(f"/api/v1/files/{box.digest('old.mkv')}/view")
    assert answer.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(answer.content)) as played:
        assert played.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in played.decode(video=0)) == 20


def test_a_file_that_changed_is_not_passed_off_as_what_it_was(box: Box) -> None:
    digest = box.digest("IMG_2101.jpg")
    (box.folder / "photos" / "IMG_2101.jpg").write_bytes(b"something else")
    answer = box.client.get(f"/api/v1/files/{digest}/content")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ingest it again" in answer.json()["detail"]
