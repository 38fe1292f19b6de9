"""Pictures of a directory tree, to compare before and after."""

import os
from pathlib import Path

MESS = {"a.jpg": b"dog", "b.jpg": b"cat", "deep/c.pdf": b"bill", "deep/d.txt": b"note"}
"""A small mess that most tests arrange."""


def picture(root: Path, times: bool = True) -> dict[str, tuple]:
    """Every name below `root` (and "." itself): form, mode, mtime, bytes, links."""
    found = {".": _look(root, times)}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder) / name
            found[os.path.relpath(path, root)] = _look(path, times)
    return found


def _look(path: Path, times: bool) -> tuple:
    stat = path.lstat()
    mtime = stat.st_mtime_ns if times else 0
    if path.is_symlink():
        return ("link", os.readlink(path), mtime)
    if path.is_dir():
        return ("folder", stat.st_mode, mtime)
    return ("file", stat.st_mode, mtime, path.read_bytes(), stat.st_nlink)


def names(root: Path) -> list[str]:
    """The paths of all files below `root`, sorted."""
    return sorted(path for path, look in picture(root).items() if look[0] == "file")


def contents(root: Path) -> list[bytes]:
    """The bytes of every file below `root`, sorted."""
    return sorted(p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.is_symlink())


def plant(root: Path, files: dict[str, bytes], age: int = 1_600_000_000) -> None:
    """Make files, then give every file and folder an old time of its own."""
    root.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for number, path in enumerate(sorted(root.rglob("*"), reverse=True)):
        os.utime(path, ns=(age * 10**9 + number, age * 10**9 + number * 1001 + 7))
    os.utime(root, ns=(age * 10**9, age * 10**9 + 3))
