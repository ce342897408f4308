"""Arrivals: schedules that N processes share exactly."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from senders.arrivals import BLOCK, Arrivals, Closed, Constant, Offsets, Open, Poisson, Stripe, schedule

WHOLE = Stripe()


def first(
    count: int, arrivals: Open, seed: tuple[int, ...] = (1, 0), stripe: Stripe = WHOLE
) -> list[tuple[int, float]]:
    return list(itertools.islice(schedule(arrivals, seed, stripe), count))


def offsets(count: int, arrivals: Open, seed: tuple[int, ...] = (1, 0)) -> Offsets:
    return np.array([offset for _, offset in first(count, arrivals, seed)])


def test_constant_is_exact() -> None:
    """Event n of a constant schedule is due at n / rate, without drift over the blocks."""
    count = 2 * BLOCK + 5
    assert first(count, Constant(300)) == [(n, n / 300) for n in range(count)]


def test_poisson_is_a_function_of_its_seed() -> None:
    """The same seed gives the same schedule, another seed or stage another one."""
    count = BLOCK + 10
    assert first(count, Poisson(50), (7, 3)) == first(count, Poisson(50), (7, 3))
    assert first(5, Poisson(50), (7, 3)) != first(5, Poisson(50), (8, 3))
    assert first(5, Poisson(50), (7, 3)) != first(5, Poisson(50), (7, 4))


def test_poisson_has_its_mean_rate() -> None:
    """40,000 events come in 40,000 / rate seconds, within four standard deviations."""
    count, rate = 40_000, 250.0
    assert offsets(count, Poisson(rate))[-1] == pytest.approx(count / rate, rel=4 / np.sqrt(count))


def test_poisson_gaps_are_exponential() -> None:
    """The gaps pass a Kolmogorov-Smirnov test against the exponential distribution, over the edges of blocks too."""
    count, rate = 20_000, 100.0
    gaps = np.sort(np.diff(offsets(count + 1, Poisson(rate))))
    expected = 1 - np.exp(-gaps * rate)
    places = np.arange(count)
    distance = max(np.max((places + 1) / count - expected), np.max(expected - places / count))
    assert distance < 1.63 / np.sqrt(count)  # the 1 % level


def test_poisson_gaps_are_independent() -> None:
    """A gap says nothing about the next one."""
    count = 20_000
    gaps = np.diff(offsets(count, Poisson(100)))
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / np.sqrt(count)


@given(
    arrivals=st.sampled_from([Constant(1000.0), Poisson(1000.0)]),
    users=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    count=st.integers(1, 300),
)
def test_stripes_make_the_global_schedule(arrivals: Open, users: list[int], count: int) -> None:
    """Processes with any numbers of users each take a part, and the parts are the whole, event for event."""
    edges = [0, *itertools.accumulate(users)]
    stripes = [Stripe(low, high, edges[-1]) for low, high in itertools.pairwise(edges)]
    assert sum(stripe.count(count) for stripe in stripes) == count
    parts = [first(stripe.count(count), arrivals, stripe=stripe) for stripe in stripes]
    assert sorted(itertools.chain.from_iterable(parts)) == first(count, arrivals)
    for stripe, part in zip(stripes, parts, strict=True):
        assert [n for n, _ in part] == [stripe.nth(k) for k in range(len(part))]


def test_a_stripe_goes_on_over_the_blocks() -> None:
    """A narrow stripe keeps to its numbers when they lie blocks apart."""
    stripe = Stripe(6, 7, 7)
    numbers = [n for n, _ in first(2 * BLOCK // 7, Constant(10), stripe=stripe)]
    assert numbers == list(range(6, 7 * len(numbers), 7))


@pytest.mark.parametrize("edges", [(0, 0, 4), (3, 2, 4), (-1, 1, 4), (0, 5, 4)])
def test_an_impossible_stripe_is_refused(edges: tuple[int, int, int]) -> None:
    """An empty share would search its schedule for ever, so it is an error at once."""
    with pytest.raises(ValueError, match="stripe"):
        Stripe(*edges)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e7])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    """A rate must be a positive number that one machine could think of."""
    with pytest.raises(ValidationError):
        Poisson(rate)


def test_arrivals_are_told_apart_by_kind() -> None:
    """What a stage says of its arrivals survives the way through JSON."""
    adapter: TypeAdapter[Arrivals] = TypeAdapter(Arrivals)
    for arrivals in (Closed(), Constant(5), Poisson(6.5)):
        assert adapter.validate_json(adapter.dump_json(arrivals)) == arrivals
