"""The routes below /api/v1, one module for each thing that is asked for."""

from mammothbox.interfaces.api.routes import (
    files,
    finding,
    media,
    plans,
    runs,
    system,
    taking_in,
    words,
    work,
)

ROUTERS = (
    files.router,
    media.router,
    words.router,
    finding.router,
    plans.router,
    runs.router,
    taking_in.router,
    work.router,
    system.router,
)
"""All of them, in the order of the documentation."""
