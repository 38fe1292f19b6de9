"""Searching, jobs with their events, uploads, plans carried out and taken back, failures."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mammothbox.interfaces.api.access import Access
from tests.interfaces.api.conftest import settle

if TYPE_CHECKING:
    from tests.interfaces.api.conftest import Box


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_search_says_why_and_where(still: Box) -> None:
    hits = still.get("/search", q="second 3", kind="audio")["hits"]
    spoken = [why for hit in hits for why in hit["why"] if why["field"] == "transcript"]
    assert 3.0 in [why["start_s"] for why in spoken]
    paged = still.get("/search", q="allotment", kind="document")["hits"][0]
    assert paged["name"] == "allotment-report.pdf"
    assert any(why["page"] for why in paged["why"])


def test_similar_and_search_by_picture(still: Box) -> None:
    digest = still.digest("IMG_2102.jpg")
    similar = still.get(f"/files/{digest}/similar")["hits"]
    assert similar
    assert digest not in [hit["digest"] for hit in similar]
    body = (still.folder / "photos" / "IMG_2102.jpg").read_bytes()
    found = still.client.post("/api/v1/search/picture", content=body)
    assert digest in [hit["digest"] for hit in found.json()["hits"]]
    assert still.client.post("/api/v1/search/picture", content=b"no picture").status_code == 415
    assert not list((still.library / "quarantine").iterdir())


def test_clusters(still: Box) -> None:
    groups = still.get("/clusters", folder=str(still.folder))["clusters"]
    assert groups
    assert all(sample["digest"] for group in groups for sample in group["samples"])


def test_what_is_said_of_a_folder_comes_with_its_ingest(box: Box) -> None:
    told = {"paths": [str(box.folder)], "context": "our trip to Norway"}
    assert box.job("/ingest", told)["state"] == "done"
    sheet = box.get(f"/files/{box.digest('IMG_2102.jpg')}")
    assert sheet["context"] == "our trip to Norway"
    assert sheet["summary"] == f"Our trip to Norway: {sheet['caption']}."
    assert box.job("/ingest", told | {"context": ""})["state"] == "done"
    assert "context" not in box.get(f"/files/{box.digest('IMG_2102.jpg')}")


def test_an_ingest_tells_its_events_to_the_end(box: Box) -> None:
    (box.folder / "new.txt").write_text("The heron stood in the reeds all morning.")
    job = box.post("/ingest", {"paths": [str(box.folder)]}, 202)
    with box.client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as stream:
        lines = list(stream.iter_lines())
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    names = [one.get("event") for one in told]
    assert {"state", "counted", "stage_started", "file_done", "stage_finished"} <= set(names)
    assert told[-1]["state"] == "done"
    assert told[-1]["result"]["done"] == 1
    assert box.get("/search", q="heron in the reeds")["hits"][0]["name"] == "new.txt"


def test_jobs_pause_resume_and_cancel(box: Box) -> None:
    gate, heard = threading.Event(), []

    def work(library: object, job: object) -> str:
        for number in range(1000):
            job.step(number, 1000)  # type: ignore[attr-defined]
            heard.append(number)
            gate.wait(0.01)
        return "finished"

    job = box.desk.submit("ingest", {}, work)
    box.post(f"/jobs/{job.id}/pause")
    for _ in range(500):
        if box.get(f"/jobs/{job.id}")["state"] == "paused":
            break
        gate.wait(0.01)
    assert box.get(f"/jobs/{job.id}")["state"] == "paused"
    so_far = len(heard)
    gate.wait(0.05)
    assert len(heard) == so_far
    assert box.post(f"/jobs/{job.id}/resume")["state"] == "running"
    box.client.delete(f"/api/v1/jobs/{job.id}")
    over = settle(box.client, {"id": job.id})
    assert over["state"] == "cancelled"
    assert len(heard) < 1000


def test_an_upload_is_taken_in_once(box: Box) -> None:
    body = b"Minutes of the beekeepers: the honey was late this year.\n"
    first = settle(
        box.client,
        box.client.post("/api/v1/uploads?name=../../bees.txt", content=body).json(),
    )
    assert first["state"] == "done"
    second = box.client.post("/api/v1/uploads?name=again.txt", content=body).json()
    assert second["about"] == first["about"]
    kept = Path(first["about"]["paths"][0])
    assert kept.parent.parent == box.library / "uploads"
    assert box.get("/search", q="beekeepers honey")["hits"][0]["name"] == "bees.txt"


def test_a_failed_file_is_listed_with_its_reason_and_tried_again(box: Box) -> None:
    failed = box.get("/failed")["failed"]
    assert [(Path(one["path"]).name, one["reason"]) for one in failed] == [
        ("broken.jpg", "Corrupt")
    ]
    whole = (box.folder / "photos" / "IMG_2103.jpg").read_bytes()
    (box.folder / "broken.jpg").write_bytes(whole)
    box.job("/ingest", {"paths": [str(box.folder)]})
    assert box.job("/failed/retry")["state"] == "done"
    assert box.get("/failed")["failed"] == []


def test_a_plan_is_edited_applied_and_undone(box: Box) -> None:
    before = _tree(box.folder)
    made = box.job("/plans", {"folder": str(box.folder), "by": "kind", "writer": False})
    name = made["result"]["plan"]
    plan = box.get(f"/plans/{name}")
    photo = next(m for m in plan["moves"] if m["source"] == "photos/IMG_2105.jpg")
    edit = {"op": "move", "files": [photo["source"]], "folder": "Chosen/Deep"}
    changed = box.client.patch(f"/api/v1/plans/{name}", json=edit).json()
    assert "Chosen/Deep" in [folder["path"] for folder in changed["folders"]]
    edit = {"op": "rename", "folder": "Chosen", "name": "Picked"}
    assert box.client.patch(f"/api/v1/plans/{name}", json=edit).status_code == 200
    assert box.post(f"/plans/{name}/check")["refused"] == []
    applied = box.job(f"/plans/{name}/apply", {})
    assert applied["state"] == "done", applied
    assert (box.folder / "Picked" / "Deep" / "IMG_2105.jpg").read_bytes() == before[photo["source"]]
    # the library knows the new place at once
    listed = {one["path"] for one in box.get("/files", limit=500)["files"]}
    assert str(box.folder / "Picked" / "Deep" / "IMG_2105.jpg") in listed
    assert all(Path(path).exists() for path in listed)
    assert box.client.get(f"/api/v1/files/{photo['digest']}/content").status_code == 200
    # and everything goes back
    run = applied["result"]["run"]
    assert box.job(f"/runs/{run}/undo")["state"] == "done"
    assert _tree(box.folder) == before
    listed = {one["path"] for one in box.get("/files", limit=500)["files"]}
    assert all(Path(path).exists() for path in listed)
    assert box.get("/runs")["runs"][0]["state"] == "undone"


def test_plans_refuse_to_leave_their_folder(box: Box) -> None:
    made = box.job("/plans", {"folder": str(box.folder), "by": "kind", "writer": False})
    name = made["result"]["plan"]
    source = box.get(f"/plans/{name}")["moves"][0]["source"]
    for folder in ("../out", "/etc", "a/../../b", "a/./b"):
        edit = {"op": "move", "files": [source], "folder": folder}
        answer = box.client.patch(f"/api/v1/plans/{name}", json=edit)
        assert (answer.status_code, answer.json()["reason"]) == (409, "IllegalMove"), folder


def test_the_command_line_works_beside_an_idle_server(box: Box) -> None:
    from mammothbox.library import Library
    from mammothbox.models.stub import StubModels

    settings = box.desk.settings
    with Library.open(settings, write=True, models=StubModels()) as library:  # type: ignore[arg-type]
        refused = box.client.patch(
            f"/api/v1/files/{box.digest('IMG_2101.jpg')}", json={"add_tags": ["x"]}
        )
        assert (refused.status_code, refused.json()["reason"]) == (423, "LibraryLocked")
        library.tag(str(box.folder / "photos" / "IMG_2101.jpg"), ["beside"])
    assert "beside" in box.get(f"/files/{box.digest('IMG_2101.jpg')}")["tags"]


def test_status_models_metrics_and_openapi(still: Box) -> None:
    status = still.get("/status")
    assert status["files"] == still.get("/files")["total"]
    assert status["memory"]["limit_bytes"] > 0
    assert {"lite", "full"} == {model["profile"] for model in still.get("/models")["models"]}
    text = still.client.get("/api/v1/metrics").text
    assert f'mammothbox_files{{kind="video"}} {status["kinds"]["video"]}' in text
    schema = still.client.get("/api/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            assert about["summary"], (method, path)
            assert "application/problem+json" in about["responses"]["404"]["content"]


def test_access_is_only_a_value() -> None:
    assert Access().answers_to("localhost")


def test_a_question_about_a_photo_is_answered_from_what_is_known(still: Box) -> None:
    body = {"digest": still.digest("IMG_2102.jpg"), "question": "when was it taken?"}
    assert set(still.post("/ask", body)) == {"text", "source", "evidence", "model"}
    body["digest"] = still.digest("reading.mp3")
    assert still.post("/ask", body, 400)["reason"] == "UsageError"
