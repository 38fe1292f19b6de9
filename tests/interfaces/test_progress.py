"""Progress: plain lines for logs, bars for terminals, nothing when quiet."""

from __future__ import annotations

import io

import pytest

from mammothbox.events import Counted, Event, FileDone, Note, Scanned, StageFinished, StageStarted
from mammothbox.interfaces.cli import progress
from mammothbox.interfaces.cli.bars import Bars, _Pace
from mammothbox.interfaces.cli.session import Session
from mammothbox.records import Kind

RUN: list[Event] = [
    Scanned(1000),
    Counted({Kind.IMAGE: 2, Kind.AUDIO: 0}, {"hidden": 3}, {"look": 2, "read": 0}, {"look": 90.0}),
    StageStarted("look", 2),
    FileDone("look", "/p/a\nb.jpg", "done", "", 1, 2, 1_200_000_000),
    FileDone("look", "/p/c.jpg", "failed", "the bytes do not decode", 2, 2, 1_200_000_000),
    Note("the writer rests"),
    StageFinished("look", 2, 1.25),
]


def test_plain_lines(capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    with progress.listener(Session()) as listen:
        for event in RUN:
            listen(event)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "found 2 image; left alone: 3; to do: look 2 (about 1:30)"
    assert lines[1] == "look: 2 files"
    assert lines[2].startswith("look: 1/2, ")
    assert lines[2].endswith("1.2 GB, /p/a\\nb.jpg")
    assert lines[-2:] == ["the writer rests", "look: done, 2 files in 1.2 s"]


def test_memory_that_nobody_here_knows_is_not_said_to_be_none(capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    with progress.listener(Session()) as listen:
        listen(StageStarted("look", 2))
        listen(FileDone("look", "/p/a.jpg", "done", "", 1, 2))
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("look: 1/2, ")
    assert last.endswith("left, /p/a.jpg")


def test_lines_are_rare(capsys) -> None:
    with progress.listener(Session()) as listen:
        for event in RUN[2:5] * 100:
            listen(event)
    assert "/p/" not in capsys.readouterr().err


def test_verbose_names_every_file_and_why(capsys) -> None:
    with progress.listener(Session(verbose=1)) as listen:
        for event in RUN:
            listen(event)
    told = capsys.readouterr().err
    assert "look: failed /p/c.jpg: the bytes do not decode" in told


def test_quiet_says_nothing(capsys) -> None:
    with progress.listener(Session(quiet=True)) as listen:
        for event in RUN:
            listen(event)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", [False, True])
def test_bars_take_every_event_and_show_names_harmlessly(verbose: bool, monkeypatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    with Bars(verbose=verbose) as bars:
        for event in RUN:
            bars(event)
        bars(FileDone("look", "/p/[red]x[/red].jpg", "done", "", 2, 2, 0))
    drawn = screen.getvalue()
    assert "[red]x[/red]" in drawn
    assert "2/2" in drawn


def test_the_pace_of_a_batch_is_that_of_the_stage(monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("sys.stderr", io.StringIO())
    bars = Bars(verbose=False)
    bars._progress.get_time = lambda: now[0]  # type: ignore[method-assign]
    bars(StageStarted("look", 100))
    now[0] = 10.0
    for done in range(1, 21):
        bars(FileDone("look", f"/p/{done}.jpg", "done", "", done, 100, 0))
    task = bars._progress.tasks[0]
    assert _Pace().render(task).plain == "2/s, 0:40 left"
