"""Running the `mammothbox` command as a user would, while watching its processes from outside.

A mark in the environment finds every process that descends from a run, even one whose parent has
gone, so that "no process left behind" can be measured and not hoped for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MARK = "MAMMOTHBENCH_RUN"
SOURCE = Path(__file__).resolve().parents[1] / "src"


@dataclass(frozen=True, slots=True)
class CommandRun:
    """How one run of the command went.

    Attributes:
        code: exit code.
        out, err: what it wrote.
        seconds: wall time.
        parent_peak: highest resident set of the command's own process, bytes.
        peak: highest proportional set size of all its processes together, bytes (unique set size on
            macOS); 0 when memory was not asked for.
        left_behind: processes of the run that lived on two seconds after it.
    """

    code: int
    out: str
    err: str
    seconds: float
    parent_peak: int = 0
    peak: int = 0
    left_behind: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a run: ours, the sources on the path, and a mark of its own."""
    env = {**os.environ, MARK: uuid.uuid4().hex, **(extra or {})}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SOURCE), env.get("PYTHONPATH", "")]))
    return env


def start(arguments: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
    """``mammothbox ARGUMENTS`` as a process of a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mammothbox", *arguments],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def run_command(
    arguments: Sequence[str],
    *,
    extra: Mapping[str, str] | None = None,
    timeout_s: float = 1800,
    memory: bool = False,
) -> CommandRun:
    """Runs the command to its end.

    Args:
        arguments: after ``mammothbox``.
        extra: environment variables.
        timeout_s: after which it is killed, with all its processes.
        memory: sample memory ten times a second (costs some processor time).

    Raises:
        TimeoutError: it did not end.
    """
    env = environment(extra)
    before = time.monotonic()
    process = start(arguments, env)
    watch = _Watch(process.pid, env[MARK], memory)
    try:
        out, err = _communicate(process, watch, timeout_s)
    except subprocess.TimeoutExpired as error:
        for one in marked(env[MARK]):
            one.kill()
        process.communicate()
        raise TimeoutError(f"{' '.join(arguments)} ran longer than {timeout_s} s") from error
    seconds = time.monotonic() - before
    left = still_running(env[MARK])
    return CommandRun(process.returncode, out, err, seconds, watch.parent, watch.peak, left)


def marked(mark: str) -> list[psutil.Process]:
    """Every living process of the run with this mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def still_running(mark: str, grace_s: float = 2.0) -> tuple[str, ...]:
    """Command lines of the run's processes that live on after a moment of grace."""
    deadline = time.monotonic() + grace_s
    while (alive := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    lines = []
    for process in alive:
        try:
            lines.append(f"{process.pid}: {' '.join(process.cmdline())[:200]}")
        except psutil.Error:
            continue
    return tuple(lines)


@dataclass
class _Watch:
    """Samples of memory while a run lasts."""

    pid: int
    mark: str
    memory: bool
    parent: int = 0
    peak: int = 0
    _samples: int = 0

    def sample(self) -> None:
        try:
            parent = psutil.Process(self.pid)
            self.parent = max(self.parent, parent.memory_info().rss)
            self._samples += 1
            if self.memory and self._samples % 5 == 0:
                family = [parent, *parent.children(recursive=True)]
                self.peak = max(self.peak, sum(map(_share, family)))
        except psutil.Error:
            return


def _share(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except (psutil.Error, OSError):
        return 0
    return int(getattr(info, "pss", info.uss))


def _communicate(
    process: subprocess.Popen[str], watch: _Watch, timeout_s: float
) -> tuple[str, str]:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return process.communicate(timeout=0.1)
        except subprocess.TimeoutExpired:
            watch.sample()
            if time.monotonic() > deadline:
                raise
