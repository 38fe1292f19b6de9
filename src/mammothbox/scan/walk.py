"""Every file below some folders: `os.scandir` and one stat each, nothing is opened.

Works on plain strings, since a hundred thousand Path objects cost more than the walk itself. Links
are not followed, so a loop is no trouble; a folder reached twice (by overlapping roots or a bind
mount) is walked once. Names that are not UTF-8 come as surrogate escapes.

Example:
    files = [item.path for item in walk(["/home/ann/Pictures"]) if isinstance(item, Entry)]
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence

from mammothbox.scan.events import Entry, Excluded, ScanFailure
from mammothbox.scan.rules import (
    IGNORE_FILE,
    Ignore,
    ignored,
    name_reason,
    package_reason,
    project_reason,
    read_ignore,
)

_DATALESS = 0x40000000  # st_flags of macOS: the content is in the cloud, reading would fetch it
_HIDDEN = 0x8000  # st_flags of macOS: hidden in Finder

Walked = Entry | Excluded | ScanFailure
"""What a walk yields."""

_SPECIAL = {
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
    stat.S_IFLNK: "symbolic link",
}


def refused(path: str, error: OSError) -> ScanFailure:
    """The event for a path that the operating system refused."""
    return ScanFailure(path, "Unreadable", f"{path!r} cannot be read: {error.strerror}")


def walk(roots: Sequence[str]) -> Iterator[Walked]:
    """Everything below `roots` (folders or files), each folder's files by name, then its folders.

    Every file comes exactly once: as an `Entry`, or `Excluded` with the reason, or a `ScanFailure`.
    What is below an excluded folder is counted once, with that folder.
    """
    visited: set[tuple[int, int]] = set()
    seen_files: set[str] = set()
    for root in map(os.path.abspath, roots):
        try:
            status = os.stat(root)
        except OSError as error:
            yield refused(root, error)
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _walk_folder(root, (), visited, is_root=True)
        elif root not in seen_files:
            seen_files.add(root)
            yield _file(root, os.lstat(root))


def _file(path: str, status: os.stat_result) -> Walked:
    """The event for something that is no folder."""
    mode = stat.S_IFMT(status.st_mode)
    if mode != stat.S_IFREG:
        return Excluded(path, _SPECIAL.get(mode, "not a regular file"))
    if sys.platform == "darwin":
        flags = status.st_flags
        if flags & _DATALESS:
            return Excluded(path, NOT_DOWNLOADED)
        if flags & _HIDDEN:
            return Excluded(path, "hidden")
    return Entry(path, status.st_size, status.st_mtime_ns)


NOT_DOWNLOADED = "not downloaded (kept in the cloud)"
"""Reason for a cloud placeholder: reading it would pull it down."""


def _walk_folder(
    folder: str, above: tuple[Ignore, ...], visited: set[tuple[int, int]], *, is_root: bool
) -> Iterator[Walked]:
    """One folder and what is below it; a stack instead of recursion, so depth costs nothing."""
    stack = [(folder, above, is_root)]
    while stack:
        folder, ignores, is_root = stack.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            names = [entry.name for entry in entries]
            if not is_root and (reason := project_reason(names)):
                yield Excluded(folder, reason)
                continue
            if IGNORE_FILE in names:
                own = read_ignore(folder)
                ignores = (*ignores, own) if own else ignores
        except OSError as error:
            yield refused(folder, error)
            continue
        folders: list[str] = []
        yield from _walk_entries(entries, ignores, folders)
        stack += [(path, ignores, False) for path in reversed(folders)]


def _walk_entries(
    entries: list[os.DirEntry[str]], ignores: tuple[Ignore, ...], folders: list[str]
) -> Iterator[Walked]:
    """Events for the files of one folder; folders to go into are added to `folders`."""
    apple = sys.platform == "darwin"
    for entry in entries:
        path = entry.path
        reason = name_reason(entry.name)
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not reason and is_folder:
                reason = package_reason(entry.name)
            if not reason and ignores and ignored(ignores, path, is_folder):
                reason = IGNORE_FILE
            if reason:
                yield Excluded(path, reason)
            elif is_folder:
                folders.append(path)
            elif apple or not entry.is_file(follow_symlinks=False):
                yield _file(path, entry.stat(follow_symlinks=False))
            else:
                status = entry.stat(follow_symlinks=False)
                yield Entry(path, status.st_size, status.st_mtime_ns)
        except OSError as error:
            yield refused(path, error)
