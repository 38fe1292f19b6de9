"""Running the application until it is stopped: what `mammothbox serve` calls."""

from __future__ import annotations

import sys
from types import FrameType

from mammothbox.errors import UsageError
from mammothbox.interfaces.api.access import is_loopback, prepare
from mammothbox.settings import Settings

LEAST_TOKEN = 12
"""Characters of a token that is good enough to listen beyond this machine."""


def serve_app(settings: Settings, host: str, port: int, token: str = "") -> None:
    """Serve the page and the API until Ctrl-C.

    Args:
        settings: which library.
        host: address to listen on; anywhere but loopback needs a token.
        port: TCP port, 0 for any free one.
        token: what clients must send; empty makes one where it is needed, and prints it once.

    Raises:
        UsageError: the token is too short, or the port is taken.
        LibraryError: the library cannot be used.
    """
    import uvicorn

    from mammothbox.interfaces.api.app import create_app
    from mammothbox.jobs import Desk
    from mammothbox.services.listening import listen

    if token and not is_loopback(host) and len(token) < LEAST_TOKEN:
        raise UsageError(f"a token for other machines needs at least {LEAST_TOKEN} characters")
    access, fresh = prepare(settings.library, host, token)
    with Desk(settings) as desk:
        config = uvicorn.Config(
            create_app(desk, access),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=30,
        )

        class Server(uvicorn.Server):
            """Lets streams end by themselves before it closes their connections."""

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                desk.leaving.set()
                super().handle_exit(sig, frame)

        server = Server(config)
        with listen(host, port) as bound:
            _tell(f"http://{_shown(host)}:{bound.getsockname()[1]}/", fresh)
            server.run([bound])


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only spoken of
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _tell(address: str, fresh: str) -> None:
    lines = [f"MammothBox is at {address} (Ctrl-C ends it)"]
    if fresh:
        lines += [
            f"open it once with {address}?token={fresh}",
            "this token is shown only now; delete token.sha256 in the library for a new one",
        ]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201
