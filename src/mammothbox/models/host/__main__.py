"""Start a host: ``python -m mammothbox.models.host ENGINE --cache DIR --uds PATH``.

Place in the flow: the library starts this as a child. The engine begins to load in a thread before
the web framework is imported, so both happen at once. The process ends when its parent does (its
standard input closes, or it gets another parent), when it was idle for long, or on SIGTERM; Ctrl-C
belongs to the parent.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

WATCH_S = 1.0

YOUNG = 10_000
"""New objects after which unreachable ones are sought; more often would slow down the imports."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mammothbox.models.host")
    parser.add_argument("engine", help="an engine or a contract, e.g. whisper or transcriber")
    parser.add_argument("--cache", type=Path, required=True, help="directory of the weights")
    parser.add_argument("--profile", default="lite")
    parser.add_argument("--writer", default="large", choices=("large", "small"))
    parser.add_argument("--transcriber", default="", help="a model's id; empty: the profile's own")
    parser.add_argument("--embedder", default="", help="likewise")
    parser.add_argument("--captioner", default="", help="likewise")
    parser.add_argument("--first", default="", help="the contract that it is started for")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"))
    parser.add_argument("--threads", type=int, default=0, help="0: all cores, at most 8")
    parser.add_argument("--uds", type=Path, help="Unix socket to listen on")
    parser.add_argument("--port", type=int, default=0, help="or a TCP port on --host")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--idle-timeout", type=float, default=0.0, help="seconds; 0: never")
    parser.add_argument("--child", action="store_true", help="end with the parent process")
    return parser.parse_args()


def _end(folder: Path | None) -> None:
    """Leave at once: an engine may be computing in C, and nothing here needs saving."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _watch_parent(folder: Path | None) -> None:
    """End when the parent is gone.

    Standard input is a pipe whose other end only the parent holds; it closes however the parent
    ends, on every system. (Linux's parent-death signal would also fire when just the thread that
    started us ends.) The parent's id is watched too, should a fork of the parent hold the pipe.
    """
    parent = os.getppid()

    def by_pipe() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        _end(folder)

    def by_id() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_S)
        _end(folder)

    for watch in (by_pipe, by_id):
        threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Serve until told to stop."""
    arguments = _arguments()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(YOUNG)
    if arguments.uds is not None:
        # Engines' own temporary files go with the folder: a host that is told to end does so at
        # once, and cleans nothing up.
        tempfile.tempdir = str(arguments.uds.parent)
    if arguments.child:
        _watch_parent(arguments.uds.parent if arguments.uds else None)
    # No engine may look for a hub, whatever its libraries' defaults are.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    # Threads of an engine that wait for each other sleep, and do not spin: on cores that others use
    # too, llama.cpp's took ten times as long, and seven times the processor's time.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mammothbox.models.host.serving import serve

    serve(arguments)


if __name__ == "__main__":
    main()
