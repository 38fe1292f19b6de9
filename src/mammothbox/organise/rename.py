"""Rename that never overwrites, as one atomic step of the operating system.

Linux has `renameat2(RENAME_NOREPLACE)`, macOS `renamex_np(RENAME_EXCL)`. A file system that knows
neither answers `NoSafeRenameError`; the caller then makes a second name and takes the first away.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Callable

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_SYS_RENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347}
_NOT_KNOWN = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class NoSafeRenameError(OSError):
    """This file system, or this system, has no rename that refuses to overwrite."""


def _linux() -> Callable[[bytes, bytes], int] | None:
    libc = ctypes.CDLL(None, use_errno=True)
    known = getattr(libc, "renameat2", None)
    if known is not None:
        return lambda a, b: int(known(_AT_FDCWD, a, _AT_FDCWD, b, _RENAME_NOREPLACE))
    number = _SYS_RENAMEAT2.get(platform.machine())
    if number is None:
        return None
    return lambda a, b: int(libc.syscall(number, _AT_FDCWD, a, _AT_FDCWD, b, _RENAME_NOREPLACE))


def _macos() -> Callable[[bytes, bytes], int] | None:
    known = getattr(ctypes.CDLL(None, use_errno=True), "renamex_np", None)
    return None if known is None else lambda a, b: int(known(a, b, _RENAME_EXCL))


def rename_no_replace(source: str, target: str) -> None:
    """Give `source` the name `target` within one volume, unless something has that name.

    Raises:
        FileExistsError: the name is taken.
        NoSafeRenameError: no such rename here.
        OSError: EXDEV across volumes, and whatever else the system refuses.
    """
    call = _linux() if sys.platform.startswith("linux") else _macos()
    if call is None:
        raise NoSafeRenameError(errno.ENOSYS, "no atomic rename without overwriting", target)
    ctypes.set_errno(0)
    if call(os.fsencode(source), os.fsencode(target)) == 0:
        return
    number = ctypes.get_errno()
    if number in _NOT_KNOWN:
        raise NoSafeRenameError(number, os.strerror(number), target)
    raise OSError(number, os.strerror(number), source, None, target)
