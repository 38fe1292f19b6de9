"""Permissions, owner, times and extended attributes of a copied file.

What the target's file system cannot hold and a person may have put there (tags in extended
attributes) is an error, since the original goes away after a move.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys

_COPYFILE_ACL_STAT_XATTR = 0b111


def copy_metadata(source: int, target: int) -> None:
    """Give open file `target` the permissions, owner, times and attributes of open file `source`.

    Raises:
        OSError: the target's file system cannot hold an attribute of the user.
    """
    found = os.fstat(source)
    if hasattr(os, "fchown") and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.fchown(target, found.st_uid, found.st_gid)
    if sys.platform == "darwin":
        _copy_metadata_macos(source, target)
    else:
        _copy_attributes(source, target)
    with contextlib.suppress(PermissionError):  # file systems without permissions
        os.fchmod(target, found.st_mode & 0o7777)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_attributes(source: int, target: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENODATA):
            return
        raise
    for name in names:
        if name.startswith("user."):
            os.setxattr(target, name, os.getxattr(source, name))
        else:  # the system's own: kept where allowed
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def _copy_metadata_macos(source: int, target: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fcopyfile(source, target, None, _COPYFILE_ACL_STAT_XATTR) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
