"""What owners say of their folders and files: one text a path, among the library's small values.

The deepest path with a text speaks for a file. A content is spoken of where it lies; where nobody
says anything of that place, by what was said of places it has left, so that moving a file takes
nothing from it. Knows nothing of what is made of the texts.

Example:
    say(store, ["/home/ann/2019-norway"], "our trip to Norway")
    assert said(store) == {"/home/ann/2019-norway": "our trip to Norway"}
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, or_, select

from mammothbox.records import Digest, Kind
from mammothbox.store.answers import set_meta
from mammothbox.store.filters import under
from mammothbox.store.schema import FILES, META, RESULTS
from mammothbox.store.session import Session

_KEY = "context:"
_ROOTS_AT_ONCE = 100
"""Like `files`: a shell's ``*.jpg`` may name thousands."""


def said(store: Session) -> dict[str, str]:
    """Path → what its owner said of it, by path."""
    with store.reading() as connection:
        return _said(connection)


def say(store: Session, paths: Sequence[str], text: str) -> bool:
    """Remember `text` for these paths, an empty one takes theirs away; whether that is new."""
    with store.writing("say_context") as connection:
        before = _said(connection)
        fresh = [path for path in paths if before.get(path, "") != text]
        for path in fresh:
            if text:
                set_meta(connection, _key(path), json.dumps([path, text]))
            else:
                connection.execute(delete(META).where(META.c.key == _key(path)))
    return bool(fresh)


def drop(connection: Connection, folder: str) -> None:
    """Forget what was said of `folder` and of all below it."""
    inside = folder.rstrip("/") + "/"
    for path in _said(connection):
        if path == folder or path.startswith(inside):
            connection.execute(delete(META).where(META.c.key == _key(path)))


def spoken_of(
    store: Session, among: Sequence[Digest] | None = None
) -> dict[Digest, tuple[Kind, str]]:
    """Content → its kind and the text that speaks for it; `among`: only these, a few hundred."""
    with store.reading() as connection:
        texts = _said(connection)
        best: dict[str, tuple[bool, int, str]] = {}
        kinds: dict[str, str] = {}
        roots = list(texts)
        for start in range(0, len(roots), _ROOTS_AT_ONCE):
            some = or_(*(under(root) for root in roots[start : start + _ROOTS_AT_ONCE]))
            query = select(FILES.c.digest, FILES.c.kind, FILES.c.path, FILES.c.vanished_at)
            query = query.where(some)
            if among is not None:
                query = query.where(FILES.c.digest.in_(among))
            for digest, kind, path, vanished in connection.execute(query):
                root = _deepest(os.fsdecode(path), texts)
                rank = (vanished is None, root.count("/"), root)
                best[digest] = max(best.get(digest, rank), rank)
                kinds[digest] = kind
    return {
        Digest(digest): (Kind(kinds[digest]), texts[root]) for digest, (_, _, root) in best.items()
    }


def held(
    store: Session, step: str, among: Sequence[Digest] | None = None
) -> dict[Digest, set[tuple[str, str]]]:
    """Content → (model, revision) of its results of `step`, failed ones too."""
    query = select(RESULTS.c.digest, RESULTS.c.model, RESULTS.c.revision)
    query = query.where(RESULTS.c.step == step)
    if among is not None:
        query = query.where(RESULTS.c.digest.in_(among))
    found: dict[Digest, set[tuple[str, str]]] = {}
    with store.reading() as connection:
        for digest, model, revision in connection.execute(query):
            found.setdefault(Digest(digest), set()).add((model, revision))
    return found


def _said(connection: Connection) -> dict[str, str]:
    query = select(META.c.value).where(META.c.key.startswith(_KEY))
    return dict(sorted(json.loads(value) for value in connection.scalars(query)))


def _key(path: str) -> str:
    """A short one: paths may be longer than a key, and need not be text."""
    return _KEY + hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()


def _deepest(path: str, texts: Mapping[str, str]) -> str:
    """The path itself or the nearest folder above it that has a text; there is one."""
    while path not in texts:
        path = posixpath.dirname(path)
    return path
