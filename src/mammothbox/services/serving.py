"""Listen on a port until told to stop.

Place in the flow: the command line calls `serve_model`. SIGINT and SIGTERM let what is being
answered finish, then the model's process and the decoders end.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from socket import socket
from typing import Any

from mammothbox.services.listening import address, listen
from mammothbox.settings import Settings

ENDPOINTS = ("blip_endpoint", "clip_endpoint", "whisper_endpoint", "phi35_endpoint")
GRACE_S = 10
"""Seconds that requests in work may take to finish at the end."""


def run(app: Any, bound: socket) -> None:
    """Serve `app` until SIGINT or SIGTERM."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Stop on a signal, and do not raise it again: this is the normal end."""
            caught = (signal.SIGINT, signal.SIGTERM)
            before = {number: signal.signal(number, self.handle_exit) for number in caught}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    Server(config).run(sockets=[bound])


def serve_model(
    name: str, settings: Settings, host: str, port: int, announce: Callable[[str, str], None]
) -> None:
    """Serve one model until SIGINT or SIGTERM.

    Args:
        name: one of `kinds.KINDS`.
        settings: profile, budget, limits, token.
        host: address to listen on.
        port: TCP port; 0 for any free one.
        announce: told the model's id and the base URL once the port is had.

    Raises:
        UsageError: the port is taken.
        ModelError: the model cannot run: weights missing, no room.
    """
    from mammothbox.decode import Decoder
    from mammothbox.models import open_models
    from mammothbox.services.app import build_app
    from mammothbox.services.desk import Desk
    from mammothbox.services.kinds import KINDS

    kind = KINDS[name]
    # What is served is computed here, whatever services this machine uses otherwise.
    settings = replace(settings, **dict.fromkeys(ENDPOINTS, ""))  # type: ignore[arg-type]
    with listen(host, port) as bound, open_models(settings) as models, Decoder(settings) as decoder:
        models.start(kind.contract)
        desk = Desk(kind, models, decoder, settings)
        announce(desk.card().id, address(bound))
        run(build_app(desk, settings.token), bound)
