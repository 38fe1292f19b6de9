"""Documents: text by page, encodings, what a file says of itself, bounds, and passwords."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mammothbox.decode.dispatch import decode_path
from mammothbox.decode.limits import Limits
from mammothbox.decode.pdf import usable
from mammothbox.decode.plain_text import detect
from mammothbox.errors import Corrupt, Unsupported
from mammothbox.records import DocumentContent, Kind
from mammothbox.settings import Settings

LIMITS = Limits.of(Settings())
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _decode(path: Path, mime: str, limits: Limits = LIMITS) -> DocumentContent:
    content = decode_path(str(path), Kind.DOCUMENT, mime, limits)
    assert isinstance(content, DocumentContent)
    return content


def _text_pdf(path: Path, pages: list[str]) -> Path:
    """A PDF of one line a page, written by hand."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for text in pages:
        stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources "
            b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(kids)}] >>".encode()
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    end += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    path.write_bytes(out + end)
    return path


def test_pdf_text_by_page(tmp_path: Path) -> None:
    path = _text_pdf(tmp_path / "a.pdf", ["The first page of all", "And then the second"])
    content = _decode(path, "application/pdf")
    assert [(p.number, p.text.strip()) for p in content.pages] == [
        (1, "The first page of all"),
        (2, "And then the second"),
    ]
    assert content.facts.pages == 2
    assert all(page.pixels is None for page in content.pages)


def test_a_scanned_page_is_rendered_and_a_blank_one_is_not(tmp_path: Path) -> None:
    scan = Image.new("RGB", (850, 1100), "white")
    ImageDraw.Draw(scan).text((100, 100), "scanned words", fill="black", font_size=40)
    blank = Image.new("RGB", (850, 1100), "white")
    scan.save(tmp_path / "a.pdf", save_all=True, append_images=[blank])
    first, second = _decode(tmp_path / "a.pdf", "application/pdf").pages
    assert first.pixels is not None
    assert first.pixels.shape[2] == 3
    assert first.pixels.min() < 50
    assert second.pixels is None


def test_only_so_many_pages_are_rendered_and_it_says_so(tmp_path: Path) -> None:
    pages = []
    for number in range(22):
        page = Image.new("L", (200, 260), "white")
        ImageDraw.Draw(page).text((20, 20), f"page {number}", fill="black")
        pages.append(page)
    pages[0].save(tmp_path / "a.pdf", save_all=True, append_images=pages[1:])
    content = _decode(tmp_path / "a.pdf", "application/pdf")
    assert sum(page.pixels is not None for page in content.pages) == 20
    assert content.facts.extra["pages_not_rendered"] == 2


def test_pages_and_characters_are_bounded_and_it_says_so(tmp_path: Path) -> None:
    path = _text_pdf(tmp_path / "a.pdf", ["The first page of all"] * 5)
    content = _decode(path, "application/pdf", Limits.of(Settings(max_pages=2, max_chars=30)))
    assert len(content.pages) == 2
    assert content.facts.pages == 5
    assert content.facts.extra["pages_read"] == 2
    assert sum(len(page.text) for page in content.pages) == 30
    assert content.facts.extra["chars_left_out"] > 0


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Hello, this is a page of text.", True),
        ("Привет, это страница", True),
        ("这是一页中文文本内容没有问题", True),
        ("", False),
        ("  3  ", False),
        ("\ue001\ue002\ue003\ue004 abcdefghijklm \ue005\ue006\ue007\ue008", False),
        ("\ufffd" * 40 + "abcdefghijklmn", False),
    ],
)
def test_which_text_layer_is_usable(text: str, fine: bool) -> None:
    assert usable(text) is fine


