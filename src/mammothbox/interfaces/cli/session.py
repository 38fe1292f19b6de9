"""What one invocation of the command was asked in common: which library, how loud, JSON or text.

Options fill a `Session` wherever they stand on the line; commands read it, and open the library
through it. It knows nothing of what the commands do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mammothbox.interfaces.cli.holding import held
from mammothbox.settings import Settings, load_settings, parse_bytes

if TYPE_CHECKING:
    from mammothbox.library import Library


@dataclass(slots=True)
class Session:
    """The common options of one invocation.

    Attributes:
        library: directory of the library; None for the setting.
        profile: ``lite`` or ``full``; None for the setting.
        memory: ceiling as written, e.g. ``4GB``; None for the setting.
        json: answers go to standard output as JSON.
        quiet: no progress and no remarks.
        verbose: 0, 1 (a line for each file), 2 (tracebacks too).
    """

    library: str | None = None
    profile: str | None = None
    memory: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0

    @property
    def debug(self) -> bool:
        """Whether a bug shows its traceback."""
        return self.verbose > 1 or bool(os.environ.get("MAMMOTHBOX_DEBUG"))

    def settings(self, *, describe: str | None = None) -> Settings:
        """The settings of this invocation: options first, then environment, file and defaults.

        Raises:
            UsageError: an option or a variable has a value that is not allowed.
        """
        from pathlib import Path

        return load_settings(
            library=Path(self.library).expanduser().absolute() if self.library else None,
            profile=self.profile,
            memory_bytes=parse_bytes(self.memory) if self.memory else None,
            describe=describe,
        )

    @contextmanager
    def open(
        self, *, write: bool = False, describe: str | None = None, query: bool = False
    ) -> Iterator[Library]:
        """The library, as a context manager; a Ctrl-C while it closes waits until it is closed.

        Args:
            write: hold its lock and make changes.
            describe: what the writer sees; None for the setting.
            query: a query will follow, so its model starts while the rest is imported.

        Raises:
            LibraryError: it cannot be used, or somebody else is writing to it.
        """
        settings = self.settings(describe=describe)
        models = None
        if query and (settings.database_url or settings.library.is_dir()):
            from mammothbox.model_admin import start_early

            models = start_early(settings)
        from mammothbox.library import Library

        library = Library.open(settings, write=write, models=models)
        try:
            yield library
        finally:
            with held():
                library.close()
