"""What a calibration makes of a round, and of a plan."""

from dataclasses import replace

import pytest

from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Poisson
from _hookswarm.senders.plan.calibrated import (
    FIRST_EVENTS,
    LENGTH_S,
    Rates,
    Round,
    calibrated,
    first_round,
    next_round,
    rates_of,
    told_calibration,
)
from _hookswarm.senders.plan.stages import Limits, Stage
from _hookswarm.senders.plan.variations import sweep

STEADY = Stage("steady", arrivals=Poisson(200), duration_s=5, name="steady")
BURSTS = Stage("bursts", arrivals=Bursts(100), duration_s=5, name="bursts")
CLOSED = Stage("closed", duration_s=5, name="closed")
SEARCH = Stage("capacity", arrivals=Constant(2_000), duration_s=5, limits=Limits(), name="capacity")


def _rate(stage: Stage) -> float:
    assert not isinstance(stage.arrivals, Closed)
    return stage.arrivals.rate


def test_a_round_tells_both_rates() -> None:
    """Accepted over the time of publishing; taken from the first arrival to nearly the last, whatever straggles."""
    samples = [(0.0, 0), (0.5, 0), (1.0, 100), (1.5, 200), (2.5, 400), (2.55, 400), (9.0, 401)]
    rates = rates_of(Round(accepted=401, publishing_s=0.8, samples=samples))
    assert rates.accepts_per_s == pytest.approx(401 / 0.8)
    assert rates.delivers_per_s == pytest.approx(400 / 2.0)
    assert rates.took_s == 2.5


def test_nothing_arrived() -> None:
    """It delivers nothing, and that is no division by zero."""
    assert rates_of(Round(100, 0.5, [(0.0, 0), (1.0, 0)])).delivers_per_s == 0


def test_a_quick_service_is_published_to_for_longer() -> None:
    """It takes what it delivers in twice the length of a round; that one tells."""
    first = first_round(1_000, None, quick=True)
    assert first.events == FIRST_EVENTS
    more = next_round(first, [Rates(3_000, 1_000, took_s=0.1)], 1, quick=True)
    assert more
    assert (more.events, more.duration_s) == (2 * 1_000 * LENGTH_S[True], LENGTH_S[True])
    assert next_round(more, [Rates(3_000, 1_000, took_s=0.1), Rates(3_000, 3_000, took_s=1.9)], 1, quick=True) is None


def test_rounds_double_until_the_rate_grows_no_more() -> None:
    """A hundred events through queues that are polled every few seconds tell how long that takes, and no rate."""
    stage: Stage | None = first_round(1_000, None, quick=True)
    found, events = [], []
    while stage and stage.events:
        events.append(stage.events)
        found.append(Rates(3_000, min(stage.events / 4, 120), took_s=4 + stage.events / 400))
        stage = next_round(stage, found, 1, quick=True)
    assert events == [100, 200, 400, 800]
    assert found[-1].delivers_per_s == 120


@pytest.mark.parametrize("took_s", [8.1, 50.0])
def test_a_service_that_takes_long_is_asked_no_second_time(took_s: float) -> None:
    """Twice as many would be a burden."""
    assert next_round(first_round(1_000, None, quick=True), [Rates(3_000, 2, took_s)], 1, quick=True) is None


def test_a_bound_of_the_rate_holds_in_the_calibration() -> None:
    """`--max-rate 5` is not broken to find more, and takes no minute."""
    stage = first_round(1_000, 5.0, quick=True)
    assert stage.max_rate == 5
    assert stage.events == 10


def test_open_stages_run_at_half_of_the_lower_rate() -> None:
    """The highest base rate of the plan is that half, and the others keep their proportion to it."""
    steady, bursts = calibrated((STEADY, BURSTS), Rates(3_000, 100, 1), 1)
    assert _rate(steady) == 50
    assert _rate(bursts) == 25


def test_no_stage_is_faster_than_planned() -> None:
    """A service that takes more is met with the plan as it is."""
    assert calibrated((STEADY, BURSTS, CLOSED), Rates(6_000, 5_000, 1), 1) == (STEADY, BURSTS, CLOSED)


def test_a_search_starts_at_the_half() -> None:
    """Whether it was planned to start lower or higher; and its rate slows no other stage."""
    steady, search = calibrated((STEADY, SEARCH), Rates(2_000, 1_000, 1), 1)
    assert steady == STEADY
    assert _rate(search) == 500
    assert _rate(calibrated((SEARCH,), Rates(9_000, 9_000, 1), 1)[0]) == 4_500


def test_closed_stages_drown_nobody() -> None:
    """Where much more is accepted than delivered, they publish at twice what is delivered, and fewer events."""
    counted = sweep(Stage("memory", users=8), events=(1_000, 100_000))
    closed, few, many = calibrated((CLOSED, *counted), Rates(3_000, 100, 1), 1)
    assert closed.max_rate == few.max_rate == many.max_rate == 200
    assert (few.events, many.events) == (1_000, 2_000)
    assert many.name == "memory events=2000"


def test_stages_that_are_cut_to_as_many_events_stay_apart() -> None:
    """A name that several have would add up their deliveries, and a sweep over one number says nothing."""
    counted = sweep(Stage("memory", users=8), events=(100, 1_000, 3_000, 10_000))
    stages = calibrated((CLOSED, *counted), Rates(3_000, 15, 1), 1)
    assert [one.events for one in stages[1:]] == [100, 101, 200, 300]
    assert len({one.name for one in stages}) == len(stages)
    stages = calibrated((CLOSED, *counted), Rates(3_000, 30, 1), 1)
    assert [one.events for one in stages[1:]] == [100, 200, 400, 600]
    assert len({one.name for one in stages}) == len(stages)


def test_a_backlog_is_as_much_smaller() -> None:
    """It takes as long to be delivered as was planned."""
    (stage,) = calibrated((replace(STEADY, arrivals=Backlog(200, backlog=5_000)),), Rates(500, 100, 1), 1)
    assert stage.arrivals == Backlog(50, backlog=1_250)


def test_an_event_of_several_endpoints_takes_as_many_deliveries() -> None:
    """300 deliveries a second are 100 events of three endpoints."""
    (steady,) = calibrated((STEADY,), Rates(3_000, 300, 1), 3)
    assert _rate(steady) == 50


def test_a_service_that_keeps_up_with_the_bound_is_not_slowed_down() -> None:
    """At `--max-rate 60` it was not asked for more."""
    plan = (replace(STEADY, arrivals=Poisson(60), max_rate=60),)
    assert calibrated(plan, Rates(59, 58, 1), 1, max_rate=60) == plan


def test_it_is_told() -> None:
    """Both rates, the half, what is slower than planned, and what to do about it."""
    rates = Rates(6_100, 100, 1)
    plan = (STEADY, BURSTS)
    assert told_calibration("own", rates, 1, plan, calibrated(plan, rates, 1)) == (
        "own accepts 6,100/s and delivers 100/s: stages run at half of that, 50/s at most "
        "(steady at 50/s, not 200/s, bursts at 25/s, not 100/s); --rate sets another"
    )
