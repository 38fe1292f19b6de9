"""Whether a directory may hold a library, and who may write to it.

SQLite's write-ahead log needs shared memory and honest locks, which network file systems do not
give, so such a directory is refused. One process writes to a library at a time: the holder of an
exclusive `flock` on the file ``lock``, which also says who that is. The kernel frees the lock when
the holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from mammothbox.errors import LibraryLocked, LibraryUnfit

NETWORK_TYPES = frozenset(
    {"9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "davfs2", "gfs2"}
    | {"glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3"}
    | {"smbfs", "vboxsf", "virtiofs", "webdav", "fuse.cephfs", "fuse.davfs", "fuse.gcsfuse"}
    | {"fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs"}
)
"""File system types, as the mount table spells them, that other machines may share."""

LOCK_NAME = "lock"
"""The lock file inside the library's directory."""


def _unescape(field: str) -> str:
    """A path from /proc/mounts, where blanks are written as octal escapes."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def mounts() -> list[tuple[str, str]]:
    """(mount point, file system type) of everything mounted; empty when it cannot be learnt."""
    try:
        lines = Path("/proc/mounts").read_text(errors="surrogateescape").splitlines()
        return [(_unescape(parts[1]), parts[2]) for parts in map(str.split, lines)]
    except OSError:
        pass
    try:
        shown = subprocess.run(
            ["mount"], capture_output=True, timeout=10, check=True, text=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    table = []
    for line in shown.splitlines():  # "/dev/disk1 on /Volumes/x (apfs, local, journaled)"
        point, _, options = line.partition(" on ")[2].rpartition(" (")
        table.append((point, options.split(",")[0].rstrip(")")))
    return table


def file_system(directory: Path, table: list[tuple[str, str]] | None = None) -> str:
    """Type of the file system `directory` lies on, e.g. ``ext4``; empty when unknown."""
    path = os.path.realpath(directory)
    best, kind = "", ""
    for point, name in mounts() if table is None else table:
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind


def check_fit(directory: Path, table: list[tuple[str, str]] | None = None) -> None:
    """Make sure a library can live here.

    Raises:
        LibraryUnfit: on a network file system, or not writable.
    """
    kind = file_system(directory, table)
    if kind.lower() in NETWORK_TYPES:
        raise LibraryUnfit(
            f"{directory} is on a network file system ({kind}), where a database can be damaged;"
            " choose a local directory with --library DIR or MAMMOTHBOX_LIBRARY"
        )
    if not os.access(directory, os.W_OK | os.X_OK):
        raise LibraryUnfit(f"{directory} is not writable; choose another with --library DIR")


def make_directory(directory: Path) -> None:
    """Make a library's directory, for its owner alone, where it is not there.

    Raises:
        LibraryUnfit: it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnfit(f"{directory} cannot be made: {error.strerror}") from error


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 500, 0).decode("utf-8", "replace").strip()
    pid, _, command = text.partition(" ")
    return f"process {pid} ({command})" if pid else "another process"


class WriterLock:
    """The right to write to one library, held until `release` or the end of the process.

    Raises:
        LibraryLocked: somebody else holds it; the message says who.
    """

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(
            directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._descriptor)
            os.close(self._descriptor)
            raise LibraryLocked(
                f"{directory} is being written by {holder}; wait for it to end, or stop it"
            ) from error
        command = " ".join(Path(part).name if i == 0 else part for i, part in enumerate(sys.argv))
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {command[:300]}\n".encode(errors="replace"), 0)

    def release(self) -> None:
        """Let others write. Harmless when called again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
