"""Arrivals: each process keeps to its declared law, and N processes share its schedule exactly."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.integrate import quad
from scipy.stats import kstest

from _hookswarm.senders.plan.arrivals import (
    BLOCK,
    Arrivals,
    Backlog,
    Bursts,
    Closed,
    Constant,
    Offsets,
    Open,
    Poisson,
    Process,
    Ramp,
    Sine,
    Stripe,
    at_rate,
    schedule,
)

WHOLE = Stripe()
BURSTS = Bursts(50, factor=10, every_s=30, for_s=3)
UP = Ramp(20, to=400, over_s=60)
DOWN = Ramp(400, to=20, over_s=60)
DAY = Sine(100, period_s=40)
STEEP = Sine(100, period_s=40, swing=0.99)
FLAT = Sine(100, period_s=40, swing=0)
BY_CHANCE: tuple[Open, ...] = (Poisson(100), BURSTS, UP, DOWN, DAY, STEEP, FLAT)
EVENLY: tuple[Open, ...] = (
    Constant(300),
    Bursts(50, factor=10, every_s=30, for_s=3, process="constant"),
    Ramp(20, to=400, over_s=60, process="constant"),
    Ramp(400, to=20, over_s=60, process="constant"),
    Ramp(100, to=100, over_s=60, process="constant"),
    Sine(100, period_s=40, process="constant"),
    Sine(100, period_s=40, swing=0.99, process="constant"),
    Sine(100, period_s=40, swing=0, process="constant"),
)


def first(
    count: int, arrivals: Open, seed: tuple[int, ...] = (1, 0), stripe: Stripe = WHOLE
) -> list[tuple[int, float]]:
    return list(itertools.islice(schedule(arrivals, seed, stripe), count))


def offsets(count: int, arrivals: Open, seed: tuple[int, ...] = (1, 0)) -> Offsets:
    return np.array([offset for _, offset in first(count, arrivals, seed)])


# The declared laws, told a second time: by the clock, where the code goes by the event.


def rate_at(arrivals: Open, t: float) -> float:
    """Events a second that are asked for at `t`."""
    match arrivals:
        case Bursts():
            quiet = t % arrivals.every_s < arrivals.every_s - arrivals.for_s
            return arrivals.rate * (1 if quiet else arrivals.factor)
        case Ramp():
            return arrivals.rate + (arrivals.to - arrivals.rate) * min(t / arrivals.over_s, 1)
        case Sine():
            return float(arrivals.rate * (1 - arrivals.swing * np.cos(2 * np.pi * t / arrivals.period_s)))
        case _:
            return arrivals.rate


def integral(arrivals: Open, t: Offsets) -> Offsets:
    """Events that are asked for from 0 to `t`."""
    match arrivals:
        case Bursts():
            turn, rest = np.divmod(t, arrivals.every_s)
            quiet_s = arrivals.every_s - arrivals.for_s
            burst_s = turn * arrivals.for_s + np.maximum(rest - quiet_s, 0)
            return arrivals.rate * (t + (arrivals.factor - 1) * burst_s)
        case Ramp():
            on_ramp = np.minimum(t, arrivals.over_s)
            slope = (arrivals.to - arrivals.rate) / arrivals.over_s
            return arrivals.rate * on_ramp + slope / 2 * on_ramp**2 + arrivals.to * (t - on_ramp)
        case Sine():
            angle = 2 * np.pi / arrivals.period_s
            return arrivals.rate * (t - arrivals.swing / angle * np.sin(angle * t))
        case _:
            return arrivals.rate * t


@pytest.mark.parametrize("arrivals", [BURSTS, UP, DOWN, DAY, STEEP])
def test_the_integral_is_that_of_the_rate(arrivals: Open) -> None:
    """What the tests below rely on: their closed form agrees with the rate integrated by steps."""
    edges = [27, 30, 57, 60, 87, 90]
    for t in (0.5, 29.0, 31.0, 60.0, 95.0):
        found, _ = quad(lambda at: rate_at(arrivals, at), 0, t, points=[edge for edge in edges if edge < t] or None)
        assert integral(arrivals, np.array(t)) == pytest.approx(found, rel=1e-6)


# By chance.


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("arrivals", BY_CHANCE, ids=str)
def test_gaps_are_exponential_under_the_rate(arrivals: Open, seed: int) -> None:
    """Measured in events asked for, not seconds, the gaps pass a Kolmogorov-Smirnov test against Exp(1).

    That is the declared law: a Poisson process whose rate changes, and only that, has such gaps.
    """
    passed = integral(arrivals, offsets(20_000, arrivals, (seed, 0)))
    assert kstest(np.diff(passed, prepend=0), "expon").pvalue > 0.001


def test_the_wrong_law_would_be_found() -> None:
    """The same test refuses bursts that are taken for an even rate, and even events that are taken for chance."""
    assert kstest(np.diff(offsets(20_000, BURSTS)) * 95, "expon").pvalue < 1e-9
    assert kstest(np.diff(integral(EVENLY[1], offsets(20_000, EVENLY[1]))), "expon").pvalue < 1e-9


@pytest.mark.parametrize("arrivals", BY_CHANCE, ids=str)
def test_gaps_are_independent(arrivals: Open) -> None:
    """A gap says nothing about the next one."""
    count = 20_000
    gaps = np.diff(integral(arrivals, offsets(count, arrivals)))
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / np.sqrt(count)


@pytest.mark.parametrize("arrivals", [*BY_CHANCE, *EVENLY], ids=str)
def test_every_phase_has_its_events(arrivals: Open) -> None:
    """In each second there are as many events as the law asks for, within five standard deviations of chance."""
    due = offsets(12_000, arrivals)
    seconds = np.arange(int(due[-1]) + 1)
    counted, _ = np.histogram(due, seconds)
    asked = np.diff(integral(arrivals, seconds.astype(float)))
    even = isinstance(arrivals, Constant) or getattr(arrivals, "process", "") == "constant"
    assert np.all(np.abs(counted - asked) <= (1 + 1e-6 if even else 5 * np.sqrt(asked) + 3))


def test_bursts_are_ten_times_the_rest() -> None:
    """In the last 3 s of every 30 the rate is tenfold, in the other 27 it is the base rate."""
    due = offsets(30_000, BURSTS)
    periods = int(due[-1] // 30)
    due = due[due < periods * 30]
    inside = due % 30 >= 27
    burst, quiet = np.count_nonzero(inside) / (periods * 3), np.count_nonzero(~inside) / (periods * 27)
    assert burst == pytest.approx(500, rel=4 / np.sqrt(np.count_nonzero(inside)))
    assert quiet == pytest.approx(50, rel=4 / np.sqrt(np.count_nonzero(~inside)))


@pytest.mark.parametrize("arrivals", [*BY_CHANCE, Backlog(100, backlog=5_000)], ids=str)
def test_chance_is_a_function_of_the_seed(arrivals: Open) -> None:
    """The same seed gives the same schedule, another seed or stage another one."""
    count = BLOCK + 1_500
    assert first(count, arrivals, (7, 3)) == first(count, arrivals, (7, 3))
    assert first(count, arrivals, (7, 3))[-1] != first(count, arrivals, (8, 3))[-1]
    assert first(count, arrivals, (7, 3))[-1] != first(count, arrivals, (7, 4))[-1]


# Evenly.


@pytest.mark.parametrize("arrivals", EVENLY, ids=str)
def test_even_events_are_exact(arrivals: Open) -> None:
    """Event n is due when exactly n events were asked for, without drift over the blocks, whatever the seed."""
    count = 3 * BLOCK + 5
    assert integral(arrivals, offsets(count, arrivals)) == pytest.approx(np.arange(count), rel=1e-9, abs=1e-6)
    assert first(100, arrivals, (1, 0)) == first(100, arrivals, (2, 5))


def test_constant_is_exact() -> None:
    """Event n of a constant schedule is due at n / rate, to the last bit."""
    count = 2 * BLOCK + 5
    assert first(count, Constant(300)) == [(n, n / 300) for n in range(count)]


def test_a_burst_begins_and_ends_on_time() -> None:
    """One a second for 8 s, then ten a second for 2 s, and again: to the event, on both edges."""
    found = offsets(57, Bursts(1, factor=10, every_s=10, for_s=2, process="constant"))
    period = [*range(8), *(8 + k / 10 for k in range(20))]
    assert found == pytest.approx([*period, *(10 + t for t in period), 20])


def test_a_burst_may_come_early_in_its_period() -> None:
    """Three at one a second, twenty at ten a second, and five more until the period is over."""
    found = offsets(29, Bursts(1, factor=10, every_s=10, for_s=2, from_s=3, process="constant"))
    assert found == pytest.approx([0, 1, 2, *(3 + k / 10 for k in range(20)), *range(5, 10), 10])


def test_bursts_of_factor_one_are_none() -> None:
    """With factor 1 the even schedule is the constant one."""
    assert offsets(500, Bursts(20, factor=1, every_s=5, for_s=1, process="constant")) == pytest.approx(
        offsets(500, Constant(20))
    )


def test_a_ramp_goes_on_at_its_last_rate() -> None:
    """Up or down, the ramp takes over_s seconds, and behind it the gaps are 1 / to."""
    for start, to in ((10.0, 50.0), (50.0, 10.0)):
        found = offsets(800, Ramp(start, to=to, over_s=10, process="constant"))
        assert np.count_nonzero(found < 10) == 300  # the mean of both rates, for 10 s
        assert np.diff(found[found >= 10]) == pytest.approx(1 / to)
        gaps = np.diff(found[found < 10])
        assert gaps[0] == pytest.approx(1 / start, rel=0.1)
        assert np.all(np.diff(gaps) < 0) if to > start else np.all(np.diff(gaps) > 0)


def test_a_ramp_may_fall_to_next_to_nothing() -> None:
    """Where the last rate is a millionth of a millionth of the first, its root must not fall below zero."""
    found = offsets(503, Ramp(1e6, to=1e-6, over_s=0.001, process="constant"))
    assert found[499] < found[500] == pytest.approx(0.001)
    assert found[501:] == pytest.approx([1e6, 2e6])


def test_a_day_has_its_noon_and_its_night() -> None:
    """At midnight the rate is rate x (1 - swing), at noon rate x (1 + swing), and a period has rate x period events."""
    found = offsets(8_001, Sine(1_000, period_s=4, swing=0.8, process="constant"))
    assert found[4_000] == pytest.approx(4)
    assert found[8_000] == pytest.approx(8)
    assert found[2_000] == pytest.approx(2)  # noon parts the day in halves
    assert 1 / (found[1] - found[0]) == pytest.approx(200, rel=0.01)
    assert 1 / (found[2_001] - found[2_000]) == pytest.approx(1_800, rel=0.01)


def test_a_swing_of_nothing_is_a_constant_rate() -> None:
    """With swing 0 the even schedule is the constant one."""
    assert offsets(500, FLAT_EVENLY) == pytest.approx(offsets(500, Constant(100)))


FLAT_EVENLY = Sine(100, period_s=40, swing=0, process="constant")


# A backlog.


@pytest.mark.parametrize("backlog", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_a_backlog_comes_first_and_whole(backlog: int) -> None:
    """So many events are due at 0, numbered from 0, and behind them comes the Poisson schedule as it is."""
    found = first(backlog + 1_000, Backlog(50, backlog=backlog), (3, 1))
    assert [n for n, _ in found] == list(range(backlog + 1_000))
    assert {offset for _, offset in found[:backlog]} == {0.0}
    assert [offset for _, offset in found[backlog:]] == [offset for _, offset in first(1_000, Poisson(50), (3, 1))]


def test_a_vast_backlog_is_made_as_it_is_asked_for() -> None:
    """The largest backlog there may be is a block in memory, like any other."""
    sizes = {len(block) for block in itertools.islice(Backlog(1, backlog=1 << 31).blocks((1,)), 10)}
    assert sizes == {BLOCK}


# At another rate.


@pytest.mark.parametrize("arrivals", [Constant(100), BURSTS, UP, DOWN, DAY, Backlog(100, backlog=1_000)], ids=str)
def test_another_rate_asks_for_as_much_more(arrivals: Open) -> None:
    """At three times the rate, three times as many events are due by any second, a backlog among them."""
    threefold = at_rate(arrivals, 3 * arrivals.rate)
    assert not isinstance(threefold, Closed)
    assert threefold.rate == 3 * arrivals.rate
    seconds = np.arange(1.0, 20)
    counted = np.searchsorted(offsets(20_000, arrivals), seconds)
    more = np.searchsorted(offsets(60_000, threefold), seconds)
    assert np.all(np.abs(more - 3 * counted) < 5 * np.sqrt(12 * counted) + 3)
    assert integral(threefold, seconds) == pytest.approx(3 * integral(arrivals, seconds))


def test_a_closed_stage_has_no_rate() -> None:
    """Where workers send as fast as they can, a rate changes nothing; a backlog keeps one event at least."""
    assert at_rate(Closed(), 5) == Closed()
    assert at_rate(Backlog(100, backlog=3), 1) == Backlog(1, backlog=1)


# Whatever the parameters.

RATES = st.floats(1e-6, 1e6)
SECONDS = st.floats(1e-3, 1e7)


def processes(process: Process) -> st.SearchStrategy[Bursts | Ramp | Sine]:
    """Every process whose rate changes, from one end of its parameters to the other."""
    bursts: Callable[..., Bursts] = lambda rate, factor, every_s, share: Bursts(  # noqa: E731  # a def would need every argument's type
        rate, factor, every_s, every_s * share, process
    )
    return st.one_of(
        st.builds(bursts, RATES, st.floats(1, 1e4), st.floats(1, 1e7), st.floats(0.001, 0.999)),
        st.builds(Ramp, RATES, RATES, SECONDS, st.just(process)),
        st.builds(Sine, RATES, SECONDS, st.floats(0, 0.999), st.just(process)),
    )


@given(processes("constant"))
def test_the_integral_at_an_event_is_its_number(arrivals: Bursts | Ramp | Sine) -> None:
    """For any parameters, n events are asked for from 0 to the n-th, to a nanosecond or two."""
    found = np.concatenate(list(itertools.islice(arrivals.blocks((1,)), 2)))
    numbers = np.arange(2 * BLOCK)
    assert np.all(np.abs(integral(arrivals, found) - numbers) <= 1e-6 + 1e-9 * numbers + 4e-9 * arrivals.rate)


@example(arrivals=Sine(541_784.8841722218, 9_671_998.1796875, 0.6245481523447904), seed=478)
@given(
    arrivals=st.one_of(
        processes("constant"),
        processes("poisson"),
        st.builds(Constant, RATES),
        st.builds(Poisson, RATES),
        st.builds(Backlog, RATES, st.integers(1, 3 * BLOCK)),
    ),
    seed=st.integers(0, 1 << 32),
)
def test_blocks_go_on_in_order(arrivals: Open, seed: int) -> None:
    """For any parameters, events are finite, at or behind the start, and never before the one ahead of them."""
    found = np.concatenate(list(itertools.islice(arrivals.blocks((seed, 1)), 3)))
    assert np.all(np.isfinite(found))
    assert found[0] >= 0
    # To the nanosecond, or the last bits of a time that is months away.
    assert np.all(np.diff(found) >= -1e-9 - 1e-13 * found[1:])


# Stripes.

ALL: tuple[Open, ...] = (*BY_CHANCE, *EVENLY, Backlog(1_000, backlog=100), Backlog(1_000, backlog=BLOCK + 100))


@given(
    arrivals=st.sampled_from(ALL),
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


@pytest.mark.parametrize("arrivals", ALL, ids=str)
def test_stripes_agree_over_the_blocks(arrivals: Open) -> None:
    """Three processes with 3, 1 and 4 users make the same schedule as one, over the edges of blocks."""
    count = 2 * BLOCK + 101
    stripes = [Stripe(0, 3, 8), Stripe(3, 4, 8), Stripe(4, 8, 8)]
    parts = [first(stripe.count(count), arrivals, stripe=stripe) for stripe in stripes]
    assert sorted(itertools.chain.from_iterable(parts)) == first(count, arrivals)


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


# Parameters.


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e7, 5e-324])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    """A rate must be a positive number that one machine could think of, and whose gaps are finite."""
    makers: tuple[Callable[[float], Open], ...] = (
        Constant,
        Poisson,
        Bursts,
        lambda rate: Ramp(rate, to=1, over_s=1),
        lambda rate: Ramp(1, to=rate, over_s=1),
        lambda rate: Sine(rate, period_s=1),
        lambda rate: Backlog(rate, backlog=1),
    )
    for make in makers:
        with pytest.raises(ValidationError):
            make(rate)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (Bursts, {"factor": 0.5}),
        (Bursts, {"factor": float("inf")}),
        (Bursts, {"factor": float("nan")}),
        (Bursts, {"every_s": 30, "for_s": 30}),
        (Bursts, {"every_s": 30, "for_s": 31}),
        (Bursts, {"for_s": 0}),
        (Bursts, {"every_s": float("inf")}),
        (Bursts, {"process": "chaos"}),
        (Ramp, {"to": 5}),
        (Ramp, {"to": 5, "over_s": 0}),
        (Ramp, {"to": 5, "over_s": 5e-324}),
        (Sine, {}),
        (Sine, {"period_s": -1}),
        (Sine, {"period_s": 60, "swing": 1}),
        (Sine, {"period_s": 60, "swing": -0.1}),
        (Sine, {"period_s": 60, "swing": float("nan")}),
        (Backlog, {}),
        (Backlog, {"backlog": 0}),
        (Backlog, {"backlog": (1 << 31) + 1}),
        (Backlog, {"backlog": 5, "nonsense": 1}),
    ],
)
def test_impossible_parameters_are_refused(kind: Callable[..., Open], parameters: dict[str, Any]) -> None:
    """Arrivals check what they are given when they are made."""
    with pytest.raises(ValidationError):
        kind(10, **parameters)


def test_arrivals_are_told_apart_by_kind() -> None:
    """What a stage says of its arrivals survives the way through JSON."""
    adapter: TypeAdapter[Arrivals] = TypeAdapter(Arrivals)
    for arrivals in (Closed(), Constant(5), Poisson(6.5), *ALL):
        assert adapter.validate_json(adapter.dump_json(arrivals)) == arrivals
