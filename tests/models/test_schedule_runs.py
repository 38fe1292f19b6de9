"""Whole runs of several commands over the pure decision: what must hold at every moment of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mammothbox.models.schedule import (
    TENURE_S,
    Evict,
    Held,
    Never,
    Start,
    Wait,
    Waiting,
    decide,
    stuck,
)

SIZES = {"eyes": 30, "whisper": 40, "llama": 70, "ocr": 20}
ON_GPU = {"whisper": 20, "llama": 50}
GPU = 60


@dataclass
class Command:
    """Wants engines one after the other, each for so many seconds."""

    name: str
    wants: list[tuple[str, int]]
    until: float = -1.0
    done: int = 0

    @property
    def who(self) -> str:
        return f"{self.name}/1"


class World:
    """Commands, the accounts, a clock; one step a second."""

    def __init__(self, commands: list[Command], budget: int) -> None:
        self.commands, self.budget = commands, budget
        self.held: list[Held] = []
        self.queue: list[Waiting] = []
        self.now, self.tickets = 0.0, 0
        self.loads: list[tuple[float, str, str]] = []

    def step(self) -> None:
        for command in self.commands:
            self.release(command)
            if command.until < 0 and command.wants:
                self.ask(command)
            assert sum(host.size for host in self.held) <= self.budget
            assert sum(host.gpu for host in self.held) <= GPU
        self.now += 1

    def release(self, command: Command) -> None:
        if 0 <= command.until <= self.now:
            self.held = [
                replace(h, busy=False, users=(), last_used=self.now)
                if command.who in h.users
                else h
                for h in self.held
            ]
            command.wants.pop(0)
            command.until, command.done = -1.0, command.done + 1

    def ask(self, command: Command) -> None:
        engine, seconds = command.wants[0]
        size = SIZES[engine]
        match decide(
            self.budget,
            self.held,
            engine,
            size,
            gpu=ON_GPU.get(engine, 0),
            gpu_budget=GPU,
            owner=command.name,
            who=command.who,
            now=self.now,
            queue=self.queue,
        ):
            case Start():
                self.queue = [w for w in self.queue if w.who != command.who]
                self.start(command, engine, size)
                command.until = self.now + seconds
            case Evict(_, hosts):
                assert not any(host.busy for host in hosts)
                for host in hosts:
                    self.held.remove(host)
                self.ask(command)
            case Wait():
                if not any(w.who == command.who for w in self.queue):
                    self.tickets += 1
                    self.queue.append(Waiting(self.tickets, command.who, engine, size))
            case Never():
                raise AssertionError("every engine fits alone")

    def start(self, command: Command, engine: str, size: int) -> None:
        mine = next((h for h in self.held if (h.name, h.owner) == (engine, command.name)), None)
        if mine is None:
            self.loads.append((self.now, command.name, engine))
            mine = Held(engine, size, False, self.now, command.name, self.now)
            mine = replace(mine, gpu=ON_GPU.get(engine, 0))
        else:
            self.held.remove(mine)
        assert not mine.busy
        self.held.append(replace(mine, busy=True, users=(command.who,)))


WANTS = st.lists(st.tuples(st.sampled_from(sorted(SIZES)), st.integers(1, 15)), max_size=8)


@settings(deadline=None)
@given(st.lists(WANTS, min_size=1, max_size=4), st.integers(70, 200))
def test_nobody_starves_and_the_budget_holds(
    wants: list[list[tuple[str, int]]], budget: int
) -> None:
    commands = [Command(f"c{n}", list(some)) for n, some in enumerate(wants)]
    world = World(commands, budget)
    work = sum(seconds for some in wants for _, seconds in some)
    jobs = sum(len(some) for some in wants)
    for _ in range(int(work + jobs * (TENURE_S + 3) + 10)):
        world.step()
    assert [command.wants for command in commands] == [[] for _ in commands]
    assert not world.queue


@settings(deadline=None)
@given(st.integers(70, 139), st.integers(2, 4))
def test_commands_that_do_not_fit_together_take_turns_and_do_not_thrash(
    budget: int, number: int
) -> None:
    """Each asks for short answers all the time; a model is loaded at most once a tenure."""
    seconds = 200
    commands = [Command(f"c{n}", [("llama", 1)] * seconds) for n in range(number)]
    world = World(commands, budget)
    for _ in range(seconds):
        world.step()
    assert len(world.loads) <= seconds / TENURE_S + 1
    served = [command.done for command in commands]
    assert min(served) > 0


def test_two_who_hold_and_wait_for_each_other_do_not_wait_for_ever() -> None:
    held = [
        Held("eyes", 50, True, 0, "a", 0, ("a/1",)),
        Held("whisper", 50, True, 0, "b", 0, ("b/1",)),
    ]
    queue = [Waiting(1, "a/1", "llama", 40), Waiting(2, "b/1", "llama", 40)]
    assert not stuck(100, held, queue, "a/1", 40)
    assert stuck(100, held, queue, "b/1", 40)
    assert not stuck(100, held, queue[:1], "a/1", 40)


def test_who_holds_a_lease_goes_before_who_waits() -> None:
    held = [Held("eyes", 50, True, 0, "a", 0, ("a/1",))]
    queue = [Waiting(1, "b/1", "llama", 80)]
    assert decide(100, held, "ocr", 20, owner="a", who="a/1", queue=queue) == Start()
    assert decide(100, held, "ocr", 20, owner="c", who="c/1", queue=queue) == Wait(("llama",))


def test_a_host_loaded_just_now_stays_for_others_and_goes_for_its_owner() -> None:
    held = [Held("llama", 80, False, 5, "a", since=5)]
    assert decide(100, held, "eyes", 50, owner="b", now=6) == Wait(("llama",))
    assert decide(100, held, "eyes", 50, owner="b", now=5 + TENURE_S) == Evict(("llama",))
    assert decide(100, held, "eyes", 50, owner="a", now=6) == Evict(("llama",))
