"""A model host as a child process: start, see whether it lives, read its last words, end it.

Place in the flow: `lease` owns one `HostProcess` an engine; `channel` asks it for its socket and
reports a death. The child gets the read end of a pipe as standard input; when this process ends, in
whatever way, the pipe closes and the child leaves. Its output goes to a log beside its socket.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from mammothbox.settings import Settings

TAIL_LINES = 5
END_S = 5.0
LONGEST_SOCKET = 100


def runtime_dir() -> Path:
    """A new private directory (mode 0700) with a name short enough for sockets."""
    parent = tempfile.gettempdir()
    if len(os.fsencode(parent)) > 60:
        parent = "/tmp"  # noqa: S108 - the directory made inside is private
    return Path(tempfile.mkdtemp(prefix="mammothbox-", dir=parent))


class HostProcess:
    """One engine's process, started on demand.

    Args:
        engine: ``eyes``, ``whisper``, ``llama`` or ``ocr``.
        settings: threads, cache, profile, choice of models, idle time-out.
        folder: private directory for socket and log.
        device: ``cpu`` or ``gpu``.
    """

    def __init__(self, engine: str, settings: Settings, folder: Path, device: str = "cpu") -> None:
        self.engine, self._device = engine, device
        self.first = ""
        """The contract that a process started now is for; what that needs it loads at once."""
        self.socket = folder / f"{engine}.sock"
        self.log = folder / f"{engine}.log"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id; 0 when it does not run."""
        return self._process.pid if self._process and self.alive else 0

    @property
    def alive(self) -> bool:
        """Is the process running?"""
        return self._process is not None and self._process.poll() is None

    @property
    def ended_idle(self) -> bool:
        """Did it leave by itself because nobody needed it?"""
        return self._process is not None and self._process.poll() == 0

    def start(self) -> None:
        """Start the process unless it runs; returns before it listens."""
        with self._starting:
            if not self.alive:
                self._start()

    def _start(self) -> None:
        self.socket.unlink(missing_ok=True)
        chosen = self._settings
        # -P: not the current directory first on the path, whatever lies there.
        command = [sys.executable, "-P", "-m", "mammothbox.models.host", self.engine, "--child"]
        command += ["--cache", str(chosen.cache), "--uds", str(self.socket)]
        command += ["--profile", chosen.profile, "--writer", chosen.writer]
        command += ["--transcriber", chosen.transcriber, "--embedder", chosen.embedder]
        command += ["--captioner", chosen.captioner, "--device", self._device]
        command += ["--first", self.first] if self.first else []
        command += ["--threads", str(chosen.threads), "--idle-timeout", str(chosen.idle_timeout_s)]
        source = str(Path(__file__).parents[2])
        paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environ
            )

    def stop(self) -> None:
        """End the process, and wait until its memory is free."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()
        self.socket.unlink(missing_ok=True)

    def last_words(self) -> str:
        """How it ended and the last lines of its log, as one line."""
        code = self._process.poll() if self._process else None
        how = (
            "still running" if code is None else f"exit {code}" if code >= 0 else f"signal {-code}"
        )
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()[-TAIL_LINES:]
        except OSError:
            lines = []
        return f"{how}; its log ends: {' | '.join(lines) or '(empty)'}"


def remove_runtime_dir(folder: Path) -> None:
    """Delete the private directory."""
    shutil.rmtree(folder, ignore_errors=True)
