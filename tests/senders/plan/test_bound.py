"""A plan under `--rate` and `--max-rate`."""

import numpy as np
import pytest

from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Open, Poisson, Ramp, Sine
from _hookswarm.senders.plan.bound import at_base_rate, at_most, peak, told
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.stages import Stage, named
from _hookswarm.senders.plan.variations import scaling, sweep

SHAPES: list[tuple[Open, float]] = [
    (Constant(40), 40),
    (Poisson(40), 40),
    (Bursts(10, factor=20, every_s=2, for_s=0.5, process="constant"), 200),
    (Ramp(80, to=5, over_s=4, process="constant"), 80),
    (Ramp(5, to=80, over_s=4, process="constant"), 80),
    (Sine(30, period_s=8, swing=0.5, process="constant"), 45),
]


@pytest.mark.parametrize(("arrivals", "highest"), SHAPES)
def test_a_peak_is_the_highest_rate_that_there_is(arrivals: Open, highest: float) -> None:
    """As the events themselves have it, where they come evenly."""
    assert peak(arrivals) == highest
    if not isinstance(arrivals, Poisson):
        gaps = np.diff(next(iter(arrivals.blocks((1,))))[:400])
        assert 1 / gaps.min() == pytest.approx(highest, rel=0.06)


@pytest.mark.parametrize(("arrivals", "highest"), SHAPES)
def test_a_shape_whose_peak_is_too_high_is_slower_as_a_whole(arrivals: Open, highest: float) -> None:
    """Its peak becomes the bound; one below it stays as it is."""
    (found,) = at_most(named([Stage("x", duration_s=1, arrivals=arrivals)]), 4)
    assert not isinstance(found.stage.arrivals, Closed)
    assert peak(found.stage.arrivals) == pytest.approx(4)
    assert found.stage.arrivals.rate == pytest.approx(arrivals.rate * 4 / highest)
    assert found.stage.max_rate == 4
    (same,) = at_most(named([Stage("x", duration_s=1, arrivals=arrivals)]), 1_000)
    assert same.stage.arrivals == arrivals
    assert list(told([same])) == []


def test_a_backlog_stays_as_long_as_it_is() -> None:
    """Only what comes after it is slower; `--rate` keeps both in proportion."""
    stage = Stage("x", duration_s=1, arrivals=Backlog(20, backlog=100))
    (found,) = at_most([stage], 5)
    assert found.stage.arrivals == Backlog(5, backlog=100)
    assert at_base_rate([stage], 10)[0].arrivals == Backlog(10, backlog=50)


def test_stages_that_come_to_the_same_are_one() -> None:
    """In whichever order they stand: two of one name would be no plan."""
    for events in ((20, 100, 500), (500, 100, 20)):
        found = at_most(sweep(Stage("x"), events=events), 2)
        assert [(one.stage.name, one.stage.events) for one in found] == [("x events=20", 20)]


def test_a_scenario_of_several_rates_keeps_their_proportions() -> None:
    """The lowest is the base rate, the highest at most the bound, and names tell the rates that are played."""
    stages = scaling(Stage("scaling rate", duration_s=1, arrivals=Constant(200)), repeats=1, rate=(200, 400, 800))
    based = at_base_rate(stages, 10)
    assert [stage.name for stage in based] == [f"scaling rate rate={rate} #1" for rate in (10, 20, 40)]
    found = [one.stage for one in at_most(based, 10)]
    assert [stage.name for stage in found] == [f"scaling rate rate={rate} #1" for rate in (2.5, 5, 10)]
    assert [stage.arrivals for stage in found] == [Constant(2.5), Constant(5), Constant(10)]


def test_what_ends_by_its_events_has_as_many_as_ten_seconds_take() -> None:
    """What comes to the same is played once; with a length of its own a stage stays as it is."""
    stages = named(
        [
            *sweep(Stage("x"), events=(20, 100, 1_000)),
            Stage("long", events=1_000, duration_s=60),
            Stage("twice", events=1_000, duplicate=Duplicate("later")),
        ]
    )
    found = at_most(stages, 5)
    assert [(one.stage.name, one.stage.events) for one in found] == [
        ("x events=20", 20), ("x events=50", 50), ("long", 1_000), ("twice", 25),
    ]  # fmt: skip
    assert at_most(named([Stage("x", events=10)]), 0.05)[0].stage.events == 1


def test_what_a_bound_changes_is_told() -> None:
    """A line for each kind of change: what was, and what is."""
    stages = named(
        [
            Stage("ramp", duration_s=1, arrivals=Ramp(5, to=50, over_s=1)),
            Stage("few", events=10),
            Stage("many", events=1_000),
            Stage("slow", duration_s=1, arrivals=Poisson(1)),
            Stage("outage", duration_s=1, arrivals=Backlog(1, backlog=70)),
        ]
    )
    assert list(told(at_most(stages, 5))) == [
        "slower, so that no peak is above it: ramp (5/s to 0.5/s)",
        "let out at it, one after the other: outage (70 at once)",
        "with the events that go out in 10 s at it: many (1,000 to 50)",
    ]


def test_a_stage_may_have_a_lower_bound_of_its_own() -> None:
    """The lower one holds."""
    stages = [Stage("x", events=9, max_rate=2), Stage("y", events=9)]
    assert [one.stage.max_rate for one in at_most(named(stages), 5)] == [2, 5]
