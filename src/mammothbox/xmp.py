"""What is known about a file as an XMP sidecar, which photo programs read: ``a.jpg.xmp``.

Written only when a person asks for it. Originals are not touched, nor a sidecar that another
program wrote or changed: only one that carries MammothBox's own mark is replaced.

Example:
    >>> b"beach" in sidecar({"path": "/a.jpg", "kind": "image", "tags": ["beach"]})
    True
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from mammothbox.records import Kind

TOOL = "MammothBox"
MARK = f"<xmp:CreatorTool>{TOOL}</xmp:CreatorTool>".encode()
KINDS = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO)
"""Kinds that get sidecars; nothing reads them beside documents."""

_SPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def _name(tag: str) -> str:
    prefix, _, local = tag.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def _values(parent: ET.Element, tag: str, holder: str, values: Iterable[str]) -> None:
    """``<tag><holder><rdf:li>value</rdf:li>…``; nothing when there are no values."""
    kept = [_ILLEGAL.sub("", value) for value in values]
    if not kept:
        return
    inner = ET.SubElement(ET.SubElement(parent, _name(tag)), _name(holder))
    for value in kept:
        item = ET.SubElement(inner, _name("rdf:li"))
        if holder == "rdf:Alt":
            item.set("{http://www.w3.org/XML/1998/namespace}lang", "x-default")
        item.text = value


def sidecar(item: Mapping[str, Any]) -> bytes:
    """The sidecar's bytes for one file, from the object of ``show --json``."""
    for prefix, address in _SPACES.items():
        ET.register_namespace(prefix, address)
    root = ET.Element(_name("x:xmpmeta"))
    about = ET.SubElement(ET.SubElement(root, _name("rdf:RDF")), _name("rdf:Description"))
    about.set(_name("rdf:about"), "")
    ET.SubElement(about, _name("xmp:CreatorTool")).text = TOOL
    description = item.get("summary") or item.get("caption")
    _values(about, "dc:title", "rdf:Alt", filter(None, [item.get("title")]))
    _values(about, "dc:description", "rdf:Alt", filter(None, [description]))
    _values(about, "dc:subject", "rdf:Bag", item.get("tags") or ())
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def place(path: str, folder: Path | None) -> Path:
    """Where the sidecar of the file at `path` goes: beside it, or the same path below `folder`."""
    target = Path(f"{path}.xmp")
    return target if folder is None else folder / target.relative_to(target.anchor)


def write_sidecars(items: Iterable[Mapping[str, Any]], folder: Path | None) -> int:
    """Write a sidecar for each photo, video and recording; returns how many were written.

    Args:
        items: objects of ``show --json``.
        folder: root of the sidecars; None puts each beside its file.
    """
    count = 0
    for item in items:
        if item["kind"] not in KINDS:
            continue
        target = place(str(item["path"]), folder)
        if target.exists() and MARK not in target.read_bytes():
            continue
        if folder is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.is_dir():
            fresh = target.with_name(f".mammothbox-{os.getpid()}.xmp.new")
            fresh.write_bytes(sidecar(item))
            fresh.replace(target)
            count += 1
    return count
