import shutil
import tempfile
from pathlib import Path

import pytest

from mammothbox.organise.journal import Journal
from mammothbox.organise.plan import Move, Plan
from mammothbox.organise.port import LocalFiles


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "library" / "organise.db")
    yield journal
    journal.close()


@pytest.fixture
def files():
    return LocalFiles()


@pytest.fixture
def other_volume(tmp_path):
    """A folder on another volume than `tmp_path`."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second volume to test with: /dev/shm is missing or the same volume")
    folder = Path(tempfile.mkdtemp(dir=shm))
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
