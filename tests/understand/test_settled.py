"""A second run over the same files costs little, and misses nothing that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mammothbox import settled
from mammothbox.events import IngestReport, ignore
from mammothbox.ingest import ingest
from mammothbox.models.contracts import ModelCard
from mammothbox.models.stub import StubModels
from mammothbox.settings import Settings
from mammothbox.store import Store, open_store


class Counting(Store):
    """A store that counts how often somebody asks what is pending."""

    asked = 0

    def pending(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        return super().pending(*args, **more)


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    with open_store(tmp_path / "library", write=True, url=database_url) as opened:
        opened.__class__ = Counting
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    (made / "a.txt").write_text("a note about boats\n", encoding="utf-8")
    (made / "b.txt").write_text("a note about trains\n", encoding="utf-8")
    (made / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (made / "noise.bin").write_bytes(bytes(64))
    return made


def _run(store: Store, folder: Path, models: Any = None, **settings: Any) -> IngestReport:
    chosen = Settings(decoders=1, describe="groups", **settings)
    return ingest(store, models or StubModels(), chosen, [str(folder)], None, ignore)


def _asked(store: Store) -> int:
    assert isinstance(store, Counting)
    asked, store.asked = store.asked, 0
    return asked


def test_nothing_new_is_told_from_the_note(store: Store, folder: Path) -> None:
    first = _run(store, folder)
    assert (first.found, first.done, first.failed, first.skipped) == (4, 2, 1, 1)
    _asked(store)
    second = _run(store, folder)
    assert _asked(store) == 0
    assert (second.found, second.unchanged, second.failed, second.skipped) == (4, 2, 1, 1)
    assert second.found == second.unchanged + second.failed + second.skipped
    third = _run(store, folder)
    assert third.by_kind == second.by_kind


@pytest.mark.parametrize("change", ["new", "changed", "gone"])
def test_a_change_is_never_missed(store: Store, folder: Path, change: str) -> None:
    _run(store, folder)
    if change == "gone":
        (folder / "a.txt").unlink()
    else:
        name = "c.txt" if change == "new" else "a.txt"
        (folder / name).write_text("quite another note, on bicycles\n", encoding="utf-8")
    report = _run(store, folder)
    assert report.done == (0 if change == "gone" else 1)
    assert report.found == {"new": 5, "changed": 4, "gone": 3}[change]
    assert _run(store, folder).done == 0


def test_a_new_model_takes_no_notice_of_the_note(store: Store, folder: Path) -> None:
    class Newer(StubModels):
        def cards(self) -> dict[str, ModelCard]:
            return {name: replace(card, revision="2") for name, card in super().cards().items()}

    _run(store, folder)
    assert _run(store, folder, models=Newer()).done == 2


def test_a_run_that_was_stopped_leaves_no_note(store: Store, folder: Path) -> None:
    def stop(event: object) -> None:
        if type(event).__name__ == "FileDone":
            raise KeyboardInterrupt

    settings = Settings(decoders=1, describe="groups")
    models: Any = StubModels()
    with pytest.raises(KeyboardInterrupt):
        ingest(store, models, settings, [str(folder)], None, stop)
    assert settled.read(store) is None
    assert _run(store, folder).done == 2
