"""What a stage says of itself when it is over, by its workers' reports."""

import pytest

from _hookswarm.senders.master.played import Played, never_reported, played
from _hookswarm.senders.plan.stages import Stage, named
from tests.support.journals import worker_report

CALM = worker_report(due=1_000, settled=990, abandoned=10, late=10, wall_s=10.0, starved_s=2.5)
"""At its limits: one event in a hundred met a worker that woke late, and a quarter of the time it had no CPU."""


def disturbed(closed: bool = False, **fields: float | None) -> bool:
    """Whether such a report makes a stage one that says more of its generator."""
    return played([CALM.model_copy(update=fields)], overloaded=False, closed=closed).disturbed


def test_reports_are_added_up() -> None:
    """What was settled and abandoned is that of all workers; whether it was overloaded the master knows itself."""
    assert played([CALM, CALM], overloaded=False, closed=False) == Played(1_980, 20, overloaded=False, disturbed=False)
    assert played([], overloaded=True, closed=False) == Played(0, 0, overloaded=True, disturbed=False)


@pytest.mark.parametrize(("late", "found"), [(0, False), (10, False), (11, True)])
def test_more_than_one_event_in_a_hundred_met_a_late_worker(late: int, found: bool) -> None:
    """Whatever the CPU says."""
    assert disturbed(late=late, starved_s=0.0) is found


@pytest.mark.parametrize(("starved_s", "found"), [(None, False), (2.5, False), (2.51, True)])
def test_no_cpu_for_more_than_a_quarter_of_the_time(starved_s: float | None, found: bool) -> None:
    """Where the kernel tells; however punctual the workers were."""
    assert disturbed(starved_s=starved_s, late=0) is found


@pytest.mark.parametrize(("starved_s", "found"), [(5.0, False), (5.01, True)])
def test_a_closed_loop_may_lack_a_cpu_for_half_of_the_time(starved_s: float, found: bool) -> None:
    """As the analysis has it: it takes turns on the cores with the receiver."""
    assert disturbed(closed=True, starved_s=starved_s) is found


def test_one_disturbed_worker_is_enough() -> None:
    """The others' events do not outweigh its own."""
    assert played([CALM, CALM.model_copy(update={"late": 11}), CALM], overloaded=False, closed=False).disturbed


def test_a_stage_without_events_is_not_disturbed() -> None:
    """Nothing was late for nothing."""
    assert not disturbed(due=0, late=0)


@pytest.mark.parametrize(("abandoned", "overloaded", "found"), [(0, False, False), (1, False, True), (0, True, True)])
def test_a_queue_that_grew_or_was_left_is_clogged(abandoned: int, overloaded: bool, found: bool) -> None:
    """A single event that was abandoned was due for too long."""
    assert played([CALM.model_copy(update={"abandoned": abandoned})], overloaded, closed=False).clogged is found


@pytest.mark.parametrize("stage", named([Stage("load"), Stage("anything", name="load")]))
def test_a_stage_that_was_never_reported_is_named(stage: Stage) -> None:
    """By the name that it goes by, whether it has one of its own or its scenario's; and so are the workers."""
    said = never_reported(stage, {"host_2", "host_1"})
    assert said == "stage 'load': 2 workers never reported, host_1, host_2: see what they printed last"
