"""Slots: every event has one of its own, every slot has one owner, and a rate is kept to the last event."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Open, Poisson, Ramp, Sine, Stripe
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.spacing import Spaced, own_slots, slots_per_s, timetable
from _hookswarm.senders.plan.stages import Stage

SEED = (1, 0)
SHAPES: tuple[Open, ...] = (
    Constant(40),
    Poisson(40),
    Bursts(10, factor=20, every_s=2, for_s=0.3),
    Ramp(5, to=80, over_s=4),
    Sine(30, period_s=3),
    Backlog(20, backlog=300),
)
rates = st.floats(0.5, 200)
shapes = st.sampled_from(SHAPES)


def events(arrivals: Open, per_s: float, count: int) -> tuple[list[float], list[int]]:
    """When the first events fall due without a bound, and the slots that they have with one."""
    wanted = itertools.chain.from_iterable(arrivals.blocks(SEED))
    slots = itertools.chain.from_iterable(Spaced(arrivals, per_s).slots(SEED))
    return [float(one) for one in itertools.islice(wanted, count)], [int(one) for one in itertools.islice(slots, count)]


@given(arrivals=shapes, per_s=rates)
def test_an_event_has_the_first_free_slot_from_its_time_on(arrivals: Open, per_s: float) -> None:
    """In the order of the events; beyond one block, too, where a backlog is longer than that."""
    wanted, slots = events(arrivals, per_s, 5_000)
    free = 0
    for seconds, slot in zip(wanted, slots, strict=True):
        assert slot == max(free, int(np.ceil(seconds * per_s - 1e-6)))
        free = slot + 1


def test_an_even_rate_that_is_the_bound_stays_as_it_is() -> None:
    """Rounding moves nothing by a slot; a backlog goes out at the bound."""
    for rate in (3, 7, 0.7, 999.9):
        due = next(iter(Spaced(Constant(rate), rate).blocks(SEED)))
        assert due == pytest.approx(next(iter(Constant(rate).blocks(SEED))), abs=1e-9)
    due = next(iter(Spaced(Backlog(1, backlog=50), 5).blocks(SEED)))
    assert due[:50] == pytest.approx(np.arange(50) / 5)


@given(
    users=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    arrivals=st.one_of(shapes, st.just(Closed())),
    per_s=rates,
    limit=st.one_of(st.none(), st.integers(1, 200)),
)
def test_every_slot_is_one_stripes(users: list[int], arrivals: Open | Closed, per_s: float, limit: int | None) -> None:
    """All of them together have every slot once; one with an event in it is that event's stripe's."""
    edges = [0, *itertools.accumulate(users)]
    stripes = [Stripe(low, high, edges[-1]) for low, high in itertools.pairwise(edges)]
    stage = Stage("x", arrivals=arrivals, events=limit)
    owners: dict[int, list[Stripe]] = {}
    for stripe in stripes:
        own, slot = own_slots(stage, stripe, SEED, per_s), 0
        while (slot := own.first_from(slot)) < 300:
            owners.setdefault(slot, []).append(stripe)
            slot += 1
    assert {slot: len(own) for slot, own in owners.items()} == dict.fromkeys(range(300), 1)
    if not isinstance(arrivals, Closed):
        _, slots = events(arrivals, per_s, limit or 1_000)
        assert all(owners[slot][0].holds(n) for n, slot in enumerate(slots) if slot < 300)
    else:
        counts = Counter(own[0] for own in owners.values())
        assert all(abs(counts[one] - 300 * (one.last - one.first) / one.of) <= one.of for one in stripes)


@given(asked=st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_a_slot_is_found_whatever_was_asked_before(asked: list[int]) -> None:
    """As long as that is not later: again, and after leaving slots out."""
    stage, stripe = Stage("x", events=100, arrivals=Poisson(5)), Stripe(1, 3, 4)
    for slot in itertools.accumulate(asked):
        own = own_slots(stage, stripe, SEED, 10)
        fresh = own.first_from(slot)
        assert own.first_from(slot) == fresh
    stepwise = own_slots(stage, stripe, SEED, 10)
    assert [stepwise.first_from(slot) for slot in itertools.accumulate(asked)][-1] == fresh


def test_what_goes_out_again_takes_as_many_attempts_room() -> None:
    """So the bound holds for the other deliveries, too."""
    stage = Stage("x", events=5, max_rate=10)
    assert slots_per_s(replace(stage, max_rate=None)) is None
    assert slots_per_s(stage) == 10
    assert slots_per_s(replace(stage, duplicate=Duplicate("later"))) == 5
    assert slots_per_s(replace(stage, duplicate=Duplicate("at_once", times=10))) == 1
    assert timetable(replace(stage, max_rate=None, arrivals=Poisson(1))) == Poisson(1)
