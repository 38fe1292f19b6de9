"""What a decoding child does to itself before it touches any file: limits it cannot take back.

Memory through RLIMIT_AS (Linux; elsewhere the parent watches the resident size), processor time
through RLIMIT_CPU (the kernel's own backstop should the parent be gone), no core dumps, no SIGINT,
no terminal, and an end when the parent ends. Knows nothing of formats or messages.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
import threading

from mammothbox.decode.limits import Limits

ENFORCES_MEMORY = sys.platform == "linux"
"""Whether RLIMIT_AS holds here; otherwise the parent watches the resident size."""

_PR_SET_PDEATHSIG = 1
_CPU_FACTOR = 8
"""Decoders use several threads; the processor limit is only the backstop behind the parent's."""


def confine(limits: Limits, lifeline: socket.socket, parent: int, written: int = 0) -> None:
    """Take all limits. Called once, after the imports that every file needs.

    Args:
        limits: what to hold.
        lifeline: a socket whose other end only the parent holds; its closing ends this process.
        parent: process id of the parent.
        written: bytes that one file it writes may have; 0 for the spool of a long recording.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _lower(resource.RLIMIT_CORE, 0)
    # A long recording is spooled to a temporary file: 4 bytes a sample, 16,000 samples a second.
    _lower(resource.RLIMIT_FSIZE, written or int(limits.duration_s * 64_000) + 2**26)
    if ENFORCES_MEMORY:
        _lower(resource.RLIMIT_AS, _address_space_bytes() + limits.memory_bytes)
    _die_with_parent(lifeline, parent)


def allow_cpu(limits: Limits) -> None:
    """Grant processor time for one more file; past it the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = used.ru_utime + used.ru_stime + _CPU_FACTOR * limits.allowance_s(limits.duration_s)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(ceiling) + 1
    soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _lower(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # a platform may refuse one of the limits
        resource.setrlimit(which, (value, value))


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _die_with_parent(lifeline: socket.socket, parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def wait_for_end() -> None:
        with contextlib.suppress(OSError):
            lifeline.recv(1)
        os._exit(0)

    threading.Thread(target=wait_for_end, daemon=True, name="lifeline").start()
    if os.getppid() != parent:  # it died before the signal was asked for
        os._exit(0)
