"""Grants leases on model hosts within a budget that all commands of a user share.

Place in the flow: `lease` asks for each host it needs; `schedule.decide` says what must happen, the
`ledger` holds the accounts, and here it is done: hosts are ended, waited for, started, measured.
Knows nothing of models or HTTP.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from mammothbox.errors import DoesNotFit, HostTimeout
from mammothbox.models.gpu import gpu_bytes
from mammothbox.models.ledger import Account, Accounts, Ledger, born, myself
from mammothbox.models.memory import process_bytes
from mammothbox.models.schedule import Evict, Never, Start, Wait, decide, stuck

POLL_S = 0.05
LOADED = 4
"""A host of less than a quarter of its estimate has not loaded its weights yet."""

_numbers = itertools.count(1)


class Host(Protocol):
    """What the governor needs of a host's process."""

    engine: str

    @property
    def pid(self) -> int:
        """Its process id; 0 when it does not run."""

    def start(self) -> None:
        """Start it unless it runs."""


class Governor:
    """One command's door to the shared budget. For several threads.

    Args:
        ledger: the accounts.
        budget: bytes for all hosts of the user together; asked at the first lease.
        timeout_s: how long a lease may wait for room.
        gpu_budget: bytes of a GPU's memory, likewise; asked when a host needs some.
    """

    def __init__(
        self,
        ledger: Ledger,
        budget: Callable[[], int],
        timeout_s: float,
        gpu_budget: Callable[[], int] = lambda: 0,
    ) -> None:
        self._ledger, self._ask, self._timeout_s = ledger, budget, timeout_s
        self._ask_gpu = gpu_budget
        self._budget = self._gpu_budget = 0
        self._me = f"{myself()}#{next(_numbers)}"

    @contextmanager
    def lease(self, host: Host, size: int, gpu: int = 0) -> Iterator[None]:
        """Hold `host`, started if it must be, while the block runs.

        Args:
            host: one of this command's.
            size: bytes it will take, as long as it was never measured.
            gpu: the same of the GPU's memory; 0 for a host on the processor.

        Raises:
            DoesNotFit: it can never run within the budget, or not beside what the caller holds.
            HostTimeout: others hold the room for too long.
        """
        self._budget = self._budget or self._ask()
        if gpu:
            self._gpu_budget = self._gpu_budget or self._ask_gpu()
        who = f"{self._me}/{threading.get_ident()}"
        try:
            self._enter(host, size, gpu, who)
        except BaseException:  # Ctrl-C too: who is gone must not stand in the queue
            with self._ledger.open() as accounts:
                accounts.leave(who)
            raise
        try:
            yield
        finally:
            self._leave(host, gpu, who)

    def end_idle(self) -> None:
        """End this command's hosts that nobody holds."""
        with self._ledger.open() as accounts:
            for account in list(accounts.hosts):
                if account.owner == self._me and not account.users:
                    accounts.end(account)

    def _enter(self, host: Host, size: int, gpu: int, who: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            with self._ledger.open() as accounts:
                late = time.monotonic() > deadline
                names = self._step(accounts, host, size, gpu, who, late=late)
            if not names:
                return
            time.sleep(POLL_S)

    def _step(
        self, accounts: Accounts, host: Host, size: int, gpu: int, who: str, *, late: bool
    ) -> tuple[str, ...]:
        """One look at the accounts; the names of what is in the way, none once it is held."""
        held = [account.held() for account in accounts.hosts]
        on_gpu = {"gpu": gpu, "gpu_budget": self._gpu_budget}
        match decide(
            self._budget,
            held,
            host.engine,
            size,
            **on_gpu,
            owner=self._me,
            who=who,
            now=time.time(),
            queue=accounts.queue,
        ):
            case Start():
                accounts.leave(who)
                _hold(accounts, host, size, gpu, who, self._me)
                return ()
            case Evict(names, hosts):
                for leaving in hosts:
                    account = accounts.of(leaving.name, leaving.owner)
                    if account is not None:
                        accounts.end(account)
                return names
            case Never(short):
                if gpu > self._gpu_budget:
                    raise DoesNotFit(_no_gpu(host.engine, gpu, short))
                raise DoesNotFit(_never(host.engine, size, short))
            case Wait(names):
                accounts.wait(who, host.engine, size, gpu)
                beside = f"{host.engine} does not fit beside {', '.join(names)}"
                if stuck(self._budget, held, accounts.queue, who, size, **on_gpu):
                    raise DoesNotFit(f"{beside}, which are in use; a larger --memory would do")
                if late:
                    raise HostTimeout(f"no room for {host.engine}: {', '.join(names)} stay busy")
                return names

    def _leave(self, host: Host, gpu: int, who: str) -> None:
        pid = host.pid
        measured = process_bytes(pid) if pid else 0
        on_gpu = gpu_bytes(pid) if pid and gpu else 0
        with self._ledger.open() as accounts:
            account = accounts.of(host.engine, self._me)
            if account is None:  # the file was lost; the host is still ours
                return
            if who in account.users:
                account.users.remove(who)
            if measured * LOADED > account.estimated:
                account.measured = max(account.measured, measured)
            if on_gpu * LOADED > account.gpu_estimated:
                account.gpu_measured = max(account.gpu_measured, on_gpu)
            account.last_used, account.served = time.time(), account.served + 1
            _identify(account, host)


def _hold(accounts: Accounts, host: Host, size: int, gpu: int, who: str, owner: str) -> None:
    account = accounts.of(host.engine, owner)
    if account is None:
        account = Account(host.engine, owner, estimated=size, since=time.time())
        account.gpu_estimated = gpu
        accounts.hosts.append(account)
    account.users.append(who)
    host.start()
    _identify(account, host)


def _identify(account: Account, host: Host) -> None:
    """Note the process that runs now: a host that died was started again by its channel."""
    pid = host.pid
    if pid and pid != account.pid:
        account.pid, account.born = pid, born(pid)


def check_room(sizes: Mapping[str, int], budget: int) -> None:
    """Make sure, before anything begins, that each model could run alone.

    Args:
        sizes: model → bytes of its host.
        budget: bytes for all hosts.

    Raises:
        DoesNotFit: names each model that can never run.
    """
    large = {name: size for name, size in sizes.items() if size > budget}
    if large:
        names = ", ".join(f"{name} ({size / 1e9:.1f} GB)" for name, size in large.items())
        raise DoesNotFit(
            f"the memory budget leaves {budget / 1e9:.1f} GB for models, too little for {names}; a "
            "larger --memory, a smaller model, or --describe none for the writer would do, see: "
            "mammothbox models plan"
        )


def _never(engine: str, size: int, short: int) -> str:
    advice = "WRITER=small or a larger --memory" if engine == "llama" else "a larger --memory"
    return (
        f"{engine} needs about {size / 1e9:.1f} GB, {short / 1e9:.1f} GB more than the memory "
        f"budget leaves for models; {advice} would do, see: mammothbox models plan"
    )


def _no_gpu(engine: str, gpu: int, short: int) -> str:
    return (
        f"{engine} needs about {gpu / 1e9:.1f} GB of a GPU, {short / 1e9:.1f} GB more than models "
        "may take there; MAMMOTHBOX_DEVICE=cpu or a larger MAMMOTHBOX_GPU_MEMORY_BYTES would do, "
        "see: mammothbox doctor"
    )
