"""A messy folder is arranged, looked at, edited, carried out and given back, by the command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mammothbox.library import Library
from mammothbox.models.catalog import model_for
from mammothbox.organise.options import PlanOptions
from mammothbox.settings import load_settings

pytestmark = pytest.mark.real

CAKES = ["walnut", "lemon", "carrot", "plum", "almond", "poppy seed"]
TOWNS = ["Lowhaven", "Eastwick", "Marble Bay", "Oldport", "Northam", "Saint Ives"]


@pytest.fixture
def mess(weights: None, bare: Callable[..., object]) -> object:
    """A library that knows a folder of recipes and ferry times under neutral names."""
    box = bare()
    for number, (cake, town) in enumerate(zip(CAKES, TOWNS, strict=True)):
        recipe = f"Recipe for a {cake} cake: mix flour, butter, sugar and three eggs, bake an hour."
        ferry = (
            f"Timetable of the ferry to {town}: departure 9:40 from pier {number}, arrival 11:05."
        )
        (box.cwd / f"N_{2 * number:03}.txt").write_text(recipe)
        (box.cwd / f"N_{2 * number + 1:03}.txt").write_text(ferry)
    for number, path in enumerate(sorted(box.cwd.iterdir())):
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
    os.utime(box.cwd, (1_500_000_000, 1_500_000_000))
    box("ingest", ".", "--describe", "none")
    return box


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
        )
        for path in [folder, *folder.rglob("*")]
    }


def told(text: str) -> dict:
    return json.loads(text)


def test_plan_edit_check_apply_undo(mess, tmp_path: Path) -> None:
    before = tree(mess.cwd)
    plan = str(tmp_path / "plan.yaml")
    made = told(mess("plan", ".", "--no-writer", "-o", plan, "--json").stdout)
    kinds = {}
    for move in made["moves"]:
        kinds.setdefault(move["target"].rpartition("/")[0], set()).add(int(move["source"][2:5]) % 2)
    assert all(len(kind) == 1 for kind in kinds.values()), "recipes and ferries share a folder"
    assert tree(mess.cwd) == before

    old = next(folder["path"] for folder in made["folders"])
    text = Path(plan).read_text()
    Path(plan).write_text(text.replace(f"\n  {old}:\n", "\n  Kitchen and pier:\n", 1))
    assert told(mess("plan", "--check", plan, "--json").stdout)["done"] == 12
    assert told(mess("apply", plan, "--dry-run", "--json").stdout)["done"] == 12
    assert tree(mess.cwd) == before

    said = mess("apply", plan).stdout.splitlines()
    assert said[0].startswith("12 files moved, ")
    assert said[0].endswith(" made")
    assert said[1] == "back with: mammothbox undo 1"
    assert (mess.cwd / "Kitchen and pier").is_dir()
    moved = next(path for path in (mess.cwd / "Kitchen and pier").iterdir())
    told(mess("undo", "1", str(moved), "--json").stdout)
    assert (mess.cwd / moved.name).is_file()
    mess("undo")
    assert tree(mess.cwd) == before

    listed = told(mess("runs", "--json").stdout)
    assert [run["state"] for run in listed["runs"]] == ["undone"]
    assert listed["accepted"] + listed["rejected"] == 12
    assert listed["rejected"] > 0
    again = told(mess("plan", ".", "--no-writer", "--json").stdout)
    assert "Kitchen and pier" in {folder["path"] for folder in again["folders"]}


def test_changed_and_taken_files_are_left_alone_with_exit_6(mess, tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.yaml")
    made = told(mess("plan", ".", "--no-writer", "-o", plan, "--json").stdout)
    first, second = made["moves"][:2]
    (mess.cwd / first["source"]).write_text("something else")
    taken = mess.cwd / second["target"]
    taken.parent.mkdir(parents=True, exist_ok=True)
    taken.write_text("mine")
    done = told(mess("apply", plan, "--json", code=6).stdout)
    assert {Path(one["path"]).name for one in done["refused"]} == {
        first["source"],
        second["source"],
    }
    assert done["done"] == 10
    assert taken.read_text() == "mine"


def test_another_wish_starts_no_model_but_the_writer(mess) -> None:
    mess("plan", ".", "--no-writer")
    settings = load_settings(library=mess.library)
    for options, hosts in (
        (PlanOptions(by="date"), set()),
        (PlanOptions(by="mixed", hint="recipes by year", writer=False), set()),
        (PlanOptions(hint="call what is baked cakes"), {model_for(settings, "writer").engine}),
    ):
        with Library.open(settings, write=True) as library:
            made = library.plan(str(mess.cwd), options)
            assert set(library.models.pids()) == hosts
            assert (made.cost["writer_calls"] > 0) == bool(hosts)
    with Library.open(settings, write=True) as library:
        again = library.plan(str(mess.cwd), options)
        assert again.moves == made.moves
        assert library.models.pids() == {}


def test_accept_and_reject_are_counted_and_heeded(mess, tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.yaml")
    made = told(mess("plan", ".", "--no-writer", "-o", plan, "--json").stdout)
    right, wrong = (folder["path"] for folder in made["folders"][:2])
    assert told(mess("accept", plan, right, "--json").stdout)["accepted"] > 0
    assert told(mess("reject", plan, wrong, "--json").stdout)["rejected"] > 0
    again = told(mess("plan", ".", "--no-writer", "--json").stdout)
    paths = {folder["path"] for folder in again["folders"]}
    assert right in paths
    assert wrong not in paths
    mess("reject", plan, "No such folder", code=2)


def test_clusters_and_what_cannot_be_done(mess, tmp_path: Path) -> None:
    groups = json.loads(mess("clusters", ".", "--json").stdout)
    assert sum(group["size"] for group in groups) == 12
    assert all(Path(path).is_file() for group in groups for path in group["samples"])
    (tmp_path / "bad.yaml").write_text("plan: [")
    bad, nowhere = str(tmp_path / "bad.yaml"), str(tmp_path / "nowhere")
    for words in (
        ["plan"], ["apply"], ["undo"], ["plan", "--check", bad], ["apply", nowhere],
        ["plan", nowhere],
    ):  # fmt: skip
        mess(*words, code=2)
