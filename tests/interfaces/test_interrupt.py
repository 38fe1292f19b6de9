"""Ctrl-C: the first waits for the next event, the second does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from mammothbox.errors import Interrupted
from mammothbox.events import Event, Note, StageFinished, StageStarted
from mammothbox.interfaces.cli import holding
from mammothbox.interfaces.cli.holding import held
from mammothbox.interfaces.cli.interrupt import Stopper
from mammothbox.interfaces.cli.session import Session
from mammothbox.library import Library

NOTE = Note("something")


def _press(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_stops_at_the_next_event_after_it_was_heard(number: int, capfd) -> None:
    heard: list[Event] = []
    with Stopper(heard.append) as stopper:
        stopper(NOTE)
        _press(number)
        with pytest.raises(Interrupted):
            stopper(NOTE)
    assert heard == [NOTE, NOTE]
    assert "press again to stop at once" in capfd.readouterr().err


def test_the_second_stops_at_once(monkeypatch) -> None:
    monkeypatch.setattr(holding, "ONE_PRESS_S", 0.0)
    with Stopper(lambda event: None):
        _press()
        with pytest.raises(KeyboardInterrupt):
            _press()


def test_a_signal_sent_twice_is_one_wish() -> None:
    with Stopper(lambda event: None) as stopper:
        _press()
        _press()
        with pytest.raises(Interrupted):
            stopper(NOTE)


def test_an_idle_watch_stops_at_once_and_a_busy_one_does_not() -> None:
    with Stopper(lambda event: None, idle_stops=True) as stopper:
        stopper(StageStarted("look", 1))
        _press()
        with pytest.raises(Interrupted):
            stopper(NOTE)
    with Stopper(lambda event: None, idle_stops=True) as stopper:
        stopper(StageStarted("look", 1))
        stopper(StageFinished("look", 1, 0.1))
        with pytest.raises(KeyboardInterrupt):
            _press()


def test_afterwards_the_signals_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stopper(lambda event: None):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def _hold(number: int, reached: list[str]) -> None:
    with held():
        _press(number)
        reached.append("one")
        _press(number)
        reached.append("two")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_ends_before_a_press_counts(number: int) -> None:
    before = signal.getsignal(number)
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _hold(number, reached)
    assert reached == ["one", "two"]
    assert signal.getsignal(number) == before


def test_a_second_press_ends_what_is_held(monkeypatch) -> None:
    monkeypatch.setattr(holding, "ONE_PRESS_S", 0.0)
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _hold(signal.SIGINT, reached)
    assert reached == ["one"]


def test_holding_leaves_errors_and_other_threads_alone() -> None:
    with pytest.raises(ZeroDivisionError), held():
        _ = 1 / 0
    done = []

    def other() -> None:
        with held():
            done.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert done


def test_a_press_while_a_library_closes_waits_until_it_is_closed(tmp_path, monkeypatch) -> None:
    session = Session(library=str(tmp_path / "library"))
    closed = []

    def close(library: Library) -> None:
        _press()
        library.store.close()
        closed.append(True)

    monkeypatch.setattr(Library, "close", close)
    with pytest.raises(KeyboardInterrupt), session.open(write=True):
        pass
    assert closed
    monkeypatch.undo()
    with session.open(write=True):  # nobody holds its lock
        pass


_PRESSED = """
import atexit, os, signal, sys
from mammothbox.interfaces import cli

def press(name="", *_):
    if name == {name!r}:
        os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, type("Press", (), {{"find_spec": staticmethod(press)}}))
if not {name!r}:
    atexit.register(press)
cli.main(["--version"])
"""


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("mammothbox.interfaces.cli.app", 130, "error: stopped"), ("", 0, "")],
    ids=["while it starts", "while it ends"],
)
def test_a_press_at_either_end_of_a_command(name: str, code: int, words: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PRESSED.format(name=name)], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr.strip()) == (code, words)
