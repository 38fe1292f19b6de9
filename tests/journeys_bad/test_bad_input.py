"""Files that break programs go through `mammothbox ingest` in one run, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.badinput import BadRun, run_bad_input

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(900)]


def _judge(run: BadRun) -> None:
    assert run.faults() == []


def test_hazards_made_here(tmp_path: Path) -> None:
    run = run_bad_input(tmp_path, media=None)
    _judge(run)
    failed = {Path(one["path"]).name for one in run.failures}
    assert "huge.png" in failed, "600 times the pixel limit must not pass as done"


def test_everything_bad_at_once(media: Path, tmp_path: Path) -> None:
    _judge(run_bad_input(tmp_path, media))