GERMAN = "Größe, Übermut und Äpfel: schöne Grüße aus Köln an alle Mäuse. " * 8
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей же чаю. " * 8
JAPANESE = "いろはにほへと ちりぬるを わかよたれそ つねならむ。日本語の文章です。" * 8


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-32"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
    ],
)
def test_text_in_any_encoding(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert _decode(tmp_path / "a.txt", "text/plain").pages[0].text == text


def test_docx_with_its_title(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    words = "<w:p><w:r><w:t>Dear Ann</w:t></w:r></w:p>"
    body = f'<w:document xmlns:w="{word}"><w:body>{words}</w:body></w:document>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", body)
        file.writestr(
            "docProps/core.xml",
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
            'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<dc:title>A letter</dc:title><dc:creator>Bob</dc:creator></cp:coreProperties>",
        )
    content = _decode(path, DOCX)
    assert content.pages[0].text.strip() == "Dear Ann"
    assert (content.facts.title, content.facts.author) == ("A letter", "Bob")


def _slide(text: str) -> str:
    return (
        '<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><p:cSld><p:spTree><p:sp>'
        f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"
        "</p:sp></p:spTree></p:cSld></p:sld>"
    )


def test_slides_are_pages(tmp_path: Path) -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    slides = ["About whales", "About seals"]
    relations = "".join(
        f'<Relationship Id="r{i}" Type="{office}/slide" Target="slides/slide{i}.xml"/>'
        for i in (1, 2)
    )
    listed = "".join(f'<p:sldId id="{255 + i}" r:id="r{i}"/>' for i in (1, 2))
    with zipfile.ZipFile(tmp_path / "a.pptx", "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="ppt/presentation.xml"/></Relationships>',
        )
        file.writestr(
            "ppt/presentation.xml",
            '<p:presentation xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
            f'xmlns:r="{office}"><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>',
        )
        file.writestr(
            "ppt/_rels/presentation.xml.rels",
            f'<Relationships xmlns="{package}">{relations}</Relationships>',
        )
        for i, text in enumerate(slides, 1):
            file.writestr(f"ppt/slides/slide{i}.xml", _slide(text))
    mime = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    content = _decode(tmp_path / "a.pptx", mime)
    assert [page.number for page in content.pages] == [1, 2]
    assert all(t in p.text for t, p in zip(slides, content.pages, strict=True))
    assert content.facts.pages == 2


def test_an_electronic_book(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
            '<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
        )
        file.writestr(
            "b.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tales</dc:title>'
            "<dc:creator>Ann</dc:creator></metadata><manifest>"
            '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>',
        )
        html = "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Once upon a time</p></body>"
        file.writestr("c.xhtml", html + "</html>")
    content = _decode(tmp_path / "a.epub", "application/epub+zip")
    assert "Once upon a time" in "".join(page.text for page in content.pages)
    assert content.facts.title == "Tales"


def test_mail(tmp_path: Path) -> None:
    mail = "From: Al <a@example.org>\nTo: x@example.org\nSubject: Lunch\n\nAt noon?\n"
    (tmp_path / "a.eml").write_text(mail)
    content = _decode(tmp_path / "a.eml", "message/rfc822")
    assert "At noon?" in content.pages[0].text
    assert content.facts.title == "Lunch"


def test_html_without_its_tags(tmp_path: Path) -> None:
    html = "<html><head><title>Tea</title></head><body><p>Boil <b>water</b></p></body></html>"
    (tmp_path / "a.html").write_text(html)
    content = _decode(tmp_path / "a.html", "text/html")
    assert "Boil" in content.pages[0].text
    assert "<p>" not in content.pages[0].text


def test_archives_are_not_unfolded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.txt", "x")
    with pytest.raises(Unsupported):
        _decode(tmp_path / "a.zip", "application/zip")


def test_noise_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n" + b"\xff\x00" * 300)
    with pytest.raises(Corrupt, match=r"^a\.pdf: "):
        _decode(tmp_path / "a.pdf", "application/pdf")


def test_the_shared_formats_are_read(media: Path) -> None:
    office = "application/vnd.openxmlformats-officedocument."
    wanted = {
        "*.docx": DOCX,
        "*.xlsx": office + "spreadsheetml.sheet",
        "*.odt": "application/vnd.oasis.opendocument.text",
        "*.xls": "application/vnd.ms-excel",
        "*.msg": "application/vnd.ms-outlook",
    }
    for pattern, mime in wanted.items():
        files = sorted((media / "docs").rglob(pattern))
        texts = []
        for file in files[:6]:
            try:
                texts.append("".join(page.text for page in _decode(file, mime).pages))
            except Corrupt:  # some are there to be damaged
                continue
        assert any(len(text) > 40 for text in texts), pattern


@pytest.mark.slow
def test_most_shared_encodings_are_recognised(media: Path) -> None:
    right = total = 0
    for folder in sorted((media / "docs" / "encodings").iterdir()):
        parts = folder.name.split("-")
        name = "cp" + parts[1] if parts[0] == "windows" else folder.name
        name = "-".join(parts[:3]) if parts[0] == "iso" else name
        name = "mac-cyrillic" if name == "MacCyrillic" else name
        for file in sorted(folder.iterdir()):
            data = file.read_bytes()
            truth = data.decode(name, "replace")
            found = detect(data)
            total += 1
            if found:
                text = data.decode(found, "replace")
                right += sum(a != b for a, b in zip(text, truth, strict=False)) <= len(truth) / 100
    assert total >= 50
    assert right / total >= 0.9
