"""What the owner says of a folder, over real photos: found by it, and never taken for seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real
TRIP = "our trip to Norway with our dog"


def _all(box: Any) -> dict[str, dict[str, Any]]:
    lines = box("export").stdout.splitlines()
    return {Path(found["path"]).name: found for found in map(json.loads, lines)}


def test_an_owner_says_what_no_eye_can_see(box: Any) -> None:
    # given photos that were looked at, and nobody has said anything of them
    before = _all(box)
    assert not [found for found in before.values() if "context" in found]
    # when their owner does
    box("ingest", ".", "--describe", "none", "--context", TRIP, code=3)
    # then they are found by it
    found = json.loads(box("search", '"norway"', "--json").stdout)
    names = {Path(hit["path"]).name for hit in found}
    assert {"IMG_2102.jpg", "IMG_2103.jpg", "reading.mp3", "bicycle-invoice.pdf"} <= names
    # and the sentence has what was said, and what was seen, and nothing else
    after = _all(box)
    for name in ("IMG_2102.jpg", "IMG_2103.jpg"):
        was, now = before[name], after[name]
        assert now["summary"] == f"Our trip to Norway with our dog: {was['caption']}."
        assert (now.pop("context"), now["authors"].pop("context")["model"]) == (TRIP, "decoder")
        # all that the eyes said stands as it stood, who said it too
        assert {**now, "summary": ""} == {**was, "summary": ""}
    assert TRIP in box("show", "IMG_2103.jpg").stdout
    assert TRIP in box("status").stdout
    # and without it everything is as before
    box("ingest", ".", "--describe", "none", "--context", "", code=3)
    assert _all(box) == before
