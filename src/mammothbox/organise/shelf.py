"""Plans kept as files beside a library, for those who edit them piece by piece.

The files are the same that a person edits with an editor (see `planfile`). Knows nothing of how a
plan is made or carried out.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from mammothbox.errors import NotFound
from mammothbox.organise.plan import Plan
from mammothbox.organise.planfile import dump, parse


class Shelf:
    """The plans in one folder, each named by 12 hexadecimal digits. For several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[str, tuple[int, Plan]] = {}

    def add(self, plan: Plan) -> str:
        """Keep a plan; returns its name."""
        name = secrets.token_hex(6)
        with self._lock:
            self._write(name, plan)
        return name

    def get(self, name: str) -> Plan:
        """The plan of this name.

        Raises:
            NotFound: there is none.
            UsageError: its file was damaged by an editor.
        """
        path = self._path(name)
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(name)
            if known is None or known[0] != changed:
                text = path.read_text(encoding="utf-8", errors="surrogateescape")
                known = self._read[name] = (changed, parse(text))
        except FileNotFoundError:
            raise NotFound(f"there is no plan {name!r}") from None
        return known[1]

    def change(self, name: str, edit: Callable[[Plan], Plan]) -> Plan:
        """Replace a plan by what `edit` makes of it.

        Raises:
            NotFound: there is none of this name.
        """
        with self._lock:
            plan = edit(self.get(name))
            self._write(name, plan)
            return plan

    def remove(self, name: str) -> None:
        """Throw a plan away; harmless where there is none."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """All names, newest first."""
        found = sorted(self._folder.glob("*.yaml"), key=lambda path: -path.stat().st_mtime_ns)
        return [path.stem for path in found]

    def _path(self, name: str) -> Path:
        if not re.fullmatch("[0-9a-f]{12}", name):
            raise NotFound(f"{name[:40]!r} is no name of a plan")
        return self._folder / f"{name}.yaml"

    def _write(self, name: str, plan: Plan) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(name)
        fresh = path.with_suffix(".new")
        fresh.write_text(dump(plan), encoding="utf-8", errors="surrogateescape")
        os.replace(fresh, path)
        self._read[name] = (path.stat().st_mtime_ns, plan)
