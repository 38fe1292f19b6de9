"""Asking a library: search, similar, show, status, failed, duplicates, export."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real


def _json(text: str) -> Any:
    return json.loads(text)


def test_the_run_accounts_for_every_file_once(first_run: str, holiday: Path) -> None:
    report = _json(first_run.splitlines()[-1])
    assert list(report)[:7] == [
        "found",
        "done",
        "unchanged",
        "skipped",
        "failed",
        "seconds",
        "peak_pss_mb",
    ]
    files = sum(len(names) for _, _, names in os.walk(os.fsencode(holiday)))
    assert report["found"] == files
    assert report["found"] == report["done"] + report["failed"]
    assert report["failed"] == 1
    assert report["peak_pss_mb"] > 50


def test_search_finds_a_photo_by_what_it_shows(box) -> None:
    hits = _json(box("search", "a cat", "--json").stdout)
    assert hits[0]["path"].endswith(("IMG_2102.jpg", "IMG_2102_small.jpg"))
    assert hits[0]["kind"] == "image"
    assert hits[0]["score"] >= hits[-1]["score"]
    assert {"how", "field", "text"} <= hits[0]["why"][0].keys()


def test_search_for_people_is_relative_and_says_why(box) -> None:
    told = box("search", "invoice", "for", "a", "bicycle", "--kind", "document").stdout
    lines = told.splitlines()
    assert lines[0].startswith(" 1. bicycle-invoice.pdf  document, ")
    assert "page 1: " in told
    assert "\x1b" not in told


def test_search_finds_the_second_of_a_spoken_sentence(box) -> None:
    told = box("search", "cold hearted and rather selfish", "--kind", "audio").stdout
    assert "reading.mp3" in told.splitlines()[0]
    assert "at 0:0" in told


def test_search_filters_by_folder_and_date(box, holiday: Path) -> None:
    inside = _json(box("search", "ferry", "--in", "notes", "--json").stdout)
    assert all("/notes/" in hit["path"] for hit in inside)
    assert inside
    assert _json(box("search", "ferry", "--until", "1970", "--json").stdout) == []
    assert box("search", "ferry", "--until", "1970").stdout == "nothing found\n"


def test_names_are_harmless_on_a_terminal_and_whole_in_json(box) -> None:
    told = box("search", "ferry to Lowhaven", "--limit", "1").stdout
    assert "notes/ferry\\n\\x1b[31mred.txt" in told
    hits = _json(box("search", "walnut cake", "--limit", "1", "--json").stdout)
    assert os.fsencode(hits[0]["path"]).endswith(b"/notes/caf\xe9.txt")
    shown = _json(box("show", b"notes/caf\xe9.txt", "--json").stdout)
    assert os.fsencode(shown["path"]).endswith(b"/notes/caf\xe9.txt")


def test_similar_finds_the_smaller_copy(box) -> None:
    hits = _json(box("similar", "IMG_2102.jpg", "--json").stdout)
    assert hits[0]["path"].endswith("IMG_2102_small.jpg")


def test_show_has_what_is_known_and_who_said_it(box) -> None:
    photo = _json(box("show", "IMG_2102.jpg", "--json").stdout)
    names = "path digest kind mime taken_at camera gps width height duration_s pages caption labels"
    names += " objects ocr_text transcript title summary category tags entities authors"
    assert set(names.split()) <= photo.keys()
    assert photo["authors"]["caption"].keys() == {"model", "revision"}
    sound = _json(box("show", "reading.mp3", "--json").stdout)
    assert sound["transcript"]["language"] == "en"
    assert sound["transcript"]["segments"][0].keys() >= {"start_s", "end_s", "text"}
    told = box("show", "./notes/../reading.mp3").stdout
    assert "ill-disposed" in told
    assert "whisper" in told


def test_ask_answers_from_what_is_known_and_says_where_nothing_is(box) -> None:
    found = _json(box("ask", "IMG_2102.jpg", "what does this photo show?", "--json").stdout)
    known = _json(box("show", "IMG_2102.jpg", "--json").stdout)
    assert found["guess"] is True
    assert found["source"] in ("caption", "labels")
    assert found["evidence"] == known["caption"] or found["source"] == "labels"
    told = box("ask", "IMG_2102.jpg", "who is the president of France?").stdout
    assert "nothing known of this photo answers that" in told
    assert "mammothbox models pull full" in told
    assert "is no photo" in box("ask", "reading.mp3", "who speaks?", code=2).stderr


def test_show_of_a_stranger_says_how_to_add_it(box) -> None:
    told = box("show", "nowhere.jpg", code=2).stderr
    assert "mammothbox ingest" in told
    assert _json(box("show", "nowhere.jpg", "--json", code=2).stderr)["error"] == "NotFound"


def test_status_counts_and_lists_every_file_it_wrote(box) -> None:
    status = _json(box("status", "--json").stdout)
    assert status["files"] == 9
    assert status["kinds"]["image"] == 5
    known = [json.loads(line) for line in box("export").stdout.splitlines()]
    labelled = {item["digest"] for item in known if item["caption_from_labels"]}
    assert status["labels_only"] == len(labelled)
    assert set(status["models"]) >= {"captioner", "transcriber", "writer"}
    on_disk = {str(path) for path in box.library.rglob("*") if path.is_file()}
    assert on_disk <= set(status["paths"])
    assert "labels yet" in box("status").stdout


def test_failed_names_file_step_and_reason(box) -> None:
    failures = _json(box("failed", "--json").stdout)
    assert [Path(one["path"]).name for one in failures] == ["broken.jpg"]
    assert failures[0]["step"] == "facts"
    assert failures[0]["reason"]
    assert "broken.jpg" in box("failed").stdout


def test_duplicates_lists_equal_and_alike_until_told_apart(box) -> None:
    found = _json(box("duplicates", "--json").stdout)
    assert [[Path(path).name for path in group] for group in found["exact"]] == [
        ["IMG_2103 (copy).jpg", "IMG_2103.jpg"]
    ]
    alike = {Path(found["near"][0][name]).name for name in ("first", "second")}
    assert alike == {"IMG_2102.jpg", "IMG_2102_small.jpg"}
    box("duplicates", "--not-duplicate", "IMG_2102.jpg", "IMG_2102_small.jpg")
    assert _json(box("duplicates", "--json").stdout)["near"] == []


def test_export_writes_one_line_a_file_and_sidecars_only_on_request(
    box, holiday: Path, tmp_path: Path
) -> None:
    before = sorted(os.listdir(holiday))
    rows = [_json(line) for line in box("export").stdout.splitlines()]
    assert len(rows) == 9
    assert sorted(os.listdir(holiday)) == before
    box("export", "--xmp", "--to", str(tmp_path / "xmp"))
    sidecars = {path.name for path in (tmp_path / "xmp").rglob("*.xmp")}
    assert "IMG_2102.jpg.xmp" in sidecars
    assert sorted(os.listdir(holiday)) == before


def test_a_search_imports_no_web_framework_and_no_bars(box) -> None:
    done = box("search", "cat", "--limit", "1", PYTHONPROFILEIMPORTTIME="1")
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    assert "sqlalchemy" in imported  # the list is really there
    heavy = {"rich", "httpx", "starlette", "uvicorn", "fastapi", "onnxruntime", "av", "PIL"}
    heavy |= {"mammothbox.decode", "mammothbox.organise.planner", "mammothbox.cluster"}
    assert heavy.isdisjoint(imported)
    # The former starts the model's host, which loads while these are imported.
    later = min(imported.index("numpy"), imported.index("sqlalchemy"))
    assert imported.index("mammothbox.model_admin") < later
