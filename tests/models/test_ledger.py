"""The accounts that all commands of a user share, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mammothbox.errors import DoesNotFit, HostTimeout
from mammothbox.interfaces.cli.border import run
from mammothbox.models.governor import Governor
from mammothbox.models.ledger import Account, Ledger, born, myself

MB = 1_000_000


class Sleeper:
    """A host that only sleeps."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process and self.process.poll() is None else 0

    def start(self) -> None:
        if not self.pid:
            self.process = subprocess.Popen(["sleep", "100"])


@pytest.fixture
def sleepers() -> Iterator[Callable[[str], Sleeper]]:
    made: list[Sleeper] = []

    def make(engine: str) -> Sleeper:
        made.append(Sleeper(engine))
        return made[-1]

    yield make
    for sleeper in made:
        if sleeper.process:
            sleeper.process.kill()
            sleeper.process.wait()


def governor(folder: Path, budget: int = 100 * MB, timeout_s: float = 20) -> Governor:
    return Governor(Ledger(folder), lambda: budget, timeout_s)


def test_the_accounts_tell_what_happened(tmp_path: Path, sleepers) -> None:
    mine = governor(tmp_path)
    host = sleepers("eyes")
    with mine.lease(host, 60 * MB):
        (account,) = Ledger(tmp_path).read()
        assert (account.engine, account.pid, account.served) == ("eyes", host.pid, 0)
        assert len(account.users) == 1
    (account,) = Ledger(tmp_path).read()
    assert (account.users, account.served, account.estimated) == ([], 1, 60 * MB)
    assert account.last_used >= account.since > 0


def test_another_commands_idle_host_leaves_and_comes_back(
    tmp_path: Path, sleepers, monkeypatch
) -> None:
    monkeypatch.setattr("mammothbox.models.schedule.TENURE_S", 0.0)
    one, two = governor(tmp_path), governor(tmp_path)
    first, second = sleepers("llama"), sleepers("llama")
    with one.lease(first, 80 * MB):
        pass
    pid = first.pid
    with two.lease(second, 80 * MB):
        assert not born(pid)
        assert first.pid == 0
    with one.lease(first, 80 * MB):
        assert first.pid not in (0, pid)
        assert second.pid == 0


def test_a_busy_host_is_waited_for(tmp_path: Path, sleepers) -> None:
    one, two = governor(tmp_path), governor(tmp_path)
    first, second = sleepers("llama"), sleepers("whisper")
    order: list[str] = []
    leased, go = threading.Event(), threading.Event()

    def hold() -> None:
        with one.lease(first, 80 * MB):
            leased.set()
            assert go.wait(20)
            order.append("first ends")
        one.end_idle()

    holder = threading.Thread(target=hold)
    holder.start()
    assert leased.wait(20)
    threading.Timer(0.3, go.set).start()
    with two.lease(second, 80 * MB):
        order.append("second begins")
    holder.join(20)
    assert order == ["first ends", "second begins"]


def test_patience_ends(tmp_path: Path, sleepers) -> None:
    one, two = governor(tmp_path), governor(tmp_path, timeout_s=0.2)
    leased, go = threading.Event(), threading.Event()

    def hold() -> None:
        with one.lease(sleepers("llama"), 80 * MB):
            leased.set()
            go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert leased.wait(20)
    with pytest.raises(HostTimeout, match="llama"), two.lease(sleepers("whisper"), 80 * MB):
        pass
    with Ledger(tmp_path).open() as accounts:
        assert accounts.queue == []
    go.set()
    holder.join(20)


def test_what_does_not_fit_is_told_at_once(tmp_path: Path, sleepers) -> None:
    mine = governor(tmp_path)
    with pytest.raises(DoesNotFit, match="models plan"), mine.lease(sleepers("llama"), 101 * MB):
        pass
    with (
        mine.lease(sleepers("llama"), 80 * MB),
        pytest.raises(DoesNotFit, match="beside llama"),
        mine.lease(sleepers("eyes"), 30 * MB),
    ):
        pass


def test_a_killed_commands_accounts_vanish(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time; from pathlib import Path;"
        "from tests.models.test_ledger import Sleeper, governor\n"
        "with governor(Path(sys.argv[1])).lease(Sleeper('llama'), 80_000_000):\n"
        "    print('held', flush=True); time.sleep(100)"
    )
    root = Path(__file__).parents[2]
    command = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
    )
    assert command.stdout is not None
    assert command.stdout.readline() == b"held\n"
    (account,) = Ledger(tmp_path).read()
    command.send_signal(signal.SIGKILL)
    command.wait()
    command.stdout.close()
    os.kill(account.pid, signal.SIGKILL)  # a real host would have left by itself
    assert Ledger(tmp_path).read() == []


def test_a_process_that_took_over_an_old_number_is_left_alone(tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sleep", "100"])
    try:
        with Ledger(tmp_path).open() as accounts:
            old = Account("llama", myself(), innocent.pid, born(innocent.pid) - 100, 1, users=["x"])
            accounts.hosts.append(old)
            accounts.end(old)
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_damaged_file_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text('{"hosts": [{"engine": 3')
    with Ledger(tmp_path).open() as accounts:
        assert accounts.hosts == []


def test_the_command_tells_what_runs(
    tmp_path: Path, sleepers, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMOTHBOX_LEASES", str(tmp_path))
    host = sleepers("whisper")
    with governor(tmp_path).lease(host, 60 * MB):
        assert run(["models"]) == 0
        told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if line.startswith("whisper "))
    assert str(host.pid) in line
    assert "60" in line
    assert line.rstrip().endswith("yes")
    assert run(["models"]) == 0
    told = capsys.readouterr().out
    assert next(x for x in told.splitlines() if x.startswith("whisper ")).rstrip().endswith("no")


def test_one_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        with Ledger(tmp_path).open():
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == 1
