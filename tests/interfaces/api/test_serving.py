"""`mammothbox serve` as a process: it answers, and one Ctrl-C ends it with its streams."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]


def test_one_ctrl_c_ends_it_though_somebody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = ["serve", "--library", str(tmp_path / "library"), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "mammothbox", *line],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                assert httpx.get(f"{url}/api/v1/health", timeout=10).json()["status"] == "ok"
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert "MammothBox" in httpx.get(url, timeout=10).text
        with httpx.stream("GET", f"{url}/api/v1/events", timeout=60) as events:
            lines = events.iter_lines()
            assert next(lines) == "event: jobs"
            process.send_signal(signal.SIGINT)
            list(lines)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert url in said
