"""The `mammothbox` command.

`main` is the one door; everything behind it is imported late, so that a short answer starts fast.

Example:
    $ mammothbox ingest ~/Pictures
    $ mammothbox search "dog on a beach"
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence

from mammothbox.interfaces.cli import exits

YOUNG = 10_000
"""New objects after which unreachable ones are sought: with Python's usual 700 the imports of a
search took a tenth longer."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code.

    A Ctrl-C counts from the first import on, and no longer once the command has its exit code:
    what was asked is done then, and Python is only putting its things away.

    Args:
        argv: arguments without the program's name; None for the process's own.
    """
    gc.set_threshold(YOUNG)
    try:
        from mammothbox.interfaces.cli.border import run

        code = run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # before there was a border to catch it
        sys.stderr.write("error: stopped\n")
        code = exits.INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # the end of the process need not look through all that was imported
    sys.exit(code)
