"""The accounts of all model hosts of a user, in one file that all commands share.

Place in the flow: `lease` opens the ledger for every decision; `model_admin` reads it for people.
Whoever has it open has it alone (a lock file), so that two commands never spend the same memory
twice. Entries of commands and hosts that are gone are dropped at every opening: a process is known
by its id and by when it was started. Knows nothing of models.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from mammothbox.models.schedule import Held, Waiting

END_S = 5.0
_STEP_S = 0.005


def born(pid: int) -> float:
    """When a process was started (seconds since 1970); 0 when there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


@cache
def myself() -> str:
    """This process, so that no later one can be taken for it."""
    return f"{os.getpid()}@{born(os.getpid()):.2f}"


def _lives(process: str) -> bool:
    pid, _, since = process.partition("#")[0].partition("@")
    return pid.isdigit() and f"{born(int(pid)):.2f}" == since


@dataclass(slots=True)
class Account:
    """One host.

    Attributes:
        engine: what it runs.
        owner: who started it: the command (see `myself`), and which of its `Models`.
        pid: its process; 0 before it was started.
        born: when that was started, seconds since 1970.
        estimated: bytes, before it was ever measured.
        measured: the most it was seen to take, bytes; 0 before.
        gpu_estimated, gpu_measured: the same of a GPU's memory; 0 for one on the processor.
        since: when it was leased first, seconds since 1970.
        last_used: when a lease on it ended last.
        served: leases that ended.
        users: those who hold a lease on it.
    """

    engine: str
    owner: str
    pid: int = 0
    born: float = 0.0
    estimated: int = 0
    measured: int = 0
    gpu_estimated: int = 0
    gpu_measured: int = 0
    since: float = 0.0
    last_used: float = 0.0
    served: int = 0
    users: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes it counts for."""
        return self.measured or self.estimated

    @property
    def gpu(self) -> int:
        """Bytes of a GPU it counts for."""
        return self.gpu_measured or self.gpu_estimated

    def held(self) -> Held:
        """As the decision sees it."""
        return Held(
            self.engine,
            self.size,
            bool(self.users),
            self.last_used,
            self.owner,
            self.since,
            tuple(self.users),
            self.gpu,
        )


@dataclass(slots=True)
class Accounts:
    """What the ledger holds while it is open; changes are kept."""

    hosts: list[Account] = field(default_factory=list)
    queue: list[Waiting] = field(default_factory=list)
    next_ticket: int = 1

    def of(self, engine: str, owner: str) -> Account | None:
        """The account of a command's host."""
        return next((h for h in self.hosts if (h.engine, h.owner) == (engine, owner)), None)

    def wait(self, who: str, engine: str, size: int, gpu: int = 0) -> None:
        """Take a place in the queue, once."""
        if not any(other.who == who for other in self.queue):
            self.queue.append(Waiting(self.next_ticket, who, engine, size, gpu))
            self.next_ticket += 1

    def leave(self, who: str) -> None:
        """Give up the place in the queue."""
        self.queue = [other for other in self.queue if other.who != who]

    def end(self, host: Account) -> None:
        """End a host's process, whoever started it, and forget it."""
        self.hosts.remove(host)
        if host.pid and abs(born(host.pid) - host.born) < 0.01:
            _end(host.pid, host.born)

    def prune(self) -> None:
        """Forget what is gone."""
        alive = {name for name in {_owner(who) for who in self._people()} if _lives(name)}
        self.queue = [other for other in self.queue if _owner(other.who) in alive]
        kept = []
        for host in self.hosts:
            host.users = [user for user in host.users if _owner(user) in alive]
            there = host.pid and abs(born(host.pid) - host.born) < 0.01
            if host.owner in alive and (host.users or there):
                kept.append(host)
        self.hosts = kept

    def _people(self) -> set[str]:
        names = {other.who for other in self.queue} | {host.owner for host in self.hosts}
        return names | {user for host in self.hosts for user in host.users}


def _owner(who: str) -> str:
    return who.partition("/")[0]


def _end(pid: int, since: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + END_S
        while abs(born(pid) - since) < 0.01:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(_STEP_S)


class Ledger:
    """The shared file. For several threads and processes.

    Args:
        folder: where it lies; made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def open(self) -> Iterator[Accounts]:
        """The accounts, alone; what is changed in them is kept."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("a+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._read()
            accounts = _parsed(before)
            accounts.prune()
            try:
                yield accounts
            finally:
                self._keep(accounts, before)

    def read(self) -> list[Account]:
        """The accounts of hosts that run now; nothing is made or changed."""
        accounts = _parsed(self._read())
        accounts.prune()
        return accounts.hosts

    def _keep(self, accounts: Accounts, before: str) -> None:
        text = _text(accounts)
        if text != before:
            fresh = self._folder / "hosts.new"
            fresh.write_text(text, "utf-8")
            fresh.replace(self._folder / "hosts.json")

    def _read(self) -> str:
        try:
            return (self._folder / "hosts.json").read_text("utf-8")
        except FileNotFoundError:
            return ""


def _parsed(text: str) -> Accounts:
    """An unreadable file counts as empty: hosts that it named are ended by their own parents."""
    try:
        found = json.loads(text or "{}")
        return Accounts(
            [Account(**item) for item in found.get("hosts", ())],
            [Waiting(**item) for item in found.get("queue", ())],
            int(found.get("next_ticket", 1)),
        )
    except (ValueError, TypeError, AttributeError):
        return Accounts()


def _text(accounts: Accounts) -> str:
    return json.dumps(asdict(accounts), indent=1)
