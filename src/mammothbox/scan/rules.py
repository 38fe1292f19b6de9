"""What a scan leaves alone, and the reason it gives.

Hidden and system files, packages and project folders (their parts depend on one another's places),
and whatever a `.mammothignore` file names, in the syntax of `.gitignore`. Folders that a person
asks for by name are looked into whatever they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".mammothignore"

SYSTEM_NAMES = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "#recycle", "@recycle"}
    | {"lost+found", "$recycle.bin", "recycler", "system volume information", "__macosx"}
    | {"ntuser.dat", "pagefile.sys", "hiberfil.sys", "swapfile.sys", "$windows.~bt"}
)
"""Names, in lower case, that operating systems and network stores leave behind."""

PROJECT_FILES = frozenset(
    {".git", ".hg", ".svn", ".bzr", "package.json", "pyproject.toml", "setup.py", "cargo.toml"}
    | {"go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "cmakelists.txt", "gemfile"}
    | {"composer.json", "mix.exs", "pubspec.yaml", "project.godot", "projectsettings", "stack.yaml"}
)
"""Names, in lower case, that make the folder around them a project."""

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


@lru_cache(maxsize=4096)
def _system(name: str) -> bool:
    return name.lower() in SYSTEM_NAMES


def name_reason(name: str) -> str:
    """Why a file or folder of this name is left alone; empty if it is not."""
    if name[0] == ".":
        return "hidden"
    if name[0] in "tTeEdDiI@#lL$rRsS_nNpPhH" and len(name) < 26 and _system(name):
        return "system file"
    return ""


def package_reason(name: str) -> str:
    """Why a folder of this name is left alone as a whole; empty if it is not."""
    suffix = _suffix(name)
    return f"package (.{suffix})" if suffix in PACKAGE_SUFFIXES else ""


def project_reason(names: Iterable[str]) -> str:
    """Why a folder that holds these names is a project to be left alone; empty if it is none."""
    for name in names:
        if name.lower() in PROJECT_FILES or _suffix(name) in PROJECT_SUFFIXES:
            return f"project folder ({name})"
    return ""


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
