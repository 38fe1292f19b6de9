"""The `mammothbox` command.

`main` is the one door; everything behind it is imported late, so that a short answer starts fast.

Example:
    $ mammothbox ingest ~/Pictures
    $ mammothbox search "dog on a beach"
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code.

    Args:
        argv: arguments without the program's name; None for the process's own.
    """
    from mammothbox.interfaces.cli.border import run

    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))
