"""Kinds by content: made files of every family, wrong extensions, and real media."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mammothbox.records import Kind
from mammothbox.scan import kind_of
from mammothbox.scan.kind import judge

OFFICE = "application/vnd.openxmlformats-officedocument."


def kind(data: bytes, extension: str = "") -> tuple[Kind, str]:
    def look(offset: int, count: int) -> bytes:
        start = offset if offset >= 0 else max(0, len(data) + offset)
        return data[start : start + count]

    return judge(data[:65_536], extension, look)


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(out, form)
    return out.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("PPM", "image/x-portable-anymap"),
        ("TGA", "image/x-tga"),
        ("SGI", "image/sgi"),
        ("PCX", "image/x-pcx"),
        ("JPEG2000", "image/jp2"),
    ],
)
def test_pictures_under_a_wrong_name(form: str, mime: str) -> None:
    assert kind(picture(form), ".txt") == (Kind.IMAGE, mime)


def test_raw_photos_are_told_from_tiff_by_content_or_extension() -> None:
    plain = picture("TIFF")
    assert kind(plain, ".nef") == (Kind.IMAGE, "image/x-nikon-nef")
    assert kind(plain, ".mp3") == (Kind.IMAGE, "image/tiff")
    dng = io.BytesIO()
    Image.new("L", (4, 4)).save(dng, "TIFF", tiffinfo={0xC612: b"\1\4\0\0"})
    assert kind(dng.getvalue(), "")[1] == "image/x-adobe-dng"


@pytest.mark.parametrize(
    ("members", "extension", "expected"),
    [
        (
            [("word/document.xml", b"")],
            ".zip",
            (Kind.DOCUMENT, OFFICE + "wordprocessingml.document"),
        ),
        ([("xl/workbook.xml", b"")], "", (Kind.DOCUMENT, OFFICE + "spreadsheetml.sheet")),
        (
            [("ppt/presentation.xml", b"")],
            "",
            (Kind.DOCUMENT, OFFICE + "presentationml.presentation"),
        ),
        (
            [("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"")],
            ".docx",
            (Kind.DOCUMENT, "application/vnd.oasis.opendocument.text"),
        ),
        ([("mimetype", b"application/epub+zip")], "", (Kind.DOCUMENT, "application/epub+zip")),
        ([("a.txt", b"x" * 200_000)], "", (Kind.OTHER, "application/zip")),
    ],
)
def test_zip_families_by_their_members(
    members: list[tuple[str, bytes]], extension: str, expected: tuple[Kind, str]
) -> None:
    assert kind(zipped(*members), extension) == expected


def test_the_deciding_member_may_stand_last() -> None:
    data = zipped(("[Content_Types].xml", os.urandom(100_000)), ("word/document.xml", b""))
    assert kind(data)[1] == OFFICE + "wordprocessingml.document"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "latin-1",
        "cp1252",
        "cp500",
    ],
)
def test_text_in_many_encodings(encoding: str) -> None:
    text = "Ein Brief an die Großmutter: alles ist gut, und das Wetter auch.\r\nGrüße, Änne. " * 9
    assert kind(text.encode(encoding), ".txt") == (Kind.DOCUMENT, "text/plain")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, бабушка! Всё хорошо, погода тоже. " * 5, "koi8-r"),
        ("Привет, бабушка! Всё хорошо, погода тоже. " * 5, "cp1251"),
        ("おばあちゃん、元気ですか。天気もいいです。" * 5, "shift_jis"),
        ("おばあちゃん、元気ですか。天気もいいです。" * 5, "euc_jp"),
        ("おばあちゃん、元気ですか。天気もいいです。" * 5, "iso2022_jp"),
        ("奶奶你好，一切都好，天气也很好。" * 5, "gb18030"),
        ("奶奶你好，一切都好，天氣也很好。" * 5, "big5"),
        ("할머니 안녕하세요. 모두 잘 지내고 날씨도 좋아요. " * 5, "euc_kr"),
        ("奶奶你好，一切都好。" * 5, "utf-16-le"),
    ],
)
def test_text_of_other_scripts(text: str, encoding: str) -> None:
    if encoding == "utf-16-le":
        text = "\ufeff" + text
    assert kind(text.encode(encoding))[0] is Kind.DOCUMENT


@pytest.mark.parametrize(
    ("text", "extension", "mime"),
    [
        ("<!DOCTYPE html><html><body>x</body></html>", "", "text/html"),
        ('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', ".xml", "image/svg+xml"),
        ('<?xml version="1.0"?><note/>', ".html", "text/xml"),
        ("From: a@b.c\nTo: d@e.f\nSubject: hi\nDate: today\n\nHello", ".txt", "message/rfc822"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nhi", ".txt", "text/vtt"),
        ("# Title\n\ntext", ".md", "text/markdown"),
        ("a,b\n1,2\n", ".csv", "text/csv"),
        ("{\\rtf1 hello}", ".txt", "text/rtf"),
    ],
)
def test_sorts_of_text(text: str, extension: str, mime: str) -> None:
    assert kind(text.encode(), extension)[1] == mime


def box(name: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + name + body


@pytest.mark.parametrize(
    ("brand", "handlers", "expected"),
    [
        (b"isom", [b"vide", b"soun"], (Kind.VIDEO, "video/mp4")),
        (b"isom", [b"soun"], (Kind.AUDIO, "audio/mp4")),
        (b"qt  ", [b"vide"], (Kind.VIDEO, "video/quicktime")),
        (b"M4A ", [b"soun"], (Kind.AUDIO, "audio/mp4")),
        (b"heic", [], (Kind.IMAGE, "image/heic")),
        (b"avif", [], (Kind.IMAGE, "image/avif")),
        (b"crx ", [], (Kind.IMAGE, "image/x-canon-cr3")),
    ],
)
def test_iso_media(brand: bytes, handlers: list[bytes], expected: tuple[Kind, str]) -> None:
    movie = b"".join(box(b"hdlr", bytes(8) + handler + bytes(12)) for handler in handlers)
    data = box(b"ftyp", brand + bytes(4) + brand) + box(b"mdat", bytes(100_000))
    assert kind(data + box(b"moov", movie), ".bin") == expected


def test_generic_heif_follows_its_compatible_brands() -> None:
    assert kind(box(b"ftyp", b"mif1" + bytes(4) + b"mif1avif"))[1] == "image/avif"
    assert kind(box(b"ftyp", b"mif1" + bytes(4) + b"mif1heic"))[1] == "image/heic"


def test_mp3_without_a_tag_needs_frames_in_a_row() -> None:
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    assert kind(frame * 4, ".wav") == (Kind.AUDIO, "audio/mpeg")
    assert kind(b"\xff\xfb\x90\x00" + bytes(range(256)) * 8, ".mp3")[0] is Kind.OTHER


def test_empty_files_and_noise_are_other() -> None:
    assert kind(b"", ".jpg") == (Kind.OTHER, "application/x-empty")
    noise = np.random.default_rng(7).bytes(5000)
    assert kind(noise, ".txt") == (Kind.OTHER, "application/octet-stream")


@given(st.binary(max_size=400), st.sampled_from(["", ".jpg", ".docx", ".mp3", ".txt"]))
def test_no_bytes_whatever_raise(data: bytes, extension: str) -> None:
    assert isinstance(kind(data, extension)[0], Kind)


MAGICS = [
    b"PK\3\4",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"II*\0",
    b"\0\0\0\x18ftyp",
    b"OggS",
    b"RIFF",
]


@given(st.sampled_from(MAGICS), st.binary(max_size=200))
def test_no_torn_container_raises(magic: bytes, rest: bytes) -> None:
    assert isinstance(kind(magic + rest)[0], Kind)


BY_EXTENSION = {
    Kind.IMAGE: ".jpg .jpeg .png .gif .tif .tiff .webp .heic .heif .avif .ico .jp2 .svg",
    Kind.VIDEO: ".mp4 .mkv .webm .mov",
    Kind.AUDIO: ".mp3 .wav .flac .ogg .opus .m4a .aiff",
    Kind.DOCUMENT: ".pdf .doc .docx .odt .xls .xlsx .ppt .rtf .html .md .txt .csv .xml .tex .epub"
    " .msg .srt .vtt .hocr .ipynb .bib .json",
}


def test_real_media_are_what_they_are_called(media: Path) -> None:
    expected = {name: kind for kind, names in BY_EXTENSION.items() for name in names.split()}
    wrong, total = [], 0
    with (media / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] != "bad"]
    for row in rows:
        extension = Path(row["path"]).suffix.lower()
        path = media / row["path"]
        if extension in expected and path.is_file() and path.stat().st_size:
            total += 1
            if kind_of(str(path))[0] is not expected[extension]:
                wrong.append(row["path"])
    assert total > 500
    assert len(wrong) <= total // 100, wrong
