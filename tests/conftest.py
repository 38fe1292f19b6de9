"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def media() -> Path:
    """The directory of real test media with ground truth, laid beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "media"
    folder = Path(os.environ.get("MAMMOTHBOX_TEST_MEDIA", default))
    if not folder.is_dir():
        reason = f"test media not found at {folder}; set MAMMOTHBOX_TEST_MEDIA to its directory"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
