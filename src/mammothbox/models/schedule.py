"""Who must leave memory so that a model can come: a pure decision, no processes.

Place in the flow: `lease` keeps the accounts of all commands of a user and carries out what
`decide` says. The rules:

- never over a budget (the machine's memory, a GPU's), and never end a busy host;
- what can never fit is refused at once;
- idle hosts go largest first, of equal ones the longer unused;
- who came first is served first. Only who holds a lease may go before: others wait for its end;
- a host of somebody else that was loaded just now stays for `TENURE_S`, so that two commands which
  do not fit together take turns and not each other's breath away.

Example:
    >>> decide(100, [Held("eyes", 60, busy=False, last_used=0)], "writer", 80)
    Evict(names=('eyes',))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TENURE_S = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """A host in memory.

    Attributes:
        name: its engine.
        size: bytes of the machine's memory, measured or estimated.
        busy: somebody holds a lease on it.
        last_used: seconds on any clock, larger is later.
        owner: the command that started it; only that one can use it.
        since: when it was loaded, seconds on the same clock.
        users: those who hold a lease on it.
        gpu: bytes of a GPU's memory; 0 for one that runs on the processor.
    """

    name: str
    size: int
    busy: bool
    last_used: float
    owner: str = ""
    since: float = -math.inf
    users: tuple[str, ...] = ()
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for room; a smaller ticket came earlier."""

    ticket: int
    who: str
    name: str
    size: int
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """There is room (or it already runs)."""


@dataclass(frozen=True, slots=True)
class Evict:
    """End these idle hosts, in this order, then start. Several may share a name."""

    names: tuple[str, ...]
    hosts: tuple[Held, ...] = ()

    def __repr__(self) -> str:
        return f"Evict(names={self.names!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evict) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)


@dataclass(frozen=True, slots=True)
class Wait:
    """These are in the way: busy, too young to go, or before in the queue."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """It does not fit even alone; `short` bytes are missing."""

    short: int


Decision = Start | Evict | Wait | Never


def decide(
    budget: int,
    held: Sequence[Held],
    wanted: str,
    size: int,
    *,
    gpu: int = 0,
    gpu_budget: int = 0,
    owner: str = "",
    who: str = "",
    now: float = 0.0,
    queue: Sequence[Waiting] = (),
) -> Decision:
    """What to do so that `wanted` with `size` bytes can run within `budget` bytes.

    Args:
        budget: bytes for all hosts together.
        held: all hosts in memory, of every command.
        wanted: the engine.
        size: its bytes, measured before or estimated.
        gpu: bytes of the GPU's memory that it takes too.
        gpu_budget: bytes of that for all hosts together.
        owner: the command that asks.
        who: the thread of it that asks, as in `Held.users`.
        now: seconds on the clock of `Held.since`.
        queue: all who wait, perhaps `who` itself.
    """
    mine = next((host for host in held if (host.name, host.owner) == (wanted, owner)), None)
    if mine is None and (size > budget or gpu > gpu_budget):
        return Never(max(size - budget, gpu - gpu_budget))
    holds = any(who in host.users for host in held)
    before = _before(queue, who)
    if before and not holds and not (mine and mine.busy):
        return Wait(tuple(other.name for other in before))
    if mine is not None:
        return Start()
    idle = [
        host
        for host in held
        if not host.busy and (host.owner == owner or now - host.since >= TENURE_S)
    ]
    leaving: list[Held] = []
    for of, need, most in ((_gpu, gpu, gpu_budget), (_size, size, budget)):
        room = most - sum(of(host) for host in held if host not in leaving)
        left = [host for host in idle if of(host) and host not in leaving]
        for host in sorted(left, key=lambda host: (-of(host), host.last_used)):
            if not need or room >= need:
                break
            leaving.append(host)
            room += of(host)
        if need and room < need:
            return Wait(tuple(host.name for host in held if host not in idle))
    if leaving:
        return Evict(tuple(host.name for host in leaving), tuple(leaving))
    return Start()


def _size(host: Held) -> int:
    return host.size


def _gpu(host: Held) -> int:
    return host.gpu


def _before(queue: Sequence[Waiting], who: str) -> list[Waiting]:
    """Those who have waited for longer than `who`."""
    mine = min((other.ticket for other in queue if other.who == who), default=None)
    return [other for other in queue if other.who != who and (mine is None or other.ticket < mine)]


def stuck(
    budget: int,
    held: Sequence[Held],
    queue: Sequence[Waiting],
    who: str,
    size: int,
    *,
    gpu: int = 0,
    gpu_budget: int = 0,
) -> bool:
    """Whether `who` should give up its wish for `size` bytes (and `gpu` bytes of a GPU).

    So it is when busy hosts are in the way, all who hold them wait themselves, and it came last.
    """
    busy = [host for host in held if host.busy]
    if size <= budget - sum(map(_size, busy)) and gpu <= gpu_budget - sum(map(_gpu, busy)):
        return False
    waiting = {other.who for other in queue}
    holders = {user for host in held if host.busy for user in host.users}
    if not holders or not holders <= waiting | {who}:
        return False
    tickets = {other.who: other.ticket for other in queue}
    last = max(holders, key=lambda user: tickets.get(user, math.inf))
    return who == last
