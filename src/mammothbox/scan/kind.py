"""What a file is, judged by its bytes. The extension only decides between members of one family.

Example:
    >>> judge(b"\\x89PNG\\r\\n\\x1a\\n", ".txt", lambda offset, count: b"")[1]
    'image/png'
"""

from __future__ import annotations

import os

from mammothbox.records import Kind
from mammothbox.scan.containers import CONTAINERS, Look
from mammothbox.scan.signatures import Verdict, by_signature
from mammothbox.scan.streams import mpeg_sound, old_picture, transport_stream
from mammothbox.scan.text import text_kind

HEAD_BYTES = 65_536
"""How much of a file's beginning is looked at."""

_TEXT_BYTES = 8192


def extension_of(path: str) -> str:
    """The extension in lower case with its dot, trailing blanks ignored; empty if there is none."""
    return os.path.splitext(path.rstrip())[1].lower()


def judge(head: bytes, extension: str, look: Look) -> Verdict:
    """Kind and media type from the first `HEAD_BYTES` bytes.

    Args:
        head: the beginning of the file, all of it when it is shorter.
        extension: in lower case, with the dot.
        look: reads elsewhere in the file, see `containers.Look`.
    """
    if not head:
        return Kind.OTHER, "application/x-empty"
    for container in CONTAINERS:
        verdict = container(head, extension, look)
        if verdict:
            return verdict
    verdict = by_signature(head) or transport_stream(head)
    if verdict:
        return verdict
    if b"%PDF-" in head[:1024]:
        return Kind.DOCUMENT, "application/pdf"
    verdict = text_kind(head[:_TEXT_BYTES], extension)
    if verdict:
        return verdict
    found = mpeg_sound(head) or old_picture(head, look(-64, 64))
    return found or (Kind.OTHER, "application/octet-stream")
