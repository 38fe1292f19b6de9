"""What a scan leaves alone, and the reason it gives.

Hidden and system files, packages and project folders (their parts depend on one another's places),
and whatever a `.mammothignore` file names, in the syntax of `.gitignore`. Folders that a person
asks for by name are looked into whatever they are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".mammothignore"
HIDDEN = "hidden"
SYSTEM = "system file"
SIDECAR = "sidecar"

SYSTEM_NAMES = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "#recycle", "@recycle"}
    | {"lost+found", "$recycle.bin", "recycler", "system volume information", "__macosx"}
    | {"ntuser.dat", "pagefile.sys", "hiberfil.sys", "swapfile.sys", "$windows.~bt"}
)
"""Names, in lower case, that operating systems and network stores leave behind."""

SIDECAR_SUFFIXES = frozenset({"xmp", "aae"})
"""Extensions of files that only say something about the file beside them."""

PROJECT_FILES = frozenset(
    {".git", ".hg", ".svn", ".bzr", "package.json", "pyproject.toml", "setup.py", "cargo.toml"}
    | {"go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "cmakelists.txt", "gemfile"}
    | {"composer.json", "mix.exs", "pubspec.yaml", "project.godot", "projectsettings", "stack.yaml"}
)
"""Names, in lower case, that make the folder around them a project."""

LIBRARY_FILE = "library.sqlite3"
"""The database that makes a folder a library of this program, whose parts describe other files."""

PROJECT_SUFFIXES = frozenset(
    {"xcodeproj", "xcworkspace", "unity", "uproject", "sln", "csproj", "vcxproj", "fsproj"}
)
"""Extensions that make the folder around them a project."""

PACKAGE_SUFFIXES = frozenset(
    {"app", "bundle", "framework", "photoslibrary", "aplibrary", "migratedphotolibrary", "lrdata"}
    | {"fcpbundle", "imovielibrary", "theater", "tvlibrary", "musiclibrary", "logicx", "band"}
    | {"xcodeproj", "xcworkspace", "sparsebundle", "backupdb", "rtfd", "pkg"}
)
"""Extensions of folders that a program owns and shows as one file."""


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def left_alone(lowered: Sequence[str]) -> frozenset[str]:
    """Those of some lower-case names that are system files or sidecars."""
    found = SYSTEM_NAMES.intersection(lowered)
    joined = "/".join(lowered)  # a hundred thousand names are searched faster as one string
    if any(f".{suffix}" in joined for suffix in SIDECAR_SUFFIXES):
        found |= {name for name in lowered if _suffix(name) in SIDECAR_SUFFIXES}
    return found


def name_reason(name: str) -> str:
    """Why a file or folder of this name is left alone; empty if it is not."""
    if name.startswith("."):
        return HIDDEN
    if name.lower() in SYSTEM_NAMES:
        return SYSTEM
    return SIDECAR if _suffix(name) in SIDECAR_SUFFIXES else ""


def package_reason(name: str) -> str:
    """Why a folder of this name is left alone as a whole; empty if it is not."""
    suffix = _suffix(name)
    return f"package (.{suffix})" if suffix in PACKAGE_SUFFIXES else ""


def project_reason(lowered: Sequence[str]) -> str:
    """Why a folder that holds these names (in lower case) is a project; empty if it is none.

    A library of this program counts as one: taken in, it would describe itself.
    """
    if LIBRARY_FILE in lowered:
        return "a MammothBox library"
    marks = PROJECT_FILES.intersection(lowered)
    joined = "/".join(lowered)  # a hundred thousand names are searched faster as one string
    if not marks and any(f".{suffix}" in joined for suffix in PROJECT_SUFFIXES):
        marks = frozenset(name for name in lowered if _suffix(name) in PROJECT_SUFFIXES)
    return f"project folder ({min(marks)})" if marks else ""


class Ignore(NamedTuple):
    """The patterns of one `.mammothignore`, and the folder they are relative to."""

    folder: str
    spec: GitIgnoreSpec

    def decides(self, path: str, is_folder: bool) -> bool | None:
        """True: left alone; False: taken in again by a ``!`` pattern; None: nothing said."""
        relative = os.path.relpath(path, self.folder)
        return self.spec.check_file(relative + "/" if is_folder else relative).include


def read_ignore(folder: str) -> Ignore | None:
    """The patterns of the `.mammothignore` in `folder`, or None where there are none.

    Raises:
        OSError: it is there and cannot be read.
    """
    from pathspec import GitIgnoreSpec

    with open(
        os.path.join(folder, IGNORE_FILE), encoding="utf-8", errors="surrogateescape"
    ) as file:
        lines = file.read(1 << 20).splitlines()
    spec = GitIgnoreSpec.from_lines(lines)
    return Ignore(folder, spec) if len(spec) else None


def ignored(ignores: tuple[Ignore, ...], path: str, is_folder: bool) -> bool:
    """Whether the nearest `.mammothignore` that says something about `path` leaves it out."""
    for ignore in reversed(ignores):
        verdict = ignore.decides(path, is_folder)
        if verdict is not None:
            return verdict
    return False
