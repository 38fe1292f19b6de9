"""Every file below some folders: `os.scandir` and one stat each, nothing is opened.

Works on plain strings, and folder by folder in one tight loop, since a hundred thousand Path
objects or calls cost more than the walk itself. Links are not followed, so a loop is no trouble; a
folder reached twice (by overlapping roots or a bind mount) is walked once. Names that are not
UTF-8 come as surrogate escapes.

Example:
    files = [item.path for item in walk(["/home/ann/Pictures"]) if isinstance(item, Entry)]
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from mammothbox.scan.events import Entry, Excluded, Found, Known, ScanFailure
from mammothbox.scan.rules import (
    HIDDEN,
    IGNORE_FILE,
    Ignore,
    ignored,
    left_alone,
    name_reason,
    package_reason,
    project_reason,
    read_ignore,
)

Walked = Entry | Excluded | ScanFailure
"""What a walk yields."""

NOT_DOWNLOADED = "not downloaded (kept in the cloud)"
"""Reason for a cloud placeholder: reading it would pull it down."""

_DATALESS = 0x40000000  # st_flags of macOS: the content is in the cloud
_HIDDEN = 0x8000  # st_flags of macOS: hidden in Finder
_APPLE = sys.platform == "darwin"
_SPECIAL = {
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
    stat.S_IFLNK: "symbolic link",
}
_by_name = attrgetter("name")


def refused(path: str, error: OSError) -> ScanFailure:
    """The event for a path that the operating system refused."""
    return ScanFailure(path, "Unreadable", f"{path!r} cannot be read: {error.strerror}")


def walk(roots: Sequence[str]) -> Iterator[Walked]:
    """Everything below `roots` (folders or files), each folder's files by name, then its folders.

    Every file comes exactly once: as an `Entry`, or `Excluded` with the reason, or a `ScanFailure`.
    What is below an excluded folder is counted once, with that folder.
    """
    for events in walk_folders(roots, {}):
        for event in events:
            if not isinstance(event, Found):
                yield event


def walk_folders(
    roots: Sequence[str], known: Mapping[str, Known]
) -> Iterator[list[Walked | Found]]:
    """As `walk`, a list for each folder.

    Files whose size and time are those in `known` come as `Found`, unchanged.
    """
    visited: set[tuple[int, int]] = set()
    files: set[str] = set()
    for root in map(os.path.abspath, roots):
        try:
            status = os.stat(root)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk_folder(root, known, visited, files)
            elif root not in files and _identity(os.path.dirname(root)) not in visited:
                files.add(root)
                yield [_remembered(_file(root, os.lstat(root)), known)]
        except OSError as error:
            yield [refused(root, error)]


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _remembered(item: Walked, known: Mapping[str, Known]) -> Walked | Found:
    """`item`, or what the library remembers where nothing there has changed."""
    old = known.get(item.path)
    if old is None:
        return item
    if isinstance(item, Entry):
        same = old.size == item.size and old.mtime_ns == item.mtime_ns
    else:  # it was read while it was here; being away in the cloud changes nothing
        same = isinstance(item, Excluded) and item.reason == NOT_DOWNLOADED
    return Found(item.path, old, "unchanged") if same else item


def _file(path: str, status: os.stat_result) -> Walked:
    """The event for something that is no folder."""
    mode = stat.S_IFMT(status.st_mode)
    if mode != stat.S_IFREG:
        return Excluded(path, _SPECIAL.get(mode, "not a regular file"))
    flags = getattr(status, "st_flags", 0) if _APPLE else 0
    if flags & _DATALESS:
        return Excluded(path, NOT_DOWNLOADED)
    if flags & _HIDDEN:
        return Excluded(path, HIDDEN)
    return Entry(path, status.st_size, status.st_mtime_ns)


def _walk_folder(
    root: str, known: Mapping[str, Known], visited: set[tuple[int, int]], files: set[str]
) -> Iterator[list[Walked | Found]]:
    """One root and what is below it; a stack instead of recursion, so depth costs nothing."""
    stack: list[tuple[str, tuple[Ignore, ...]]] = [(root, ())]
    while stack:
        folder, ignores = stack.pop()
        try:
            identity = _identity(folder)
            if identity in visited:
                continue
            with os.scandir(folder) as found:
                entries = sorted(found, key=_by_name)
            lowered = [entry.name.lower() for entry in entries]
            if folder != root and (reason := project_reason(lowered)):
                yield [Excluded(folder, reason)]
                continue
            visited.add(identity)
            if IGNORE_FILE in lowered:
                own = read_ignore(folder)
                ignores = (*ignores, own) if own else ignores
        except OSError as error:
            yield [refused(folder, error)]
            continue
        folders: list[str] = []
        events = _entries(entries, left_alone(lowered), ignores, known, folders)
        yield [event for event in events if event.path not in files] if files else events
        stack += [(path, ignores) for path in reversed(folders)]


def _entries(
    entries: list[os.DirEntry[str]],
    alone: frozenset[str],
    ignores: tuple[Ignore, ...],
    known: Mapping[str, Known],
    folders: list[str],
) -> list[Walked | Found]:
    """Events for one folder's files; the folders to go into are added to `folders`."""
    events: list[Walked | Found] = []
    add, remember, make, apple = events.append, known.get, tuple.__new__, _APPLE
    for entry in entries:
        name, path = entry.name, entry.path
        try:
            if name[0] == "." or (alone and name.lower() in alone):
                add(Excluded(path, name_reason(name)))
            elif ignores and ignored(ignores, path, entry.is_dir(follow_symlinks=False)):
                add(Excluded(path, IGNORE_FILE))
            elif entry.is_file(follow_symlinks=False) and not apple:
                status = entry.stat(follow_symlinks=False)
                size, mtime_ns = status.st_size, status.st_mtime_ns
                old = remember(path)
                if old is not None and old[0] == size and old[1] == mtime_ns:
                    add(make(Found, (path, old, "unchanged")))
                else:
                    add(make(Entry, (path, size, mtime_ns)))
            elif not entry.is_dir(follow_symlinks=False):
                add(_remembered(_file(path, entry.stat(follow_symlinks=False)), known))
            elif reason := package_reason(name):
                add(Excluded(path, reason))
            else:
                folders.append(path)
        except OSError as error:
            add(refused(path, error))
    return events
