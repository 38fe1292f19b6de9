"""The table of files: which content lies at which path.

Functions over a connection; `Store` wraps each in a transaction. Identity is content: a path that
moves keeps everything, since what is known is keyed by digest, not by path.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, false, or_, select, update

from mammothbox.records import Digest, FileRef, Kind
from mammothbox.scan.events import Known
from mammothbox.store.backend import WordIndex
from mammothbox.store.filters import Filters, condition, under
from mammothbox.store.schema import FILES, ROOTS
from mammothbox.store.upsert import insert
from mammothbox.store.words import indexable

COLUMNS = (
    FILES.c.path,
    FILES.c.size,
    FILES.c.mtime_ns,
    FILES.c.kind,
    FILES.c.mime,
    FILES.c.digest,
)
"""What a `FileRef` is made from, see `as_ref`."""

_ROOTS_AT_ONCE = 100
"""A shell's ``*.jpg`` may name thousands; SQLite allows expressions 1,000 deep, three a root."""


def name_words(path: str) -> str:
    """What the name index holds of a path: its name and the two folders above, split into words.

    >>> name_words("/home/ann/Photos/Norway2019/IMG_0042.JPG")
    'Photos Norway 2019 IMG 0042 JPG'
    """
    parts = path.encode("utf-8", "replace").decode().strip("/").split("/")
    text = " ".join(parts[-3:])
    text = re.sub(r"[_\W]+", " ", text)
    text = re.sub(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])|(?<=[a-z])(?=[A-Z])", " ", text)
    return indexable(" ".join(text.split()))


def as_ref(row: Sequence[Any]) -> FileRef:
    """A FileRef from a row that begins with `COLUMNS`."""
    path, size, mtime_ns, kind, mime, digest = row[:6]
    return FileRef(
        path=os.fsdecode(path),
        size=size,
        mtime_ns=mtime_ns,
        kind=Kind(kind),
        mime=mime,
        digest=Digest(digest),
    )


def _under_any(roots: Sequence[str]) -> ColumnElement[bool]:
    return or_(false(), *(under(root) for root in roots))


def known(connection: Connection, roots: Sequence[str]) -> dict[str, Known]:
    """Path → what is remembered, for all files under `roots` that have not vanished.

    Made for a hundred thousand rows: the driver's own tuples, and no garbage collection while
    they pile up.
    """
    query = select(*COLUMNS).where(FILES.c.vanished_at.is_(None))
    kinds = {kind.value: kind for kind in Kind}
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    make = tuple.__new__
    collecting = gc.isenabled()
    gc.disable()
    try:
        return {
            path.decode(encoding, errors): make(Known, (size, mtime_ns, kinds[kind], mime, digest))
            for start in range(0, len(roots), _ROOTS_AT_ONCE)
            for path, size, mtime_ns, kind, mime, digest in connection.execute(
                query.where(_under_any(roots[start : start + _ROOTS_AT_ONCE]))
            ).cursor.fetchall()
        }
    finally:
        if collecting:
            gc.enable()


def record(connection: Connection, words: WordIndex, refs: Iterable[FileRef]) -> None:
    """Write down what lies at each path, replacing what was there."""
    rows = {
        (path := os.fsencode(ref.path)): {
            "path": path,
            "size": ref.size,
            "mtime_ns": ref.mtime_ns,
            "kind": ref.kind.value,
            "mime": ref.mime,
            "digest": ref.digest,
            "words": name_words(ref.path),
        }
        for ref in refs
    }
    if not rows:
        return
    statement = insert(connection, FILES)
    fresh = {
        name: statement.excluded[name] for name in ("size", "mtime_ns", "kind", "mime", "digest")
    }
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["path"], set_={**fresh, "vanished_at": None}
        ),
        [rows[path] for path in sorted(rows)],
    )
    words.add_names(connection, list(rows))


def record_roots(connection: Connection, roots: Sequence[str]) -> None:
    """Remember that these folders were scanned, and on which device each is."""
    for root in roots:
        try:
            device = Path(root).stat().st_dev
        except OSError:
            continue
        statement = insert(connection, ROOTS).values(
            path=os.fsencode(root), device=device, scanned_at=time.time()
        )
        changes = {"device": device, "scanned_at": time.time()}
        connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_=changes))


def volume_missing(connection: Connection, root: str) -> bool:
    """Whether `root` is gone, or empty where it had files, or on another device than before."""
    try:
        device = Path(root).stat().st_dev
        empty = Path(root).is_dir() and next(Path(root).iterdir(), None) is None
    except OSError:
        return True
    remembered = connection.scalar(select(ROOTS.c.device).where(ROOTS.c.path == os.fsencode(root)))
    return empty or (remembered is not None and remembered != device)


def sweep(
    connection: Connection, root: str, seen: Container[str], known: Iterable[str] | None
) -> int:
    """Mark as vanished the files under `root` that are not in `seen`; returns how many.

    A missing volume marks nothing, see `volume_missing`. `known` spares reading all paths again.
    """
    if volume_missing(connection, root):
        return 0
    if known is None:
        query = select(FILES.c.path).where(under(root), FILES.c.vanished_at.is_(None))
        known = [os.fsdecode(path) for path in connection.scalars(query)]
    inside = root.rstrip("/") + "/"
    gone = [
        path for path in known if path not in seen and (path == root or path.startswith(inside))
    ]
    if gone:
        connection.execute(
            update(FILES).where(FILES.c.path == bindparam("gone")).values(vanished_at=time.time()),
            [{"gone": os.fsencode(path)} for path in gone],
        )
    return len(gone)


def find(
    connection: Connection,
    *,
    digest: str | None,
    path: str | None,
    kind: Kind | None,
    folder: str | None,
    include_vanished: bool,
) -> list[FileRef]:
    """Files that fit all given conditions, by path."""
    query = select(*COLUMNS).order_by(FILES.c.path)
    if digest is not None:
        query = query.where(FILES.c.digest == digest)
    if path is not None:
        query = query.where(FILES.c.path == os.fsencode(path))
    if kind is not None:
        query = query.where(FILES.c.kind == kind.value)
    if folder is not None:
        query = query.where(under(folder))
    if not include_vanished:
        query = query.where(FILES.c.vanished_at.is_(None))
    return [as_ref(row) for row in connection.execute(query)]


def of_digests(
    connection: Connection, digests: Sequence[Digest], filters: Filters
) -> dict[Digest, list[FileRef]]:
    """Digest → its files that pass the filters, by path."""
    found: dict[Digest, list[FileRef]] = {}
    for start in range(0, len(digests), 500):
        given = {"digests": digests[start : start + 500]}
        for row in connection.execute(_with_digests(filters), given):
            ref = as_ref(row)
            found.setdefault(ref.digest, []).append(ref)
    return found


@lru_cache(maxsize=16)
def _with_digests(filters: Filters) -> Select[Any]:
    """Made once: every search asks."""
    some = FILES.c.digest.in_(bindparam("digests", expanding=True))
    return select(*COLUMNS).where(some, condition(filters)).order_by(FILES.c.path)
