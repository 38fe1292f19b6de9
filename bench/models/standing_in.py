"""A captioner for the `full` profile where its own is not there: that of `lite`, as a service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.processes import start


@contextmanager
def captioner(environ: Mapping[str, str]) -> Iterator[str]:
    """The address of a service that captions, running while the block does."""
    process = start(["serve", "blip", "--profile", "lite", "--port", "0", "--json"], environ)
    assert process.stdout is not None
    try:
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.communicate()
