"""What the command's exit codes mean; the help texts and the documentation print this table."""

from __future__ import annotations

from collections.abc import Mapping

OK = 0
BUG = 1
USAGE = 2
SOME_FAILED = 3
MODEL = 4
LIBRARY = 5
MOVE = 6
POSTPONED = 7
INTERRUPTED = 130

MEANING: Mapping[int, str] = {
    OK: "done",
    BUG: "something unexpected: a bug; -vv shows where",
    USAGE: "the request cannot be carried out as asked",
    SOME_FAILED: "finished, but some files failed (see: mammothbox failed)",
    MODEL: "a model is missing, does not fit, or misbehaves",
    LIBRARY: "the library is locked, unfit, or from a newer version",
    MOVE: "a planned move was refused",
    POSTPONED: "finished, but a service was away; the next run does what waits for it",
    INTERRUPTED: "interrupted; the next run goes on from there",
}
"""Exit code → what it says. The codes of errors are those of `mammothbox.errors`."""
