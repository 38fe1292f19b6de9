"""Files made to break programs, written anew for each run so that none need be shipped.

Each is small on disk and large, endless or malformed when believed. Open only through the product,
never by hand. Used by the bad-input test and by the acceptance run.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

SIDE = 60_000
"""Pixels on each side of the huge picture: 10.8 GB when decoded."""


def make_hazards(folder: Path, secret: Path) -> list[Path]:
    """Writes every hazard that this system allows below `folder`; gives the paths made.

    A hazard that the file system refuses (a name that is not UTF-8 on macOS) is left out.

    Args:
        folder: made if missing.
        secret: a file outside of it whose text some hazards try to draw in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    contents = {name: content() for name, content in _FILES.items()}
    contents |= {f"xxe{suffix}": xxe(secret.as_uri()) for suffix in (".xml", ".html", ".svg")}
    for name, content in contents.items():
        path = folder / name
        path.write_bytes(content)
        made.append(path)
    for make in (_long_name, _newline_name, _not_utf8_name, _fifo, _loop, _unreadable):
        try:
            made.append(make(folder))
        except OSError as error:
            if sys.platform == "linux":
                raise
            print(f"hazard left out: {make.__name__}: {error}", file=sys.stderr)
    return made


def huge_png() -> bytes:
    """A valid PNG of `SIDE` x `SIDE` white pixels in a few hundred kilobytes."""
    rows = zlib.compressobj(9)
    line = b"\0" + b"\xff" * (SIDE // 8)
    data = b"".join(rows.compress(line * 600) for _ in range(SIDE // 600)) + rows.flush()
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND")


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def nested_zip(depth: int = 6, fan: int = 8) -> bytes:
    """Zips in zips: `fan` ** `depth` files of a megabyte of zeros, if anybody unpacked it."""
    inner = bytes(1_000_000)
    name = "zeros.txt"
    for level in range(depth):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(fan):
                archive.writestr(f"{number}-{name}", inner)
        inner, name = packed.getvalue(), f"level{level}.zip"
    return inner


def bomb_docx() -> bytes:
    """A Word document whose one part unpacks to 400 MB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        kinds = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        archive.writestr("[Content_Types].xml", kinds)
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(400):
                part.write(b" " * 1_000_000)
    return packed.getvalue()


def lying_wav() -> bytes:
    """A WAV that claims 4 GB of samples and holds a tenth of a second."""
    samples = bytes(3200)
    head = b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt "
    form = struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    return head + form + b"data" + struct.pack("<I", 0xFFFFFFF0) + samples


def xxe(target: str) -> bytes:
    """XML that asks its reader to put the file or address `target` into the text."""
    return (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY leak SYSTEM "{target}">]>'
        "<html><body><p>secret: &leak;</p></body></html>"
    ).encode()


def quadratic_entities() -> bytes:
    """XML whose one entity of 100 kB is used 30,000 times: 3 GB when expanded."""
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "%s">]><a>%s</a>' % (
        b"A" * 100_000,
        b"&x;" * 30_000,
    )


def billion_laughs() -> bytes:
    """XML of ten entities, each ten times the one before."""
    lines = ['<!ENTITY e0 "ha">']
    lines += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11)]
    return f'<?xml version="1.0"?><!DOCTYPE a [{"".join(lines)}]><a>&e10;</a>'.encode()


def endless_pdf() -> bytes:
    """A PDF whose page tree is its own parent and child."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2147483647/Parent 2 0 R>>endobj\n"
        b"trailer<</Root 1 0 R/Size 3>>\n%%EOF\n"
    )


def deep_html() -> bytes:
    """A hundred thousand elements, one inside the other."""
    return b"<html><body>" + b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000


_FILES: Mapping[str, Callable[[], bytes]] = {
    "huge.png": huge_png,
    "nested.zip": nested_zip,
    "bomb.docx": bomb_docx,
    "claims_4gb.wav": lying_wav,
    "xxe_net.svg": lambda: xxe("http://192.0.2.1/leak"),
    "quadratic.xml": quadratic_entities,
    "laughs.xml": billion_laughs,
    "endless.pdf": endless_pdf,
    "deep.html": deep_html,
    "empty.jpg": bytes,
}


def _long_name(folder: Path) -> Path:
    return _text(folder / ("n" * 251 + ".txt"))


def _newline_name(folder: Path) -> Path:
    return _text(folder / "two\nlines\x1b[31m.txt")


def _not_utf8_name(folder: Path) -> Path:
    return _text(folder / os.fsdecode(b"caf\xe9-\xff.txt"))


def _text(path: Path) -> Path:
    path.write_text("A note about nothing in particular.\n", encoding="utf-8")
    return path


def _fifo(folder: Path) -> Path:
    path = folder / "pipe.jpg"
    os.mkfifo(path)
    return path


def _loop(folder: Path) -> Path:
    inside = folder / "around"
    inside.mkdir()
    (inside / "again").symlink_to(folder, target_is_directory=True)
    (inside / "self").symlink_to("self")
    return _text(inside / "kept.txt")


def _unreadable(folder: Path) -> Path:
    path = _text(folder / "unreadable.txt")
    path.chmod(0)
    return path
