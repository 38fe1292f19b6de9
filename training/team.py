"""Several processes that learn one model together, each on its share of every batch.

Place in the flow: `train_captioner` and `self_critical` split a batch over the members and take the
mean of the gradients. One thread each and one meeting a step waits far less, where other programs
want the same cores, than two threads that meet at every product. Knows nothing of models.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

PATIENCE = timedelta(minutes=30)
"""How long one member waits for the others before the run fails."""


@dataclass(frozen=True)
class Team:
    """One member's view: its number (from 0) and how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this member writes files and prints."""
        return self.rank == 0

    def share(self, rows: np.ndarray) -> np.ndarray:
        """This member's part of the rows."""
        return rows[self.rank :: self.size]

    def mean(self, numbers: Tensor) -> Tensor:
        """The mean over all members, of numbers of one shape; waits for everybody."""
        if self.size > 1:
            dist.all_reduce(numbers)
            numbers /= self.size
        return numbers


def _member(rank: int, size: int, port: int, work: Callable[[Team], None]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=size,
        timeout=PATIENCE,
    )
    work(Team(rank, size))
    dist.destroy_process_group()


def together(work: Callable[[Team], None], size: int) -> None:
    """Run `work` in `size` processes and wait; `work` must be picklable.

    Raises:
        torch.multiprocessing.ProcessRaisedException: a member failed.
    """
    if size == 1:
        work(Team())
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(_member, args=(size, port, work), nprocs=size)
