"""`mammothbox serve`: the web application, or one model as a service for other programs."""

from __future__ import annotations

import sys
from functools import partial

import click

from mammothbox.interfaces.cli import exits
from mammothbox.interfaces.cli.answer import emit, remark, say
from mammothbox.interfaces.cli.arguments import pass_session
from mammothbox.interfaces.cli.command import command
from mammothbox.interfaces.cli.session import Session
from mammothbox.settings import Settings

PORTS = {"blip": 8001, "whisper": 8002, "phi35": 8003, "clip": 8004, "text": 8005}
"""Each service and where it listens unless told otherwise; the application is on `APP_PORT`."""

APP_PORT = 8080
LOCAL = ("127.0.0.1", "::1", "localhost")


@command(
    examples=[
        ("mammothbox serve", "the application, on http://127.0.0.1:8080"),
        ("mammothbox serve whisper", "speech to text, on http://127.0.0.1:8002/v1"),
        ("mammothbox serve blip --port 9001 --token SECRET", "captions, for who knows the token"),
    ],
    codes=[exits.OK, exits.USAGE, exits.MODEL, exits.LIBRARY, exits.INTERRUPTED],
)
@click.argument("name", type=click.Choice(sorted(PORTS)), required=False)
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 for any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--token", help="Ask every client for this bearer token.")
@click.option(
    "--idle-timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End an unused model after this time; it comes back when asked. 0: never.",
)
@pass_session
def serve(
    session: Session,
    name: str | None,
    port: int | None,
    host: str,
    token: str | None,
    idle_timeout: float | None,
) -> None:
    """Serve the application, or one model over HTTP until Ctrl-C.

    Without a name: the application. With one: blip (captions) on port 8001, whisper (speech to
    text) on 8002, phi35 (the writer) on 8003, clip (pictures and sentences to vectors) on 8004,
    text (passages to vectors) on 8005, each in the shapes of the OpenAI API below /v1. The model
    behind a name is that of the profile in use; GET /v1/models tells it.
    """
    settings = _settings(session.settings(), token, idle_timeout)
    if name is None:
        from mammothbox.interfaces.api import serve_app

        serve_app(settings, host, APP_PORT if port is None else port, settings.token)
        return
    from mammothbox.services import serve_model

    if host not in LOCAL and not settings.token and not session.quiet:
        remark(f"anybody who reaches {host} can use this; --token asks them for a word")
    port = PORTS[name] if port is None else port
    serve_model(name, settings, host, port, partial(_announce, session, name))


def _announce(session: Session, name: str, model: str, url: str) -> None:
    if session.json:
        emit({"service": name, "model": model, "url": f"{url}/v1"})
    elif not session.quiet:
        say(f"{name}: {model} on {url}/v1 (Ctrl-C ends it)")
    sys.stdout.flush()


def _settings(settings: Settings, token: str | None, idle_timeout: float | None) -> Settings:
    from dataclasses import replace

    changes: dict[str, object] = {}
    if token is not None:
        changes["token"] = token
    if idle_timeout is not None:
        changes["idle_timeout_s"] = idle_timeout
    return replace(settings, **changes)  # type: ignore[arg-type]


COMMAND = serve
