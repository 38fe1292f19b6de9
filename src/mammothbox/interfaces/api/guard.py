"""The gate before every route: host, origin, token, size of bodies, and headers of every answer.

The page loads nothing from elsewhere and nothing elsewhere can use it: the policy says so to the
browser, and requests that come from another site's page are refused. A plain ASGI middleware.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mammothbox.interfaces.api.access import Access
from mammothbox.interfaces.api.problems import problem

COOKIE = "mammothbox"
BODY_BYTES = 4_000_000
"""Bytes of a JSON body; uploads have a limit of their own."""

UPLOADS = ("/api/v1/uploads", "/api/v1/search/picture")
_SAFE = ("GET", "HEAD", "OPTIONS")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


class Guard:
    """Wraps the application; see the module.

    Args:
        app: what is guarded.
        access: the rules.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through with the headers added."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no web sockets here
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        answer = self._refusal(scope, headers)
        sender = _with_headers(send)
        if answer is not None:
            await answer(scope, receive, sender)
            return
        await self._pass(scope, receive, sender, headers)

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]
    ) -> None:
        if scope["path"] in UPLOADS:
            await self._app(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > BODY_BYTES:
            await _too_much(scope)(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if not self._access.answers_to(name):
            return problem(421, "MisdirectedRequest", f"this server is not {host[:80]!r}", scope)
        if _foreign(scope["method"], host, headers):
            return problem(403, "ForeignOrigin", "requests of other sites are refused", scope)
        if self._access.token_hash:
            return self._ask_token(scope, headers)
        return None

    def _ask_token(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(query).get("token", "")
        if given and scope["method"] == "GET" and self._access.knows(given):
            rest = urlencode([pair for pair in query if pair[0] != "token"])
            path = "/" + scope["path"].lstrip("/")
            answer = RedirectResponse(path + ("?" + rest if rest else ""), 303)
            answer.set_cookie(COOKIE, given, httponly=True, samesite="strict", max_age=31_536_000)
            return answer
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token = bearer if scheme.lower() == "bearer" else _cookie(headers)
        if self._access.knows(token):
            return None
        answer401 = problem(
            401, "TokenNeeded", "open the address with ?token=… once, or send it as a bearer", scope
        )
        answer401.headers["www-authenticate"] = 'Bearer realm="mammothbox"'
        return answer401


def _foreign(method: str, host: str, headers: Mapping[str, str]) -> bool:
    """Whether a page of another site is behind the request."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return True
    if site in ("", "same-origin", "none"):
        return False
    return not (method in _SAFE and headers.get("sec-fetch-mode") == "navigate")


def _cookie(headers: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES:
            raise HTTPException(413, f"a body has at most {BODY_BYTES:,} bytes")
        return message

    return counted


def _too_much(scope: Scope) -> Response:
    return problem(413, "TooLarge", f"a body has at most {BODY_BYTES:,} bytes", scope)


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in given
                ),
            ]
        await send(message)

    return sender
