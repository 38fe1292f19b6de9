"""What workers tell one another and those who watch: a few keys in Redis that may be lost.

Which workers there are and what they do, which files none of them can see, which stages wait for a
service, and every file that was done, as it is done.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mammothbox.events import FileDone
from mammothbox.records import Digest
from mammothbox.workers.queue import Queue, border

UNSEEN_S = 20.0
"""Seconds before a file that a worker could not see is offered again."""
HURRY_S = 30.0
"""Seconds for which somebody's word holds that they wait for contents; it is said again."""
AWAY_S = 15
"""Seconds before a stage whose service was away is offered again."""
SILENT_S = 15.0
"""Seconds after which a worker that says nothing is no longer shown."""
ATTEMPTS = 4
"""Times a batch may begin and never end before its files are tried one by one, then given up."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker as it last told.

    Attributes:
        name: host and process.
        stages: what it takes.
        doing: stages it works on now.
        done: files it has done since it began.
        unseen: files it could not see.
        at: seconds since 1970.
    """

    name: str
    stages: Sequence[str]
    doing: Sequence[str]
    done: int
    unseen: int
    at: float


class Board:
    """The keys of one library."""

    def __init__(self, queue: Queue) -> None:
        self._redis: Any = queue.redis
        self._name = f"{queue.namespace}:board"

    def tell(self, state: WorkerState) -> None:
        """Say what this worker does."""
        with border():
            self._redis.hset(f"{self._name}:workers", state.name, json.dumps(asdict(state)))

    def gone(self, name: str) -> None:
        """Say that this worker ends."""
        with border():
            self._redis.hdel(f"{self._name}:workers", name)

    def workers(self) -> list[WorkerState]:
        """The workers that have told something of late, by name."""
        with border():
            texts = self._redis.hvals(f"{self._name}:workers")
        states = [WorkerState(**json.loads(text)) for text in texts]
        fresh = [state for state in states if time.time() - state.at < SILENT_S]
        return sorted(fresh, key=lambda state: state.name)

    def unseen(self, digests: Sequence[Digest]) -> None:
        """Say that this worker cannot see these contents' files."""
        if digests:
            with border():
                now = dict.fromkeys(digests, f"{time.time()}")
                self._redis.hset(f"{self._name}:unseen", mapping=now)

    def seen(self, digests: Sequence[Digest]) -> None:
        """Take it back."""
        if digests:
            with border():
                self._redis.hdel(f"{self._name}:unseen", *digests)

    def unseen_lately(self) -> set[Digest]:
        """Contents that a worker could not see a moment ago."""
        with border():
            told = self._redis.hgetall(f"{self._name}:unseen")
        limit = time.time() - UNSEEN_S
        return {Digest(key.decode()) for key, at in told.items() if float(at) > limit}

    def hurry(self, digests: Collection[Digest]) -> None:
        """Say that somebody waits for these contents."""
        if digests:
            with border():
                now = dict.fromkeys(digests, f"{time.time()}")
                self._redis.hset(f"{self._name}:hurry", mapping=now)

    def calm(self, digests: Collection[Digest]) -> None:
        """Take it back."""
        if digests:
            with border():
                self._redis.hdel(f"{self._name}:hurry", *digests)

    def hurried(self) -> set[Digest]:
        """Contents that somebody waits for now."""
        with border():
            told = self._redis.hgetall(f"{self._name}:hurry")
        limit = time.time() - HURRY_S
        return {Digest(key.decode()) for key, at in told.items() if float(at) > limit}

    def away(self, stage: str, why: str) -> None:
        """Say that a stage waits for a service."""
        with border():
            self._redis.set(f"{self._name}:away:{stage}", why, ex=AWAY_S)

    def why_away(self, stage: str) -> str:
        """Why a stage waits; empty when it does not."""
        with border():
            text = self._redis.get(f"{self._name}:away:{stage}")
        return text.decode() if text else ""

    def begin(self, stage: str, digests: Sequence[Digest]) -> int:
        """Count the beginnings of a batch that has not ended yet; returns how many."""
        key = self._attempt(stage, digests)
        with border(), self._redis.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, 86_400)
            return int(pipe.execute()[0])

    def end(self, stage: str, digests: Sequence[Digest]) -> None:
        """The batch has ended, one way or another."""
        with border():
            self._redis.delete(self._attempt(stage, digests))

    def _attempt(self, stage: str, digests: Sequence[Digest]) -> str:
        from blake3 import blake3

        return f"{self._name}:begun:{stage}:{blake3(','.join(digests).encode()).hexdigest(16)}"

    def publish(self, event: FileDone) -> None:
        """Tell everybody who listens now that a file is done."""
        with border():
            self._redis.publish(f"{self._name}:events", json.dumps(asdict(event)))

    def listen(self) -> Any:
        """A subscription to `publish`, for `heard`."""
        with border():
            listening = self._redis.pubsub(ignore_subscribe_messages=True)
            listening.subscribe(f"{self._name}:events")
        return listening

    def heard(self, listening: Any, seconds: float) -> Iterator[FileDone]:
        """What comes within `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with border():
                message = listening.get_message(timeout=left)
            if message:
                yield FileDone(**json.loads(message["data"]))


def my_name() -> str:
    """This process, as others see it."""
    return f"{socket.gethostname()}:{os.getpid()}"
