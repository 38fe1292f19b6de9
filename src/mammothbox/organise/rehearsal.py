"""The disk as it would be: every change is remembered and none is made (dry run).

Reads the real disk through a port and lays the changes over it, so that a rehearsed run refuses
what the real one would refuse.
"""

from __future__ import annotations

import errno
import os
import posixpath

from mammothbox.organise.port import Files, Stat
from mammothbox.records import Digest


class Rehearsal:
    """A port that withholds the last step; see `port.Files` for each method."""

    def __init__(self, files: Files) -> None:
        self._real = files
        self._over: dict[str, tuple[Stat, str] | None] = {}  # path -> (what, real path), or gone
        self._made = 0

    def _find(self, path: str) -> tuple[Stat, str] | None:
        if path in self._over:
            return self._over[path]
        found = self._real.stat(path)
        return None if found is None else (found, path)

    def _need(self, path: str) -> tuple[Stat, str]:
        found = self._find(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return found

    def _need_free(self, path: str) -> None:
        if self._find(path) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._need(posixpath.dirname(path))

    def stat(self, path: str) -> Stat | None:
        """What would lie there."""
        found = self._find(path)
        return found[0] if found else None

    def names(self, folder: str) -> list[str]:
        """Names that would be there."""
        names = set(self._real.names(folder))
        for path, found in self._over.items():
            if posixpath.dirname(path) == folder:
                (names.discard if found is None else names.add)(posixpath.basename(path))
        return sorted(names)

    def digest(self, path: str) -> Digest:
        """Digest of the bytes that would be there."""
        return self._real.digest(self._need(path)[1])

    def make_folder(self, path: str) -> None:
        """Remember a folder."""
        self._need_free(path)
        self._made += 1
        self._over[path] = (Stat("folder", 0, 0, 0, -1, self._made), path)

    def rename(self, source: str, target: str) -> None:
        """Remember a new name; volumes are not told apart."""
        self._need_free(target)
        self._over[target] = self._need(source)
        self._over[source] = None

    def link(self, source: str, target: str) -> None:
        """Remember a second name."""
        self._need_free(target)
        self._over[target] = self._need(source)

    def copy(self, source: str, target: str) -> Digest:
        """Remember a copy."""
        self._need_free(target)
        found, real = self._need(source)
        self._made += 1
        copied = Stat(found.form, found.size, found.mtime_ns, found.atime_ns, -1, self._made)
        self._over[target] = (copied, real)
        return self._real.digest(real)

    def remove_file(self, path: str, token: str) -> None:
        """Remember that a name is gone."""
        if self._need(path)[0].token != token:
            raise FileNotFoundError(errno.ENOENT, "another file has this name now", path)
        self._over[path] = None

    def remove_folder(self, path: str) -> None:
        """Remember that a folder is gone."""
        if self.names(path):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)
        self._need(path)
        self._over[path] = None

    def set_times(self, folder: str, atime_ns: int, mtime_ns: int) -> None:
        """Nothing to remember."""

    def sync_folder(self, path: str) -> None:
        """Nothing to make safe."""
