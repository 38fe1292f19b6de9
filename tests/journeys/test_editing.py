"""A person's word, and what is removed: tag, forget, retry, purge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real


def _json(text: str) -> Any:
    return json.loads(text)


def test_tags_win_and_survive_another_run(box) -> None:
    before = set(_json(box("show", "IMG_2103.jpg", "--json").stdout)["tags"])
    assert before, "the models gave no tag to remove"
    dropped = sorted(before)[0]
    added = set(_json(box("tag", "IMG_2103.jpg", "+Kitchen", "+v", "--json").stdout)["tags"])
    assert added == before | {"kitchen", "v"}
    edited = set(_json(box("tag", "IMG_2103.jpg", f"-{dropped}", "-v", "--json").stdout)["tags"])
    assert edited == before - {dropped} | {"kitchen"}
    hits = _json(box("search", "coffee", "--tag", "kitchen", "--json").stdout)
    assert {Path(hit["path"]).name for hit in hits} == {"IMG_2103.jpg", "IMG_2103 (copy).jpg"}
    again = _json(box("ingest", ".", "--describe", "none", "--json", code=3).stdout)
    assert again["done"] == 0
    assert again["unchanged"] == 8
    assert set(_json(box("show", "IMG_2103.jpg", "--json").stdout)["tags"]) == edited


def test_forget_removes_a_folder_from_the_library_alone(box, holiday: Path) -> None:
    assert _json(box("forget", "notes", "--json").stdout)["forgotten"] == 2
    hits = _json(box("search", "ferry to Lowhaven", "--json").stdout)
    assert not [hit for hit in hits if "/notes/" in hit["path"]]
    assert len(list((holiday / "notes").iterdir())) == 2


def test_retry_does_again_what_failed(weights, bare) -> None:
    box = bare()
    (box.cwd / "cake.txt").write_text("Walnut cake with honey.")
    hurried = {"MAMMOTHBOX_DECODE_TIMEOUT_S": "0.000001"}
    box("ingest", ".", "--describe", "none", code=3, **hurried)
    assert _json(box("failed", "--json").stdout)[0]["error"] == "DecodeTimeout"
    assert _json(box("retry", "--json", MAMMOTHBOX_DESCRIBE="none").stdout)["done"] == 1
    assert _json(box("failed", "--json").stdout) == []
    assert "cake.txt" in box("search", "walnut").stdout


def test_purge_asks_and_removes_only_what_status_lists(box) -> None:
    mine = box.library / "mine.txt"
    mine.write_text("not MammothBox's")
    box("purge", typed="n\n", code=130)
    assert _json(box("status", "--json").stdout)["files"] == 9
    listed = _json(box("status", "--json").stdout)["paths"]
    removed = _json(box("purge", "--yes", "--json").stdout)["removed"]
    assert set(removed) <= set(listed)
    assert list(box.library.iterdir()) == [mine]
    box("status", code=2)


def test_purge_with_models_empties_the_cache(bare, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    box = bare(MAMMOTHBOX_CACHE=str(cache), MAMMOTHBOX_CONFIG=str(tmp_path / "config.toml"))
    box("models", "use", "lite")
    assert (tmp_path / "config.toml").exists()
    (cache / "models" / "minilm").mkdir(parents=True)
    (cache / "models" / "minilm" / "model.safetensors").write_bytes(b"x" * 1000)
    (cache / "notes.txt").write_text("not MammothBox's")
    box("purge", "--models", "--yes")
    left = [path for path in cache.rglob("*") if path.is_file() and path.name != ".lock"]
    assert left == [cache / "notes.txt"]
    assert not (tmp_path / "config.toml").exists()
