"""Requests to a model host over its Unix socket (later: to a service behind a base URL).

Place in the flow: `client` speaks contracts through this; here are connections, time-outs, one
restart of a host that died, and errors of our own tree raised again on this side. http.client is
used for its import time (a search must start fast).
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from mammothbox import errors
from mammothbox.errors import BadAnswer, HostDied, HostTimeout, MammothboxError

STEP_S = 0.005
JSON_TYPE = "application/json"
BYTES_TYPE = "application/octet-stream"
MOST_ENDS = 5

Body = bytes | Iterable[bytes]


class Process(Protocol):
    """What a channel needs of a host's process."""

    socket: Any

    @property
    def alive(self) -> bool:
        """Is it running?"""

    @property
    def pid(self) -> int:
        """Its process id; 0 when it does not run."""

    @property
    def ended_idle(self) -> bool:
        """Did it leave by itself?"""

    def start(self) -> None:
        """Start it unless it runs."""

    def stop(self) -> None:
        """End it."""

    def last_words(self) -> str:
        """How it ended."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Channel:
    """One host's door. Several threads may use it; each has its own connection.

    Args:
        process: the host; started when first needed.
        name: for messages.
        timeout_s: seconds one request may take, the host's start included.
    """

    def __init__(self, process: Process, name: str, timeout_s: float) -> None:
        self._process, self._name, self._timeout_s = process, name, timeout_s
        self._local = threading.local()
        self._starting = threading.Lock()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST a JSON object, get one.

        Raises:
            HostDied: the process ended, and once more after a restart.
            HostTimeout: no answer in time; the process was ended.
            MammothboxError: what the host itself raised.
        """
        data = json.dumps(body).encode()
        return self._request("POST", path, lambda: data, JSON_TYPE)

    def post_bytes(self, path: str, data: bytes) -> dict[str, Any]:
        """POST `data` as it is; raises as `post`."""
        return self._request("POST", path, lambda: data, BYTES_TYPE)

    def post_blocks(self, path: str, blocks: Callable[[], Iterable[bytes]]) -> dict[str, Any]:
        """POST what the function `blocks` yields (anew at each attempt); raises as `post`."""
        return self._request("POST", path, blocks, BYTES_TYPE)

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object; raises as `post`."""
        return self._request("GET", path, lambda: None, JSON_TYPE)

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """POST a JSON object; the JSON of each server-sent event as it comes.

        On a connection of its own, closed with the iterator: the host then stops its work.

        Raises:
            HostDied: the process ended; what was yielded before is all there is.
            HostTimeout: nothing came for as long as a request may take.
            MammothboxError: what the host itself raised.
        """
        self._local.connection = None
        connection = self._connection(time.monotonic() + self._timeout_s)
        self._local.connection = None
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": JSON_TYPE})
            answer = connection.getresponse()
            if answer.status >= 400:
                self._result(answer.status, answer.read())
            yield from self._events(answer)
        except TimeoutError as error:
            raise HostTimeout(f"the {self._name} host went silent while answering") from error
        except (OSError, http.client.HTTPException) as error:
            raise HostDied(f"the {self._name} host ended while answering") from error
        finally:
            connection.close()

    def _events(self, answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
        for line in answer:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            event = json.loads(data)
            if "error" in event:
                raise _raised(event["error"], self._name)
            yield event
        raise HostDied(f"the {self._name} host ended while answering")

    def _request(self, method: str, path: str, body: Any, kind: str) -> dict[str, Any]:
        deaths: list[str] = []
        ended = 0
        while True:
            self._local.host = None
            try:
                return self._attempt(method, path, body(), kind)
            except TimeoutError as error:
                self._process.stop()
                raise HostTimeout(
                    f"the {self._name} host gave no answer in {self._timeout_s:.0f} s"
                ) from error
            except (OSError, http.client.HTTPException) as error:
                deaths += self._bury()
                ended += 1
                if len(deaths) == 2 or ended > MOST_ENDS:
                    how = deaths[-1] if deaths else "it leaves as idle before it is asked"
                    raise HostDied(f"the {self._name} host died twice: {how}") from error

    def _bury(self) -> list[str]:
        """How the host of this request ended; nothing if it left for idleness.

        Several threads may lose the same host at once: the first ends it for sure, and none touches
        the next one that another thread has started meanwhile.
        """
        self._local.connection, mine = None, self._local.host
        with self._starting:
            for _ in range(100):
                now = self._process.pid
                if not now:
                    break
                if mine is not None and now != mine:
                    return ["it was restarted meanwhile"]
                time.sleep(STEP_S)
            words = [] if self._process.ended_idle else [self._process.last_words()]
            self._process.stop()
        return words

    def _attempt(self, method: str, path: str, body: Body | None, kind: str) -> dict[str, Any]:
        deadline = time.monotonic() + self._timeout_s
        connection = self._connection(deadline)
        try:
            # A body of unknown length goes in chunks.
            chunked = body is not None and not isinstance(body, bytes)
            connection.request(method, path, body, {"Content-Type": kind}, encode_chunked=chunked)
            answer = connection.getresponse()
            status, data = answer.status, answer.read()
        except BaseException:
            # Half a conversation is of no use to the next request (Ctrl-C included).
            connection.close()
            self._local.connection = None
            raise
        return self._result(status, data)

    def _connection(self, deadline: float) -> http.client.HTTPConnection:
        """This thread's connection, opened (and the host started) if there is none that works."""
        kept: tuple[_UnixConnection, Any] | None = getattr(self._local, "connection", None)
        if kept and self._process.alive and kept[1] == self._process.pid:
            self._local.host = kept[1]
            return kept[0]
        with self._starting:
            self._process.start()
            self._local.host = born = self._process.pid
        while True:
            connection = _UnixConnection(str(self._process.socket), self._timeout_s)
            try:
                connection.connect()
            except (FileNotFoundError, ConnectionRefusedError):
                if self._process.pid != born:
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError from None
                time.sleep(STEP_S)
            else:
                self._local.connection = (connection, born)
                return connection

    def _result(self, status: int, data: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(data)
        except ValueError as error:
            raise BadAnswer(f"the {self._name} host answers {status} without JSON") from error
        if not isinstance(answer, dict):
            raise BadAnswer(f"the {self._name} host answers no JSON object")
        if status >= 400:
            raise _raised(answer.get("error"), self._name)
        return answer


def _raised(error: Any, name: str) -> MammothboxError:
    """The host's error as our class of the same name."""
    detail = error if isinstance(error, dict) else {}
    found = getattr(errors, str(detail.get("type")), BadAnswer)
    known = isinstance(found, type) and issubclass(found, MammothboxError)
    kind: type[MammothboxError] = found if known else BadAnswer
    return kind(str(detail.get("message") or f"the {name} host answers an error"))
