"""The search for capacity, played against systems whose capacity is known."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.plan.search import MAX_TRIES, Try, next_rate
from _hookswarm.senders.plan.stages import Limits


def search(capacity: float, first: float, limits: Limits, noise: float = 0.0, seed: int = 1) -> list[Try]:
    """All tries, against a system that holds what is below its capacity, give or take some noise."""
    random, tries = Random(seed), list[Try]()
    while (rate := next_rate(tries, first, limits)) is not None:
        tries.append(Try(rate, rate <= capacity * (1 + random.gauss(0, noise))))
    return tries


def bracket(tries: list[Try]) -> tuple[float, float]:
    """The highest rate that a majority of its tries held below the lowest that broke."""
    rates = {t.rate for t in tries}
    held = {
        rate for rate in rates if 2 * sum(t.held for t in tries if t.rate == rate) > sum(t.rate == rate for t in tries)
    }
    high = min(rates - held)
    return max(rate for rate in held if rate < high), high


@given(capacity=st.floats(1, 1e5), first=st.floats(1, 1e5), tolerance=st.sampled_from([0.02, 0.05, 0.2]))
def test_it_closes_in_on_the_capacity(capacity: float, first: float, tolerance: float) -> None:
    """From any first rate, within few tries, the capacity lies between two rates that are close together."""
    limits = Limits(tolerance=tolerance, repeats=3)
    if not first / 1000 < capacity < first * 1000:
        return
    tries = search(capacity, first, limits)
    low, high = bracket(tries)
    assert low <= capacity < high <= low * (1 + tolerance) * 1.001
    assert len(tries) <= 30
    for rate in (low, high):
        assert sum(t.rate == rate for t in tries) == 2  # two that agree are a majority of three


def test_noise_is_outvoted() -> None:
    """With tries that err near the capacity, it is found within a few percent all the same."""
    found = [bracket(search(1000, 100, Limits(tolerance=0.02, repeats=5), noise=0.02, seed=seed)) for seed in range(50)]
    assert all(low <= 1060 and high >= 940 for low, high in found)


def test_the_first_try_is_the_planned_rate() -> None:
    """A search begins where the plan says, doubles while it holds, and halves while it breaks."""
    limits = Limits()
    assert next_rate([], 100, limits) == 100
    assert next_rate([Try(100, True)], 100, limits) == 200
    assert next_rate([Try(100, False)], 100, limits) == 50
    assert next_rate([Try(100, True), Try(200, False)], 100, limits) == pytest.approx(141.42)


def test_a_search_ends() -> None:
    """A target without a limit, one that never holds, and one that cannot make up its mind: all end."""
    limits = Limits()
    assert len(search(1e12, 100, limits)) < MAX_TRIES
    assert len(search(0, 100, limits)) < MAX_TRIES
    random, tries = Random(1), list[Try]()
    while (rate := next_rate(tries, 100, limits)) is not None:
        tries.append(Try(rate, random.random() < 0.5))
    assert len(tries) <= MAX_TRIES
