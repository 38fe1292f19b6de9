"""Files that break programs go through `mammothbox ingest` in one run, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.badinput import run_bad_input


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_everything_bad_at_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    try:
        media = request.getfixturevalue("media")
    except pytest.skip.Exception:
        media = None  # then the hazards made here alone
    run = run_bad_input(tmp_path, media)
    assert run.faults() == []
    failed = {Path(one["path"]).name for one in run.failures}
    assert "huge.png" in failed, "600 times the pixel limit must not pass as done"
