"""Files made to do harm, through real children: each gives Content or a leaf, soon, and no more."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import psutil
import pytest

from mammothbox.decode import Decoder
from mammothbox.errors import Corrupt, InputError, TooLarge, Unreadable, Unsupported
from mammothbox.records import DocumentContent, Kind

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "<w:p><w:r><w:t>hello %s</w:t></w:r></w:p></w:body></w:document>"
)


def _docx(path: Path, document: str, **parts: bytes) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", document)
        for name, data in parts.items():
            file.writestr(f"word/embeddings/{name}.zip", data)
    return str(path)


def _text(decoder: Decoder, path: str, mime: str) -> str:
    content = decoder.decode(path, Kind.DOCUMENT, mime)
    assert isinstance(content, DocumentContent)
    return "".join(page.text for page in content.pages)


def test_a_picture_of_60000_by_60000_is_refused_unread(decoder: Decoder, tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + data)
    with pytest.raises(TooLarge, match=r"a\.png: 60000 × 60000"):
        decoder.decode(str(tmp_path / "a.png"), Kind.IMAGE, "image/png")


def _external(secret: Path) -> str:
    return (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">'
        '<!ENTITY h SYSTEM "http://127.0.0.1:9/x">]>'
    )


@pytest.mark.parametrize("ending", ["docx", "xml", "html"])
def test_external_entities_are_not_followed(ending: str, decoder: Decoder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")
    path = tmp_path / f"a.{ending}"
    head = _external(secret)
    if ending == "docx":
        text = _text(decoder, _docx(path, head + BODY % "&x;&h;"), DOCX)
    else:
        path.write_text(f"{head}<html><body><p>hello &x;&h;</p></body></html>")
        text = _text(decoder, str(path), f"text/{ending}")
    assert "hello" in text
    assert "TOPSECRET" not in text


def test_svg_is_not_read_at_all(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(_external(tmp_path) + "<svg>&x;</svg>")
    with pytest.raises(Unsupported):
        decoder.decode(str(tmp_path / "a.svg"), Kind.IMAGE, "image/svg+xml")


@pytest.mark.parametrize("shape", ["exponential", "quadratic"])
@pytest.mark.parametrize("ending", ["docx", "html"])
def test_entities_do_not_multiply(
    shape: str, ending: str, decoder: Decoder, tmp_path: Path
) -> None:
    if shape == "exponential":
        steps = [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)]
        head, use = f'<!DOCTYPE r [<!ENTITY a0 "lol">{"".join(steps)}]>', "&a9;"
    else:
        head, use = f'<!DOCTYPE r [<!ENTITY q "{"q" * 100_000}">]>', "&q;" * 20_000
    path = tmp_path / f"a.{ending}"
    if ending == "docx":
        text = _text(decoder, _docx(path, '<?xml version="1.0"?>' + head + BODY % use), DOCX)
    else:
        path.write_text(f"{head}<html><body>hello {use}</body></html>")
        text = _text(decoder, str(path), "text/html")
    assert len(text) < 1_000_000


def test_a_document_that_unfolds_to_600_mb(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("word/document.xml", "w") as part,
    ):
        for _ in range(600):
            part.write(b"A" * 1_000_000)
    with pytest.raises(TooLarge, match=r"a\.docx: unfolds"):
        decoder.decode(str(path), Kind.DOCUMENT, DOCX)


def test_archives_within_archives_stay_folded(decoder: Decoder, tmp_path: Path) -> None:
    data = b"0" * 20_000_000
    for level in range(4):
        folded = io.BytesIO()
        with zipfile.ZipFile(folded, "w", zipfile.ZIP_DEFLATED) as file:
            for number in range(10):
                file.writestr(f"{number}.{'zip' if level else 'txt'}", data)
        data = folded.getvalue()
    assert "hello" in _text(decoder, _docx(tmp_path / "a.docx", BODY % "", nested=data), DOCX)


def test_deeply_nested_html(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<div>" * 200_000 + "x" + "</div>" * 200_000)
    job = (str(tmp_path / "a.html"), Kind.DOCUMENT, "text/html")
    (outcome,) = decoder.map([job])
    assert isinstance(outcome, DocumentContent | InputError)


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.AUDIO, Kind.DOCUMENT])
def test_what_is_no_file_is_unreadable(kind: Kind, decoder: Decoder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "absent", "n" * 300, "a\0b"):
        with pytest.raises(Unreadable):
            decoder.decode(str(tmp_path / name), kind, "application/pdf")


def test_a_file_without_permission(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(Unreadable, match="Permission"):
        decoder.decode(str(path), Kind.DOCUMENT, "text/plain")


def test_names_that_look_like_addresses_or_options(decoder: Decoder, tmp_path: Path) -> None:
    for name in ("http:a.txt", "-a.txt", "a\nb.txt", os.fsdecode(b"\xff\xfe.txt"), "file:x"):
        path = os.path.join(tmp_path, name)
        with open(path, "w") as file:
            file.write("plain words")
        assert _text(decoder, path, "text/plain") == "plain words"


def test_an_empty_file_is_corrupt(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    with pytest.raises(Corrupt, match="empty"):
        decoder.decode(str(tmp_path / "a.pdf"), Kind.DOCUMENT, "application/pdf")


@pytest.mark.slow
def test_a_sample_of_the_shared_bad_files(media: Path, decoder: Decoder) -> None:
    """Every eighth file under each of the four kinds: an answer for each, memory flat."""
    folders = [media / "bad", media / "generated" / "bad"]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    assert len(files) > 100
    jobs = [
        (str(file), kind, mime)
        for number, file in enumerate(files[::8])
        for kind, mime in [
            (
                (Kind.IMAGE, "image/x"),
                (Kind.VIDEO, "video/x"),
                (Kind.DOCUMENT, "application/pdf"),
                (Kind.DOCUMENT, DOCX),
            )[number % 4]
        ]
    ]
    before = psutil.Process().memory_info().rss
    count = 0
    for _ in decoder.map(jobs):
        count += 1
    assert count == len(jobs)
    assert psutil.Process().memory_info().rss - before < 300_000_000
