"""The whole `full` profile over 50 mixed files within 6 GB: memory of all processes, at 10 Hz.

Random weights write until their limit of tokens, which trained ones seldom do; so the mix is mostly
photos, described in groups, and recordings and videos are short. The run is the command itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench.models import standing_in
from bench.models.plot import write_svg
from bench.models.sampling import GPU_EVERY_S, Samples
from bench.models.weights import BUDGET, lacks_captioner, prepare
from bench.processes import MARK, environment, marked, run_command, start
from bench.speed.inputs import Inputs
from mammothbox.models.catalog import model_for
from mammothbox.models.gpu import gpu_bytes
from mammothbox.settings import Settings

PHOTOS, DOCUMENTS, SOUNDS, VIDEOS = 46, 2, 1, 1
SOUND_S, VIDEO_S = 8.0, 5.0
SMALL = 3_000_000_000
LIMIT_S = 900.0
"""After this the run is stopped, and the memory until then is what was measured."""

FRESH_S = 1.0
"""Seconds between two looks for new processes, which are costly; a host loads for longer."""


def measure(settings: Settings, scratch: Path, plot: Path | None = None) -> dict[str, Any]:
    """Memory in GB (10^9) and how the run ended; `plot` is an SVG to write."""
    full = prepare(settings, scratch)
    folder = _files(scratch)
    env = environment(_variables(full, scratch))
    instead = lacks_captioner(full)
    on_gpu = model_for(full, "writer").gpu_bytes > 0  # then its weights are not in 3 GB of memory
    # Where a service stands for the captioner, its place is taken, though nobody is there yet.
    taken = {"BLIP_ENDPOINT": "http://127.0.0.1:9/v1"} if instead else {}
    refused = {} if on_gpu else {"with_3_gb": _refused(folder, env | taken)}
    with contextlib.ExitStack() as stack:
        if instead:
            env["BLIP_ENDPOINT"] = stack.enter_context(standing_in.captioner(env))
        family = _Family(env[MARK])
        watch = stack.enter_context(Samples(family.bytes))
        there = stack.enter_context(Samples(family.gpu_bytes, GPU_EVERY_S))
        process = start(["ingest", str(folder), "--describe", "groups", "--json"], env)
        report = _end(process)
    if plot is not None:
        write_svg(plot, watch.points, BUDGET, "memory of all processes, profile full, 50 files")
    return {
        "files": PHOTOS + DOCUMENTS + SOUNDS + VIDEOS,
        "most_gb": round(watch.most / 1e9, 2),
        "promised_gb": BUDGET / 1e9,
        **({"gpu_most_gb": round(there.most / 1e9, 2)} if there.most else {}),
        "samples": len(watch.points),
        "samples_a_second": round(watch.rate, 1),
        **report,
        "captioner": f"that of lite, as a service ({instead})" if instead else "the profile's own",
        **refused,
    }


def _variables(full: Settings, scratch: Path) -> dict[str, str]:
    return {
        "MAMMOTHBOX_CACHE": str(full.cache),
        "MAMMOTHBOX_LEASES": str(full.leases),
        "MAMMOTHBOX_LIBRARY": str(scratch / "pipeline-library"),
        "MAMMOTHBOX_PROFILE": "full",
        "MAMMOTHBOX_MEMORY_BYTES": str(BUDGET),
    }


def _files(scratch: Path) -> Path:
    shutil.rmtree(scratch / "pipeline-library", ignore_errors=True)
    make = Inputs(scratch / "pipeline", seed=9)
    make.photos(PHOTOS, (800, 600))
    make.documents(DOCUMENTS)
    make.sounds(SOUNDS, SOUND_S)
    make.videos(VIDEOS, VIDEO_S)
    return make.folder


def _refused(folder: Path, env: dict[str, str]) -> str:
    """What the command says under 3 GB before it does anything.

    Raises:
        RuntimeError: it went on.
    """
    small = {**env, "MAMMOTHBOX_MEMORY_BYTES": str(SMALL)}
    run = run_command(["ingest", str(folder), "--json"], extra=small, timeout_s=120)
    said = json.loads(run.err.strip().splitlines()[-1]) if run.code else {}
    if said.get("error") != "DoesNotFit":
        raise RuntimeError(f"under 3 GB it went on: {run.code} {run.out[-500:]} {run.err[-500:]}")
    return str(said["message"])


def _end(process: subprocess.Popen[str]) -> dict[str, Any]:
    """How the ingest ended, or that it was stopped.

    Raises:
        RuntimeError: it broke down.
    """
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        return {"stopped_after_s": LIMIT_S}
    if process.returncode not in (0, 3):
        raise RuntimeError(f"the ingest ended with {process.returncode}: {err[-2000:]}")
    report = json.loads(out)
    kept = ("seconds", "done", "skipped", "failed", "stage_seconds")
    return {name: report[name] for name in kept}


class _Family:
    """All processes of a run, by the mark in their environment."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._looked = 0.0
        self._known: dict[int, psutil.Process] = {}

    def bytes(self) -> int:
        """Proportional set sizes together, now."""
        if time.monotonic() - self._looked > FRESH_S:
            self._known = {one.pid: one for one in marked(self._mark)}
            self._looked = time.monotonic()
        return sum(self._sizes())

    def gpu_bytes(self) -> int:
        """Memory of the GPU together, now."""
        return gpu_bytes(*list(self._known))

    def _sizes(self) -> Iterator[int]:
        for pid, process in list(self._known.items()):
            try:
                info = process.memory_full_info()
                yield int(getattr(info, "pss", info.uss))
            except psutil.NoSuchProcess:
                del self._known[pid]
            except (psutil.Error, OSError):
                continue
