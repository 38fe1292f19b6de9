"""A circuit breaker: who failed several times in a row is left alone for a while.

Place in the flow: an `Endpoint` asks it before each request and tells it how that went. Knows no
network; the clock is given.

Example:
    >>> breaker = Breaker(clock=lambda: 0.0)
    >>> for _ in range(3): breaker.failed()
    >>> breaker.closed
    False
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MOST_FAILURES = 3
REST_S = 15.0


class Breaker:
    """Closed: requests go through. Open: none does for `rest_s`, then one may try.

    Args:
        clock: seconds, rising.
        most: failures in a row that open it.
        rest_s: seconds it stays open.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_FAILURES,
        rest_s: float = REST_S,
    ) -> None:
        self._clock, self._most, self._rest_s = clock, most, rest_s
        self._failures = 0
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether requests go through."""
        return self._failures < self._most

    def allows(self) -> bool:
        """Whether a request may be made now. Of many who ask after the rest, one may."""
        with self._lock:
            if self.closed:
                return True
            now = self._clock()
            if now < self._until:
                return False
            self._until = now + self._rest_s
            return True

    def succeeded(self) -> None:
        """The service answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The service did not answer."""
        with self._lock:
            self._failures += 1
            if not self.closed:
                self._until = self._clock() + self._rest_s
