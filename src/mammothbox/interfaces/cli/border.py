"""The border between errors and people: every error becomes one line and an exit code.

Nothing below raises `SystemExit` or prints a traceback. Errors of MammothBox bring their own exit
code; click's are usage errors; anything else is a bug, and says so.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from mammothbox.errors import Interrupted, MammothboxError
from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit_error
from mammothbox.interfaces.cli.app import app
from mammothbox.interfaces.cli.session import Session


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv` and return its exit code; errors go to standard error."""
    session = Session(json="--json" in argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        answer = app.main(list(argv), prog_name="mammothbox", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return exits.OK
    except Exception as error:  # the one border: whatever it was, a person reads one line
        if session.debug:
            traceback.print_exc()
        return _report(error, session)
    except KeyboardInterrupt:
        return _report(Interrupted("stopped; what was finished is kept"), session)
    return answer if isinstance(answer, int) else exits.OK


def _report(error: Exception, session: Session) -> int:
    """Print what went wrong; the exit code."""
    if isinstance(error, MammothboxError):
        message, _, hint = str(error).partition("; ")
        emit_error(error.reason, message, hint, as_json=session.json)
        return error.exit_code
    if isinstance(error, click.Abort):  # click's word for Ctrl-C, and for "no" at a question
        emit_error("Interrupted", "stopped", "what was finished is kept", as_json=session.json)
        return exits.INTERRUPTED
    if isinstance(error, click.ClickException):
        emit_error("UsageError", error.format_message(), _help(error), as_json=session.json)
        return exits.USAGE
    what = f"unexpected {type(error).__name__}: {error}"
    hint = "this is a bug; the same command with -vv shows where"
    emit_error(type(error).__name__, what, hint, as_json=session.json)
    return exits.BUG


def _help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"try: {context.command_path} --help" if context else "try: mammothbox --help"
