"""Files that came in over HTTP find their place beside the library.

They are the person's own and stay when the library is purged. The name is theirs as far as it is a
plain file name; the folder is named by the content, so equal names never meet.
"""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

from mammothbox.errors import Unsupported, UsageError
from mammothbox.records import Kind
from mammothbox.scan import digest_of, kind_of
from mammothbox.store import Store

FOLDER = "uploads"
"""Name of the folder in the library's directory."""

_MOST_BYTES = 200


def safe_name(name: str) -> str:
    """The last part of a name, without what a file system or a terminal trips over.

    Raises:
        UsageError: nothing is left.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = kept.rpartition(".")
    stem, ending = (stem, ending[:16]) if dot and stem else (kept, "")
    while len(stem.encode("utf-8", "replace")) > _MOST_BYTES:
        stem = stem[:-1]
    if not stem:
        raise UsageError(f"{name[:40]!r} is no name for a file")
    return f"{stem}.{ending}" if ending else stem


def keep(store: Store, library: Path, path: Path, name: str) -> Path:
    """Move an upload to its place; where the library has its bytes already, give that path.

    Raises:
        Unsupported: it is no photo, video, sound or document.
        UsageError: the name is none.
    """
    wanted = safe_name(name)
    named = path.with_name(f"{path.name}-{wanted}")
    path.rename(named)
    try:
        kind = kind_of(str(named))[0]
        if kind is Kind.OTHER:
            raise Unsupported(f"{wanted} is no photo, video, sound or document")
        digest = digest_of(str(named))
        for ref in store.files(digest=digest):
            if Path(ref.path).is_file():
                return Path(ref.path)
        target = library / FOLDER / digest[:16] / wanted
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(named, target)
        return target
    finally:
        named.unlink(missing_ok=True)
