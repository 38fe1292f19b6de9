"""Who must leave memory so that a model can come: a pure decision, no processes.

Place in the flow: `lease` keeps the accounts and carries out what `decide` says. Rules: never over
the budget, never end a busy host, idle ones go largest first, what can never fit is refused at
once.

Example:
    >>> decide(100, [Held("eyes", 60, busy=False, last_used=0)], "writer", 80)
    Evict(names=('eyes',))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """A host in memory.

    Attributes:
        name: its engine.
        size: bytes, measured or estimated.
        busy: somebody holds a lease on it.
        last_used: seconds on any clock, larger is later.
    """

    name: str
    size: int
    busy: bool
    last_used: float


@dataclass(frozen=True, slots=True)
class Start:
    """There is room (or it already runs)."""


@dataclass(frozen=True, slots=True)
class Evict:
    """End these idle hosts, in this order, then start."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Only busy hosts are in the way; these."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """It does not fit even alone; `short` bytes are missing."""

    short: int


Decision = Start | Evict | Wait | Never


def decide(budget: int, held: Sequence[Held], wanted: str, size: int) -> Decision:
    """What to do so that `wanted` with `size` bytes can run within `budget` bytes."""
    if any(host.name == wanted for host in held):
        return Start()
    if size > budget:
        return Never(size - budget)
    room = budget - sum(host.size for host in held)
    if room >= size:
        return Start()
    idle = sorted(
        (host for host in held if not host.busy), key=lambda host: (-host.size, host.last_used)
    )
    leaving: list[str] = []
    for host in idle:
        leaving.append(host.name)
        room += host.size
        if room >= size:
            return Evict(tuple(leaving))
    return Wait(tuple(host.name for host in held if host.busy))
