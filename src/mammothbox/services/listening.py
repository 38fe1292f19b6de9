"""Ports: had or refused in plain words, and quick to answer.

Example:
    with listen("127.0.0.1", 0) as bound:
        print(address(bound))
"""

from __future__ import annotations

import socket

from mammothbox.errors import UsageError

BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; `port` 0 takes any free one.

    What it accepts sends small answers at once. asyncio asks for that only where a socket names its
    protocol, which those of `create_server` do not; the body of each answer then waited 40 ms for
    the client to confirm its head.

    Raises:
        UsageError: the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be had ({error.strerror}); try --port") from error
    return bound


def address(bound: socket.socket) -> str:
    """The base URL of a bound socket, with a name that a client can use."""
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
