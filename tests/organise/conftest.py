import shutil
import tempfile
from pathlib import Path

import pytest

from mammothbox.organise.journal import Journal
from mammothbox.organise.plan import Move, Plan
from mammothbox.organise.port import LocalFiles

SHM = Path("/dev/shm")
"""A volume in memory, where the system has one."""

ROOM = 200_000_000
"""Bytes that must be free there for tests to lie in it."""


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "library" / "organise.db")
    yield journal
    journal.close()


@pytest.fixture
def files():
    return LocalFiles()


@pytest.fixture
def quick_path(tmp_path):
    """A folder in memory where that is possible, else `tmp_path`.

    For tests that kill a process some hundred times: what it wrote survives that anywhere, and the
    disk, which it asks to have everything written down, is what would take the time.
    """
    if not SHM.is_dir() or shutil.disk_usage(SHM).free < ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=SHM) as folder:
        yield Path(folder)


@pytest.fixture
def other_volume(request, tmp_path):
    """A folder on another volume than `quick_path` where the test has it, else than `tmp_path`."""
    quick = "quick_path" in request.fixturenames
    here = (request.getfixturevalue("quick_path") if quick else tmp_path).stat().st_dev
    places = [place for place in (SHM, Path(tempfile.gettempdir())) if place.is_dir()]
    others = [place for place in places if place.stat().st_dev != here]
    if not others:
        pytest.skip(f"no second volume to test with: {SHM} is missing or the same volume")
    folder = Path(tempfile.mkdtemp(dir=others[0]))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def plan_of(files):
    """A plan of moves whose sizes, times and digests are those on the disk."""

    def make(root, moves):
        found = []
        for source, target in moves.items():
            stat = files.stat(str(root / source))
            digest = files.digest(str(root / source))
            found.append(Move(source, target, stat.size, stat.mtime_ns, digest))
        return Plan(str(root), (), tuple(found))

    return make
