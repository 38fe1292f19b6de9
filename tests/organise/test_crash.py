"""Killed at any call and at any moment, a run can go on or go back: no byte lost, none overwritten.

The killed process is a fork of the test; SIGKILL leaves it no time to tidy up.
"""

import os
import random
import signal
import time

import pytest

from mammothbox.organise.apply import apply, resume
from mammothbox.organise.journal import Journal
from mammothbox.organise.port import LocalFiles
from mammothbox.organise.undo import undo

from .test_trouble import NoSafeRename
from .trees import contents, picture, plant

MESS = {"a.jpg": b"1", "a.xmp": b"2", "b.jpg": b"3", "x/c.pdf": b"4", "x/d": b"5", "p": b"6",
        "q": b"7", "keep": b"8"}  # fmt: skip
MOVES = {"a.jpg": "D/a.jpg", "b.jpg": "D/E/b.jpg", "x/c.pdf": "x/bill.pdf", "x/d": "F/d",
         "p": "q", "q": "p"}  # fmt: skip


class Lethal:
    """Wraps a port or a journal; dies before or after its n-th call (both share one count)."""

    def __init__(self, real, fuse, names):
        self._real, self._fuse, self._names = real, fuse, names

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if name not in self._names:
            return found

        def call(*args):
            self._fuse.burn()
            result = found(*args)
            self._fuse.burn()
            return result

        return call


class Fuse:
    def __init__(self, length):
        self.length = length

    def burn(self):
        self.length -= 1
        if self.length < 0:
            os.kill(os.getpid(), signal.SIGKILL)


CHANGES = {"make_folder", "rename", "link", "copy", "remove_file", "remove_folder", "set_times",
           "sync_folder", "digest", "stat"}  # fmt: skip
WRITES = {"begin", "mark", "set_run"}


def killed(work, length):
    """Whether `work(files, journal_wrapper)` was killed in a child with this fuse."""
    child = os.fork()
    if child == 0:
        fuse = Fuse(length)
        try:
            work(fuse)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def cases(other):
    """(name, port, into) of the ways a file can travel."""
    return {
        "rename": (LocalFiles, None),
        "link": (NoSafeRename, None),
        "copy": (LocalFiles, other),
    }


def open_steps(journal):
    return [s for s in journal.steps(1) if s.state in ("doing", "undoing", "planned")]


def check_end(root, into, before, journal, port, way):
    """After resume or undo everything is as it should be."""
    if way == "resume":
        if journal.runs():
            report = resume(1, journal, port())
            assert (report.refused, report.stopped) == ((), "")
            assert (into / "D/E/b.jpg").read_bytes() == b"3"
            assert (into / "q").read_bytes() == b"6"
            assert open_steps(journal) == []
            assert undo(journal, port(), run=1).refused == ()
    elif journal.runs():
        assert undo(journal, port(), run=1).refused == ()
    assert picture(root) == before
    if into != root:
        assert not into.exists()


@pytest.mark.parametrize(
    ("phase", "way"), [("apply", "resume"), ("apply", "undo"), ("undo", "undo")]
)
@pytest.mark.parametrize("travel", ["rename", "link", "copy"])
@pytest.mark.slow
def test_killed_before_and_after_each_call(quick_path, other_volume, plan_of, way, travel, phase):
    port, into = cases(other_volume / "new")[travel]
    step = 1 if travel != "copy" else 2
    for length in range(0, 10_000, step):
        base = quick_path / str(length)
        root, database = base / "mess", base / "lib" / "organise.db"
        plant(root, MESS)
        before = picture(root)
        plan = plan_of(root, MOVES)
        aim = str(into or root)
        if phase == "undo":
            journal = Journal(database)
            apply(plan, journal, port(), into=aim)
            journal.close()

        def work(fuse, plan=plan, aim=aim, database=database):
            journal = Lethal(Journal(database), fuse, WRITES)
            files = Lethal(port(), fuse, CHANGES)
            if phase == "apply":
                apply(plan, journal, files, into=aim)
            else:
                undo(journal, files)

        died = killed(work, length)
        everything = contents(root) + (contents(into) if into else [])
        assert set(everything) >= set(MESS.values())
        journal = Journal(database)
        if died:
            check_end(root, into or root, before, journal, port, way)
        journal.close()
        if not died:
            break
    assert length > 20
    assert not died


@pytest.mark.parametrize("mode", ["copy", "link"])
@pytest.mark.slow
def test_killed_while_second_names_and_copies_are_made(quick_path, plan_of, mode):
    for length in range(10_000):
        base = quick_path / str(length)
        root, database = base / "mess", base / "lib" / "organise.db"
        plant(root, MESS)
        before = picture(root)
        plan = plan_of(root, {name: to for name, to in MOVES.items() if name not in ("p", "q")})

        def work(fuse, plan=plan, database=database):
            journal = Lethal(Journal(database), fuse, WRITES)
            apply(plan, journal, Lethal(LocalFiles(), fuse, CHANGES), mode=mode)

        died = killed(work, length)
        assert {name: (root / name).read_bytes() for name in MESS} == MESS
        journal = Journal(database)
        if died and journal.runs() and length % 2:
            report = resume(1, journal, LocalFiles())
            assert (report.refused, report.stopped) == ((), "")
            assert (root / "D/E/b.jpg").read_bytes() == b"3"
        if journal.runs():
            assert undo(journal, LocalFiles(), run=1).refused == ()
        journal.close()
        assert picture(root) == before
        if not died:
            break
    assert length > 20
    assert not died


@pytest.mark.parametrize("travel", ["rename", "copy"])
@pytest.mark.slow
def test_killed_at_fifty_random_moments(quick_path, other_volume, plan_of, travel):
    port, into = cases(other_volume / "new")[travel]
    chance = random.Random(6)
    count = 150 if travel == "rename" else 40
    mess = {f"f{n // 10}/{n}.jpg": bytes([n]) * 5000 for n in range(count)}
    moves = {name: f"to{n % 7}/{n}.jpg" for n, name in enumerate(mess)}
    longest, deaths = 0.3, 0
    for moment in range(50):
        base = quick_path / str(moment)
        root, database = base / "mess", base / "lib" / "organise.db"
        plant(root, mess)
        before = picture(root)
        plan = plan_of(root, moves)
        child = os.fork()
        if child == 0:
            try:
                apply(plan, Journal(database), port(), into=str(into or root))
                undo(Journal(database), port())
            finally:
                os._exit(0)
        began = time.monotonic()
        time.sleep(chance.random() * longest)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        deaths += os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            longest = min(longest, time.monotonic() - began)
        everything = contents(root) + (contents(into) if into and into.exists() else [])
        assert set(everything) >= set(mess.values())
        journal = Journal(database)
        runs = journal.runs()
        if runs and runs[0].state == "applying" and moment % 2:
            assert resume(1, journal, port()).refused == ()
        if runs and runs[0].state != "undone":
            assert undo(journal, port(), run=1).refused == ()
        journal.close()
        assert picture(root) == before
    assert deaths > 25
