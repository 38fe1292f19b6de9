"""Which paths are accounted for after a scan, so that the others can be marked as vanished.

A folder that could not be read hides its files, and a file that could not be read is there all the
same: both count as seen.

Example:
    seen = Seen()
    for event in scan(roots, known):
        seen.add(event)
    store.sweep(root, seen)
"""

from __future__ import annotations

import os

from mammothbox.scan.events import Found, ScanEvent, ScanFailure
from mammothbox.scan.walk import NOT_DOWNLOADED


class Seen:
    """A container of paths: `path in seen` holds for what was found, and for what was hidden."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._closed: set[str] = set()

    def add(self, event: ScanEvent) -> None:
        """Take note of one event of a scan."""
        if type(event) is Found:
            self._paths.add(event.path)
        elif isinstance(event, ScanFailure):
            if os.path.lexists(event.path):
                self._closed.add(event.path)
        elif not isinstance(event, Found) and event.reason == NOT_DOWNLOADED:
            self._paths.add(event.path)

    def __contains__(self, path: object) -> bool:
        if path in self._paths:
            return True
        if not self._closed or not isinstance(path, str):
            return False
        while path not in self._closed:
            above = os.path.dirname(path)
            if above == path:
                return False
            path = above
        return True

    def __len__(self) -> int:
        return len(self._paths)
