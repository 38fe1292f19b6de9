"""Who leaves memory: properties that hold for any accounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mammothbox.models.schedule import Evict, Held, Never, Start, Wait, decide

SIZES = st.integers(1, 100)
HOSTS = st.lists(
    st.builds(
        Held,
        name=st.sampled_from("abcdefg"),
        size=SIZES,
        busy=st.booleans(),
        last_used=st.floats(0, 100),
        gpu=st.one_of(st.just(0), SIZES),
    ),
    unique_by=lambda host: host.name,
    max_size=7,
)


@given(HOSTS, SIZES, st.integers(1, 300))
def test_the_decision_keeps_the_rules(held: list[Held], size: int, budget: int) -> None:
    used = sum(host.size for host in held)
    busy = sum(host.size for host in held if host.busy)

    decision = decide(budget, held, "new", size)

    match decision:
        case Never(short):
            assert short == size - budget > 0
        case Start():
            assert used + size <= budget
        case Evict(names):
            gone = [host for host in held if host.name in names]
            assert not any(host.busy for host in gone)
            assert used - sum(host.size for host in gone) + size <= budget
            # The last one to go was needed.
            assert used - sum(host.size for host in gone[:-1]) + size > budget or len(gone) > 1
        case Wait(names):
            assert size <= budget < busy + size
            assert set(names) == {host.name for host in held if host.busy}


@given(HOSTS, SIZES, st.integers(1, 300), st.integers(0, 100), st.integers(0, 300))
def test_a_gpu_is_a_second_budget(
    held: list[Held], size: int, budget: int, gpu: int, gpu_budget: int
) -> None:
    decision = decide(budget, held, "new", size, gpu=gpu, gpu_budget=gpu_budget)

    def over(hosts: list[Held]) -> bool:
        fits = sum(host.size for host in hosts) + size <= budget
        return not fits or bool(gpu and sum(host.gpu for host in hosts) + gpu > gpu_budget)

    match decision:
        case Never():
            assert size > budget or gpu > gpu_budget
        case Start():
            assert not over(held)
        case Evict(_, leaving):
            assert over(held)
            assert not any(host.busy for host in leaving)
            assert not over([host for host in held if host not in leaving])
        case Wait():
            assert over([host for host in held if host.busy])


def test_who_is_not_on_the_gpu_need_not_leave_it() -> None:
    held = [
        Held("large", 90, busy=False, last_used=1),
        Held("there", 10, busy=False, last_used=9, gpu=40),
    ]

    assert decide(200, held, "new", 10, gpu=40, gpu_budget=60) == Evict(("there",))
    assert decide(110, held, "new", 20, gpu=0, gpu_budget=60) == Evict(("large",))
    assert decide(110, held, "new", 20, gpu=20, gpu_budget=60) == Evict(("large",))


@given(HOSTS, SIZES, st.integers(1, 300))
def test_what_runs_already_is_never_started_twice(held: list[Held], size: int, budget: int) -> None:
    for host in held:
        assert decide(budget, held, host.name, size) == Start()


@given(HOSTS, SIZES, st.integers(100, 700))
def test_no_eviction_is_in_vain(held: list[Held], size: int, budget: int) -> None:
    decision = decide(budget, held, "new", size)
    if not isinstance(decision, Evict):
        return
    left = [host for host in held if host.name not in decision.names]

    assert decide(budget, left, "new", size) == Start()


def test_the_largest_idle_goes_first_and_small_ones_stay() -> None:
    held = [
        Held("small", 10, busy=False, last_used=1),
        Held("large", 60, busy=False, last_used=9),
        Held("busy", 20, busy=True, last_used=0),
    ]

    assert decide(100, held, "new", 50) == Evict(("large",))


def test_of_two_alike_the_longer_unused_goes() -> None:
    held = [
        Held("late", 50, busy=False, last_used=9),
        Held("early", 50, busy=False, last_used=1),
    ]

    assert decide(120, held, "new", 60) == Evict(("early",))
