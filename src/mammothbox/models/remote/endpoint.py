"""Requests to one service: time-outs, second tries where they are safe, and errors of our own tree.

Place in the flow: the clients beside this module speak contracts through it. All requests here only
compute, so one that got no answer may be sent again; one that is slow is not, since its work may
still go on there. A service that is away raises `ServiceAway`, whatever the reason; an input that
it refuses raises `BadAnswer`, so that it alone is marked.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from mammothbox.errors import BadAnswer, HostTimeout, ServiceAway, Unsupported, UsageError
from mammothbox.models.remote.breaker import Breaker

CONNECT_S = 3.0
PROBE_S = 5.0
TRIES = 4
BACKOFF_S = 0.25
LONGEST_WAIT_S = 10.0
COME_BACK = (429, 502, 503)
"""Statuses with which a service says that it has not worked on the request."""

LOCAL_ONLY = ("cache_prompt", "id_slot")
"""Fields that only our own hosts are sent."""


class Endpoint:
    """One service. For several threads.

    Args:
        name: of the setting, e.g. ``BLIP_ENDPOINT``, for messages.
        url: base URL, with or without ``/v1``.
        model: name of the model; empty for the first of the service's list.
        key: bearer token, or empty.
        timeout_s: seconds one request may take.

    Raises:
        UsageError: the URL is not one of HTTP.
    """

    def __init__(self, name: str, url: str, model: str, key: str, timeout_s: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{name}={url} is no http:// address")
        self.name, self.url, self.wanted = name, url.rstrip("/").removesuffix("/v1"), model
        self._key, self._timeout_s = key, timeout_s
        self._breaker = Breaker()

    @cached_property
    def _client(self) -> Any:
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limit = httpx.Timeout(self._timeout_s, connect=CONNECT_S)
        return httpx.Client(base_url=self.url, headers=headers, timeout=limit, trust_env=False)

    def models(self) -> list[dict[str, Any]]:
        """What the service lists, asked once with little patience.

        Raises:
            ServiceAway: it does not answer, or lists nothing.
        """
        import httpx

        limit = httpx.Timeout(PROBE_S, connect=CONNECT_S)
        answer = self._checked(self._send("GET", "/v1/models", timeout=limit))
        data = answer.get("data")
        found = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        if not found:
            raise ServiceAway(f"{self.name} ({self.url}) lists no models")
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST a JSON object, get one.

        Raises:
            ServiceAway: no answer after several tries, or it refuses us altogether.
            HostTimeout: the service lives but took too long over this.
            BadAnswer: it refuses this input, or its answer is no JSON object.
        """
        data = {key: value for key, value in body.items() if key not in LOCAL_ONLY}
        return self._guarded(lambda: self._send("POST", path, json=data))

    def post_file(self, path: str, fields: dict[str, str], file: Callable[[], Any]) -> Any:
        """POST a form with one file, made anew at each try; raises as `post`."""
        return self._guarded(lambda: self._send("POST", path, data=fields, files={"file": file()}))

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """POST a JSON object; the JSON of each server-sent event. Not tried twice.

        Raises:
            ServiceAway: the service does not answer, or breaks off.
        """
        import httpx

        try:
            with self._client.stream("POST", path, json=body) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    self._checked(answer)
                for line in answer.iter_lines():
                    data = line.removeprefix("data:").strip()
                    if line.startswith("data:") and data != "[DONE]":
                        yield json.loads(data)
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _guarded(self, send: Callable[[], Any]) -> dict[str, Any]:
        """`send` as often as is safe, unless the service was away just now."""
        if not self._breaker.allows():
            raise ServiceAway(f"{self.name} ({self.url}) was away just now")
        try:
            answer = self._checked(self._tried(send))
        except (ServiceAway, HostTimeout):
            self._breaker.failed()
            raise
        except (BadAnswer, Unsupported):
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer

    def _tried(self, send: Callable[[], Any]) -> Any:
        """The response; a transport's failure or "come back" is tried again, a time-out is not."""
        for left in range(TRIES - 1, -1, -1):
            wait = BACKOFF_S * 2 ** (TRIES - 1 - left) * (0.5 + random.random())  # noqa: S311
            try:
                response = send()
            except ServiceAway:
                if not left:
                    raise
            else:
                if response.status_code not in COME_BACK or not left:
                    return response
                wait = max(wait, _asked_wait(response.headers.get("retry-after", "")))
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _send(self, method: str, path: str, **more: Any) -> Any:
        import httpx

        try:
            return self._client.request(method, path, **more)
        except httpx.ReadTimeout as error:
            if path == "/v1/models" or not self._lives():
                raise self._away(error) from error
            raise HostTimeout(f"{self.name} gave no answer in {self._timeout_s:.0f} s") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._away(error) from error

    def _lives(self) -> bool:
        try:
            self.models()
        except ServiceAway:
            return False
        return True

    def _away(self, error: Exception) -> ServiceAway:
        why = str(error) or type(error).__name__
        return ServiceAway(f"{self.name} ({self.url}) does not answer: {why}")

    def _checked(self, response: Any) -> dict[str, Any]:
        """The answer's JSON object, or the error it stands for."""
        try:
            answer = response.json()
        except ValueError:
            answer = None
        status = response.status_code
        if status < 400:
            if isinstance(answer, dict):
                return answer
            raise BadAnswer(f"{self.name} answers {status} without a JSON object")
        message, code = _told(answer)
        text = f"{self.name} ({self.url}) answers {status}: {message}"
        if status in (401, 403):
            raise ServiceAway(f"{text}; set {self.name.replace('ENDPOINT', 'API_KEY')}")
        if status in (404, *COME_BACK, 507):
            raise ServiceAway(text)
        if status == 504:
            raise HostTimeout(text)
        raise Unsupported(message) if code == "Unsupported" else BadAnswer(text)


def _told(answer: Any) -> tuple[str, str]:
    """Message and code of an error's JSON, of whatever make."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, dict):
        text = error.get("message") or error.get("detail") or error
        return str(text)[:300], str(error.get("code", ""))
    return str(error or "without a reason")[:300], ""


def _asked_wait(header: str) -> float:
    return min(float(header), LONGEST_WAIT_S) if header.isdigit() else 0.0
