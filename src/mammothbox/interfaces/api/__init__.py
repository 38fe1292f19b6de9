"""The library over HTTP: an API for programs and the page for people, on one port.

    uvicorn → Guard (host, origin, token, headers) → routes → jobs.Desk → library

Routes are plain functions that FastAPI runs in worker threads; nothing here computes by itself.
"""

from mammothbox.interfaces.api.serving import serve_app

__all__ = ["serve_app"]
