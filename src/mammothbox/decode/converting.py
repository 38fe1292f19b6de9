"""The parent's side of a conversion: one confined child a recording, ended when it takes too long.

Knows nothing of formats or of where previews are kept.
"""

from __future__ import annotations

import json
import os
import posixpath
import socket
import subprocess
import sys
from collections.abc import Callable

from mammothbox.decode.limits import Limits
from mammothbox.decode.worker import child_environment
from mammothbox.errors import DecodeCrash, DecodeTimeout, InputError

LEAST_S = 300.0
"""Seconds a conversion may always take; longer recordings get their own duration besides."""

_LEAVES: dict[str, Callable[[str], InputError]] = {
    leaf.__name__: leaf for leaf in InputError.__subclasses__()
}


def convert_recording(
    path: str, mime: str, target: str, limits: Limits, duration_s: float = 0.0
) -> None:
    """Write the recording at `path` to `target` as MP4 that browsers play.

    Args:
        path: the file, opened for reading only.
        mime: its media type.
        target: a path that nothing else uses.
        limits: what the child must hold.
        duration_s: how long it is, if that is known; it may take as long besides `LEAST_S`.

    Raises:
        InputError: one of its leaves.
    """
    name = posixpath.basename(path)
    lifeline, theirs = socket.socketpair()
    with lifeline, theirs:
        arguments = [str(theirs.fileno()), str(os.getpid()), limits.to_json(), mime, path, target]
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "mammothbox.decode.convert_child", *arguments],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                env=child_environment(),
                start_new_session=True,
                timeout=LEAST_S + duration_s,
            )
        except subprocess.TimeoutExpired as error:
            raise DecodeTimeout(f"{name}: converting took longer than its time limit") from error
    _judge(done, name)


def _judge(done: subprocess.CompletedProcess[bytes], name: str) -> None:
    told = done.stdout.decode("utf-8", "replace").strip()
    if told:
        try:
            said = json.loads(told.splitlines()[-1])
            leaf, message = _LEAVES[said["error"]], str(said["message"])
        except (ValueError, KeyError, TypeError) as error:
            raise DecodeCrash(f"{name}: the converter broke the protocol") from error
        raise leaf(message if message.startswith(name) else f"{name}: {message}")
    if done.returncode:
        raise DecodeCrash(f"{name}: the converter ended with status {done.returncode}")
