"""The parent's side of one decoding child: start it, ask it, and end it when it misbehaves.

One worker serves one thread at a time. It enforces the clock and, where the system does not hold
RLIMIT_AS, the memory. Knows nothing of formats; `pool.Decoder` owns the workers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import posixpath
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mammothbox
from mammothbox.decode import wire
from mammothbox.decode.confine import ENFORCES_MEMORY
from mammothbox.decode.glance import Glance
from mammothbox.decode.limits import Limits
from mammothbox.decode.parcel import unpack
from mammothbox.errors import DecodeCrash, DecodeTimeout, InputError
from mammothbox.records import Content, Kind

_START_S = 60.0
"""Seconds a child may take to import its libraries on a busy machine."""

_TICK_S = 0.1
"""How often the resident size is looked at where the parent watches it."""

_BUFFER = 1 << 20
_LEAVES = {leaf.__name__: leaf for leaf in InputError.__subclasses__()}


def child_environment() -> dict[str, str]:
    """Variables of a decoding child: this package, one numeric thread, and no program to start."""
    environment = dict(os.environ)
    root = str(Path(mammothbox.__file__).parents[1])
    paths = [root, *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    # Several children share the cores: one numeric thread each, and small address spaces.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    environment["MALLOC_ARENA_MAX"] = "2"
    environment["PATH"] = os.devnull  # no library may start a program; scenedetect tries
    return environment


class ChildDiedError(Exception):
    """The child ended, or broke the protocol, in the middle of a conversation.

    Attributes:
        started: whether it had begun with the file.
    """

    def __init__(self, why: str, *, started: bool) -> None:
        super().__init__(why)
        self.started = started


class Worker:
    """One child process.

    Args:
        limits: what the child must hold.
        watch_memory: whether the parent watches the child's resident size.
    """

    def __init__(self, limits: Limits, *, watch_memory: bool = not ENFORCES_MEMORY) -> None:
        self._limits = limits
        self._watch = watch_memory
        self._started = False
        self._name = ""
        self._deadline = time.monotonic() + _START_S
        self.served = 0
        self._socket, theirs = socket.socketpair()
        self._lifeline, their_lifeline = socket.socketpair()
        for end in (self._socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        with theirs, their_lifeline:
            self._process = self._spawn(theirs.fileno(), their_lifeline.fileno())
        self._baseline = 0
        self._ready = False

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def decode(self, path: str, kind: Kind, mime: str, wanted: Glance | None = None) -> Content:
        """Decode one file, or with `wanted` take only a glance at it.

        Raises:
            InputError: the child's verdict on the file, or `DecodeTimeout`.
            ChildDiedError: the child ended; `started` says whether the file was in work.
        """
        self._started = False
        self._name = posixpath.basename(path)
        try:
            self._wait_until_ready()
            self._deadline = time.monotonic() + self._limits.timeout_s
            asked = dataclasses.asdict(wanted) if wanted else None
            self._send({"path": path, "kind": kind.value, "mime": mime, "glance": asked})
            content = self._converse()
        except (wire.ProtocolError, OSError) as error:
            self.kill()
            raise ChildDiedError(
                str(error) or "it broke the protocol", started=self._started
            ) from error
        except BaseException as error:
            if not (isinstance(error, InputError) and not isinstance(error, DecodeTimeout)):
                self.kill()  # a conversation cut short cannot be taken up again
            raise
        finally:
            self.served += 1
        return content

    def kill(self) -> None:
        """End the child now and reap it. Safe to call again, and from another thread."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """`kill`, and close the connection: only when no thread is inside `decode`."""
        self.kill()
        self._socket.close()
        self._lifeline.close()

    def _spawn(self, connection: int, lifeline: int) -> subprocess.Popen[bytes]:
        arguments = [str(connection), str(lifeline), str(os.getpid()), self._limits.to_json()]
        return subprocess.Popen(
            # -P: the current folder may hold files named like modules.
            [sys.executable, "-P", "-m", "mammothbox.decode.child", *arguments],
            pass_fds=(connection, lifeline),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=child_environment(),
            start_new_session=True,  # Ctrl-C in the terminal reaches the parent alone
        )

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        self._expect("ready")
        self._ready = True
        self._baseline = self._resident_bytes() if self._watch else 0

    def _expect(self, event: str) -> dict[str, Any]:
        header, _ = wire.decode(self._fill, self._bounds())
        if header.get("event") != event:
            raise wire.ProtocolError(f"{header.get('event')!r} where {event!r} is due")
        return header

    def _converse(self) -> Content:
        begun = time.monotonic()
        self._expect("started")
        self._started = True
        while True:
            header, arrays = wire.decode(self._fill, self._bounds())
            match header.pop("event", None):
                case "duration" if isinstance(header.get("seconds"), int | float):
                    self._deadline = begun + self._limits.allowance_s(header["seconds"])
                case "content":
                    return unpack(header, arrays)
                case "error":
                    self._raise(header)
                case other:
                    raise wire.ProtocolError(f"unexpected {other!r}")

    def _raise(self, header: dict[str, Any]) -> None:
        if header.get("again"):  # memory: a fresh child may have the room that this one lost
            self.kill()
            raise ChildDiedError(str(header.get("message")), started=True)
        leaf = _LEAVES.get(str(header.get("error")))
        if leaf is None:
            raise wire.ProtocolError(f"unknown error {header.get('error')!r}")
        message = str(header.get("message"))
        raise leaf(message if message.startswith(self._name) else f"{self._name}: {message}")

    def _bounds(self) -> wire.Bounds:
        limits = self._limits
        return wire.Bounds(
            # JSON spells a character in at most 12 bytes; the rest is for facts.
            header_bytes=12 * limits.chars + (1 << 24),
            side_px=max(limits.image_side_px, wire.PAGE_SIDE_PX),
            pictures=max(limits.keyframes, wire.RENDERED_PAGES),
            samples=int((limits.duration_s + 60) * 16_000),
        )

    def _send(self, request: dict[str, Any]) -> None:
        self._socket.settimeout(max(self._deadline - time.monotonic(), 0.001))
        for part in wire.encode(request):
            self._socket.sendall(part)

    def _fill(self, view: memoryview) -> None:
        while view:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise DecodeTimeout(f"{self._name}: decoding took longer than its time limit")
            self._socket.settimeout(min(left, _TICK_S) if self._watch else left)
            try:
                count = self._socket.recv_into(view)
            except TimeoutError:
                self._check_memory()
                continue
            if not count:
                raise wire.ProtocolError(self._cause_of_death())
            view = view[count:]

    def _check_memory(self) -> None:
        limit = self._limits.memory_bytes
        if self._baseline and self._resident_bytes() - self._baseline > limit:
            raise wire.ProtocolError(f"decoding needs more memory than {limit:,} bytes")

    def _resident_bytes(self) -> int:
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _cause_of_death(self) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "the decoder closed its connection"
        if code >= 0:
            return f"the decoder ended with status {code}"
        try:
            return f"the decoder was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"the decoder was ended by signal {-code}"


def blame(death: ChildDiedError, name: str) -> DecodeCrash:
    """The error for the file `name` that was in work when the child died."""
    return DecodeCrash(f"{name}: {death}")
