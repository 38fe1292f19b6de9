"""The only door through which applying a plan touches the disk.

`LocalFiles` is the real one. `rehearsal.Rehearsal` wraps it and withholds every change, and tests
wrap it to fail or to be killed at any call. Each method is one step; none overwrites anything, and
`remove_file` takes away only the very file that the caller has seen.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from dataclasses import dataclass
from typing import Protocol

from blake3 import blake3

from mammothbox.organise.copying import copy_metadata
from mammothbox.organise.rename import rename_no_replace
from mammothbox.records import Digest

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stat:
    """What lies under a name, symbolic links not followed.

    Attributes:
        form: ``file``, ``folder``, ``link`` or ``other``.
        size: bytes.
        mtime_ns, atime_ns: nanoseconds since 1970.
        device, inode: together the file's identity on this machine.
    """

    form: str
    size: int
    mtime_ns: int
    atime_ns: int
    device: int
    inode: int

    @property
    def token(self) -> str:
        """The identity as text; a rename keeps it."""
        return f"{self.device}:{self.inode}"


class Files(Protocol):
    """The steps that carry out a plan. All paths are absolute; every method may raise OSError."""

    def stat(self, path: str) -> Stat | None:
        """What lies there; None when nothing does."""

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; empty when it is not there."""

    def digest(self, path: str) -> Digest:
        """BLAKE3 of the bytes."""

    def make_folder(self, path: str) -> None:
        """Raises FileExistsError when something is there."""

    def rename(self, source: str, target: str) -> None:
        """As `rename.rename_no_replace`."""

    def link(self, source: str, target: str) -> None:
        """A second name for the same file; raises FileExistsError when the name is taken."""

    def copy(self, source: str, target: str) -> Digest:
        """A new file with the bytes, permissions, times and attributes; safe on disk on return.

        Returns the digest of the bytes that were read. Raises FileExistsError.
        """

    def remove_file(self, path: str, token: str) -> None:
        """Take the name away if the file there is `token`; raises FileNotFoundError otherwise."""

    def remove_folder(self, path: str) -> None:
        """Only an empty one; raises OSError otherwise."""

    def set_times(self, folder: str, atime_ns: int, mtime_ns: int) -> None:
        """Times of a folder."""

    def sync_folder(self, path: str) -> None:
        """Names in the folder are safe on disk on return, as far as the file system can."""


_FORMS = ((modes.S_ISREG, "file"), (modes.S_ISDIR, "folder"), (modes.S_ISLNK, "link"))


class LocalFiles:
    """The real disk."""

    def stat(self, path: str) -> Stat | None:
        """See `Files.stat`."""
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        form = next((name for test, name in _FORMS if test(found.st_mode)), "other")
        return Stat(
            form, found.st_size, found.st_mtime_ns, found.st_atime_ns, found.st_dev, found.st_ino
        )

    def names(self, folder: str) -> list[str]:
        """See `Files.names`."""
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []

    def digest(self, path: str) -> Digest:
        """See `Files.digest`; the file's pages are dropped from the cache where it can be asked."""
        hasher = blake3()
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb", buffering=0) as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
        return Digest(hasher.hexdigest())

    def make_folder(self, path: str) -> None:
        """See `Files.make_folder`."""
        os.mkdir(path)

    def rename(self, source: str, target: str) -> None:
        """See `Files.rename`."""
        rename_no_replace(source, target)

    def link(self, source: str, target: str) -> None:
        """See `Files.link`."""
        os.link(source, target, follow_symlinks=False)

    def copy(self, source: str, target: str) -> Digest:
        """See `Files.copy`."""
        hasher = blake3()
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
        with open(reading, "rb", buffering=0) as old:
            writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(writing, "wb", buffering=0) as new:
                while chunk := old.read(_CHUNK):
                    hasher.update(chunk)
                    view = memoryview(chunk)
                    while view:
                        view = view[new.write(view) :]
                copy_metadata(reading, writing)
                os.fsync(writing)
                if hasattr(os, "posix_fadvise"):  # so that verifying reads the disk, not memory
                    os.posix_fadvise(writing, 0, 0, os.POSIX_FADV_DONTNEED)
        return Digest(hasher.hexdigest())

    def remove_file(self, path: str, token: str) -> None:
        """See `Files.remove_file`."""
        found = self.stat(path)
        if found is None or found.form != "file" or found.token != token:
            raise FileNotFoundError(errno.ENOENT, "another file has this name now", path)
        os.unlink(path)

    def remove_folder(self, path: str) -> None:
        """See `Files.remove_folder`."""
        os.rmdir(path)

    def set_times(self, folder: str, atime_ns: int, mtime_ns: int) -> None:
        """See `Files.set_times`."""
        os.utime(folder, ns=(atime_ns, mtime_ns), follow_symlinks=False)

    def sync_folder(self, path: str) -> None:
        """See `Files.sync_folder`."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return  # a folder one may write to but not read; the journal settles it after a crash
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)
