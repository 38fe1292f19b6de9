"""The queue of one library: two lines of messages for each stage, carried by Dramatiq on Redis.

A message is a stage and a batch of digests. One line is for what somebody waits for and goes before
the other. It knows nothing of files, models or results.
"""

from __future__ import annotations

import importlib.util
import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mammothbox.errors import QueueAway, UsageError
from mammothbox.records import Digest
from mammothbox.understand.steps import STAGES

if TYPE_CHECKING:
    from dramatiq import Worker
    from redis import Redis

DEAD_AFTER_S = 20.0
"""Seconds of silence after which a worker's messages go to others."""
RETRIES = 50
BACKOFF_MS = (1_000, 30_000)
"""Wait after the first failure of a message, and at most: it doubles."""
POLL_MS = 50
"""Longest pause between two looks into an empty line."""
SOON = "-soon"
"""Ends the name of the line that goes first."""
_PUT_AT_ONCE = 250
"""Messages in one transaction of Redis; each is a few KB."""
_MAINTENANCE = 100_000
"""Chance in a million that a poll also looks for dead workers; one in ten."""


def check_url(url: str) -> None:
    """Make sure the queue can be used at all.

    Raises:
        UsageError: no address of Redis, or the extra is not installed.
    """
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise UsageError("REDIS_URL is no address; write redis://HOST:6379/0")
    if importlib.util.find_spec("dramatiq") is None or importlib.util.find_spec("redis") is None:
        raise UsageError("workers need Dramatiq and Redis: pip install 'mammothbox[workers]'")


@contextmanager
def border() -> Iterator[None]:
    """Where the client's errors become ours.

    Raises:
        QueueAway: Redis does not answer.
    """
    from dramatiq.errors import BrokerConnectionError
    from redis import RedisError

    try:
        yield
    except (RedisError, BrokerConnectionError) as error:
        raise QueueAway(f"Redis does not answer ({error}); try again when it does") from error


class Queue:
    """The lines of one library.

    Args:
        url: of Redis.
        library: `Store.identity`; libraries that share a Redis do not meet.
        dead_after_s: see `DEAD_AFTER_S`.
    """

    def __init__(self, url: str, library: str, *, dead_after_s: float = DEAD_AFTER_S) -> None:
        check_url(url)
        from dramatiq.brokers.redis import RedisBroker
        from dramatiq.middleware import Retries

        self.namespace = f"mammothbox-{library}"
        least, most = BACKOFF_MS
        make: Any = RedisBroker  # its arguments carry no types
        self.broker = make(
            url=url,
            namespace=self.namespace,
            heartbeat_timeout=int(dead_after_s * 1000),
            maintenance_chance=_MAINTENANCE,
            middleware=[Retries(max_retries=RETRIES, min_backoff=least, max_backoff=most)],
        )
        for stage in STAGES:
            self.broker.declare_queue(stage)
            self.broker.declare_queue(stage + SOON)

    @property
    def redis(self) -> Redis:
        """The connection, for what stands on the board."""
        client: Redis = self.broker.client
        return client

    def put(self, stage: str, batches: Iterable[Sequence[Digest]], *, soon: bool = False) -> None:
        """Offer batches of a stage to whoever takes them.

        They are laid down as Dramatiq's own script does it, many in one round trip.
        """
        line = stage + SOON if soon else stage
        queue: Any = f"{self.namespace}:{line}"
        waiting = iter(batches)
        while some := list(itertools.islice(waiting, _PUT_AT_ONCE)):
            messages: Any = dict(_message(line, digests) for digests in some)
            with border(), self.redis.pipeline() as pipe:
                pipe.hset(f"{queue}.msgs", mapping=messages)
                pipe.rpush(queue, *messages)
                pipe.execute()

    def unfinished(self, stage: str, *, soon: bool = False) -> int:
        """Messages of a stage that wait, run, or wait to be tried again, in one of its lines."""
        line = f"{self.namespace}:{stage + SOON if soon else stage}"
        with border(), self.redis.pipeline(transaction=False) as pipe:
            pipe.hlen(f"{line}.msgs")
            pipe.hlen(f"{line}.DQ.msgs")
            return sum(pipe.execute())

    def worker(
        self, stages: Sequence[str], threads: int, do: Callable[[str, list[Digest]], None]
    ) -> Worker:
        """Threads that take messages of these stages; to be started and stopped by the caller."""
        import dramatiq

        lines = [(stage + ending, stage) for stage in stages for ending in (SOON, "")]
        for line, stage in lines:
            first = 0 if line.endswith(SOON) else 1
            declare = dramatiq.actor(
                broker=self.broker, actor_name=line, queue_name=line, priority=first
            )
            declare(_doing(do, stage))
        names = {line for line, _ in lines}
        made = dramatiq.Worker(
            self.broker, queues=names, worker_threads=threads, worker_timeout=POLL_MS
        )
        # One waits at hand, so that no thread does; more could be done elsewhere meanwhile.
        made.queue_prefetch = max(2, threads + threads // 4)
        return made

    def close(self) -> None:
        """Close connections."""
        self.broker.close()
        self.redis.close()


def _message(line: str, digests: Sequence[Digest]) -> tuple[str, bytes]:
    """(its key in Redis, the message) for a line."""
    from dramatiq import Message

    key = str(uuid.uuid4())
    message: Message[None] = Message(
        queue_name=line,
        actor_name=line,
        args=(list(digests),),
        kwargs={},
        options={"redis_message_id": key},
    )
    return key, message.encode()


def _doing(do: Callable[[str, list[Digest]], None], stage: str) -> Callable[[list[Digest]], None]:
    def run(digests: list[Digest]) -> None:
        do(stage, digests)

    return run
