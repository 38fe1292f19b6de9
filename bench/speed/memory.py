"""The most memory that all processes of one command use together."""

from __future__ import annotations

from pathlib import Path

from bench.processes import run_command
from bench.speed.inputs import EXAMPLES


def library(scratch: Path) -> Path:
    """Where `examples` puts its library."""
    return scratch / "examples-library"


def examples(scratch: Path) -> dict[str, float]:
    """``peak_pss_mb`` of ``mammothbox ingest examples``, as the command itself tells it.

    Proportional set size, megabytes (10^6 bytes); on macOS, which has none, the unique set size.
    """
    run = run_command(["ingest", str(EXAMPLES), "--library", str(library(scratch)), "--json"])
    if run.code not in (0, 3):
        raise RuntimeError(f"the ingest failed with code {run.code}: {run.err}")
    return {"peak_pss_mb": run.json["peak_pss_mb"], "examples_s": run.json["seconds"]}
