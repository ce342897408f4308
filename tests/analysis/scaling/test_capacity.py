"""Capacity: what held and what broke, by tries whose outcome was planted."""

import math
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.scaling import capacity
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Capacity
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import StageEnded, StageOverloaded
from _hookswarm.senders.plan.search import TriedRate, bracket, next_rate
from _hookswarm.senders.plan.stages import Limits
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run, story, worker_report
from tests.support.scaled import PLAIN, stage

LIMITS = {"p99_ms": 50.0, "error_rate": 0.01, "tolerance": 0.05, "repeats": 3.0}


def tried(rate: float, number: int = 1, p99_ms: float = 4, side: str = "target", **fields: Any) -> Stage:
    """A try at that rate, which held unless told otherwise."""
    made = stage(
        "capacity", rate, p99_ms, side, name=f"capacity rate={rate:g} #{number}",
        arrivals={"kind": "poisson", "rate": rate}, limits=LIMITS,
    )  # fmt: skip
    return made.model_copy(update=fields)


def found(*tries: Stage, clogged: tuple[str, ...] = (), disturbed: Collection[str] = ()) -> Capacity:
    """What a search with these tries found; all came to their end, those named with a queue that grew, or disturbed."""
    (search,) = capacity.capacities_of(tries, clogged, disturbed)
    return search


def test_between_what_held_and_what_broke() -> None:
    """Capacity is the highest rate whose majority held, below the lowest whose majority broke."""
    search = found(
        tried(400), tried(800, p99_ms=90), tried(566, p99_ms=70),
        tried(412, 1), tried(420, 1, p99_ms=51), tried(412, 2, p99_ms=60), tried(420, 2, p99_ms=52), tried(412, 3),
    )  # fmt: skip
    assert (search.rate_per_s, search.low_per_s, search.high_per_s) == (412, 412, 420)
    assert (search.limited_by, search.lower_bound, search.limits) == ("p99_ms", False, LIMITS)
    assert [one.held for one in search.tries] == [True, False, False, True, False, False, False, True]
    assert list(capacity.capacity_lines([search])) == ["capacity: 412/s held, 420/s broke; p99_ms broke first"]


def test_a_search_that_the_bound_ended() -> None:
    """The target holds at least that; one whose bound broke is a search like any other."""
    bounded = {"limits": LIMITS, "max_rate": 50.0, "arrivals": {"kind": "poisson", "rate": 50.0}}
    held = tried(50).model_copy(update={"parameters": bounded})
    search = found(tried(25).model_copy(update={"parameters": tried(25).parameters | {"max_rate": 50.0}}), held)
    assert (search.rate_per_s, search.high_per_s, search.lower_bound, search.limited_by) == (50, None, True, "max_rate")
    said = "capacity: at least 50/s held, no rate broke; the search ended at --max-rate: raise it to find more"
    assert list(capacity.capacity_lines([search])) == [said]
    broke = tried(50, p99_ms=90).model_copy(update={"parameters": bounded})
    assert found(tried(25), broke).limited_by == "p99_ms"


def test_a_rate_that_held_above_one_that_broke() -> None:
    """It was luck: what counts lies below the lowest rate that broke."""
    search = found(tried(100), tried(200, p99_ms=60), tried(300))
    assert (search.rate_per_s, search.high_per_s) == (100, 200)


def test_a_tie_is_broken() -> None:
    """A rate that held once and broke once does not hold."""
    search = found(tried(100), tried(200, 1), tried(200, 2, p99_ms=60))
    assert (search.rate_per_s, search.high_per_s) == (100, 200)


ABANDONED = PLAIN.deliveries.model_copy(update={"due": 10, "abandoned": 1})
SILENT = stage("s", 0).latency_ms.model_copy(update={"delivery": PLAIN.latency_ms.delivery})


@pytest.mark.parametrize(
    ("broken", "clogged", "cause"),
    [
        (tried(200, p99_ms=60), (), "p99_ms"),
        (tried(200, p99_ms=60, error_rate=0.02), (), "error_rate"),
        (tried(200, latency_ms=SILENT, error_rate=1.0), (), "error_rate"),
        (tried(200, p99_ms=60, error_rate=0.02), ("capacity rate=200 #1",), "queue"),
        (tried(200, deliveries=ABANDONED, error_rate=0.1), (), "queue"),
        (tried(200, deliveries=PLAIN.deliveries, latency_ms=SILENT), (), "nothing_due"),
        (tried(200, p99_ms=60, side="generator"), (), "generator"),
    ],
)
def test_what_broke_first(broken: Stage, clogged: tuple[str, ...], cause: str) -> None:
    """A queue that grows brings latency, and errors bring retries: what comes first in that chain is told."""
    search = found(tried(100), broken, clogged=clogged)
    assert search.limited_by == search.tries[-1].broke == cause
    assert search.lower_bound == (cause == "generator")


GENERATOR = "capacity: at least 100/s held, 200/s broke; the generator was the limit, the target may do more"


def test_a_busy_generator_that_broke_a_rate() -> None:
    """The capacity is a lower bound."""
    search = found(tried(100), tried(200, p99_ms=60, side="generator"))
    assert (search.rate_per_s, search.high_per_s, search.lower_bound) == (100, 200, True)
    assert list(capacity.capacity_lines([search])) == [GENERATOR]


def names(rate: float, *numbers: int) -> list[str]:
    return [f"capacity rate={rate:g} #{number}" for number in numbers]


@pytest.mark.parametrize("p99_ms", [4.0, 60.0])
def test_a_disturbed_try_is_no_vote(p99_ms: float) -> None:
    """Whether it kept the limits or not: other tries of its rate decide; a rate without any is not known."""
    noisy = [tried(200, number, p99_ms) for number in (1, 2, 3)]
    known = (tried(200, 4), tried(400, p99_ms=60))
    assert found(tried(100), *noisy, *known, disturbed=names(200, 1, 2, 3)).rate_per_s == 200
    search = found(tried(100), *noisy[:2], disturbed=names(200, 1, 2))
    assert (search.rate_per_s, search.high_per_s, search.limited_by) == (100, None, None)
    assert [(one.held, one.broke) for one in search.tries] == [(True, None), (None, None), (None, None)]


def test_a_rate_disturbed_once_more_than_it_is_repeated() -> None:
    """Is where the generator is the limit: the capacity is a lower bound."""
    search = found(tried(100), *(tried(200, number) for number in (1, 2, 3)), disturbed=names(200, 1, 2, 3))
    assert (search.rate_per_s, search.high_per_s, search.tries[-1].broke) == (100, 200, "generator")
    assert list(capacity.capacity_lines([search])) == [GENERATOR]


def test_a_search_of_disturbed_tries_alone() -> None:
    """Says so, and what to do."""
    search = found(tried(100), disturbed=names(100, 1))
    (line,) = capacity.capacity_lines([search])
    assert line == "capacity: every try was disturbed by the generator: give the senders cores of their own"


@example(outcomes=[(True, True), (False, True), *[(None, True)] * 3], repeats=3, tolerance=1.0)
@given(
    outcomes=st.lists(st.tuples(st.sampled_from([True, False, None]), st.booleans()), max_size=25),
    repeats=st.sampled_from([1, 3, 5]),
    tolerance=st.sampled_from([0.05, 1.0]),
)
def test_the_search_and_its_verdict_agree(
    outcomes: list[tuple[bool | None, bool]], repeats: int, tolerance: float
) -> None:
    """Whatever holds, breaks and is disturbed in between (and then breaks or not): after every try both know the same
    rates as held and as broken, and the next try is never below the highest that held."""
    limits = Limits(p99_ms=50, tolerance=tolerance, repeats=repeats)
    tries, stages, disturbed = list[TriedRate](), list[Stage](), set[str]()
    for held, kept in outcomes:
        if (rate := next_rate(tries, 100, limits)) is None:
            break
        number = 1 + sum(one.rate == rate for one in tries)
        stages.append(tried(rate, number, p99_ms=4 if (kept if held is None else held) else 60))
        tries.append(TriedRate(rate, held))
        if held is None:
            disturbed.add(stages[-1].name)
        search = found(*stages, disturbed=disturbed)
        assert (search.rate_per_s, search.high_per_s) == bracket(tries)
        assert (next_rate(tries, 100, limits) or math.inf) >= (search.rate_per_s or 0)


def test_a_busy_generator_that_kept_the_limits() -> None:
    """They were kept, whoever was busy: it holds."""
    assert found(tried(100, side="generator")).rate_per_s == 100


def test_nothing_broke_and_nothing_held() -> None:
    """A search that ended too soon says so: a lower bound, or none at all."""
    search = found(tried(100), tried(200))
    assert (search.rate_per_s, search.high_per_s, search.lower_bound) == (200, None, True)
    assert list(capacity.capacity_lines([search])) == [
        "capacity: at least 200/s held, no rate broke; the search ended below the limit"
    ]
    search = found(tried(100, p99_ms=60), tried(50, p99_ms=60))
    assert (search.rate_per_s, search.low_per_s, search.high_per_s) == (None, None, 50)
    assert list(capacity.capacity_lines([search])) == [
        "capacity: none of the rates held, down to 50/s; p99_ms broke first"
    ]


def search_of(rows: list[Row], overloaded: bool = False, ended: bool = True, late: int = 0) -> list[Capacity]:
    """What the journals of one try say, at 1 a second for ten seconds."""
    plan = planned("try", arrivals={"kind": "poisson", "rate": 1.0}, limits=LIMITS, scenario="capacity")
    timeline = story(rows, [plan])
    if overloaded:
        timeline.insert(1, StageOverloaded(at_ns=START + 9 * SECOND, stage=0, queued=9, growing_s=2))
    reports = [worker_report(), worker_report(due=100, late=late)]
    timeline[-2] = StageEnded(at_ns=START + 11 * SECOND, stage=0, reports=reports)
    if not ended:
        del timeline[1:]
    frames = run(rows, stages=[plan], timeline=timeline)
    recorder = capacity.CapacityRecorder(frames)
    return recorder.searches(stages.stage_figures(frames, recorder.add))


EASY = [attempt(n, due=START + n * SECOND) for n in range(10)]


def test_tries_are_read_from_the_journals() -> None:
    """One that kept all limits holds, with its offered and its reached rate."""
    ((search,),) = [search_of(EASY)]
    (one,) = search.tries
    assert (one.name, one.rate_per_s, one.reached_per_s, one.held) == ("try", 1, 1, True)


def test_a_queue_that_drains_late_had_grown() -> None:
    """An event first sent longer than the latency limit behind the window's end waited behind others; a slow answer
    or a late retry is no queue."""
    end = START + 10 * SECOND
    queued = attempt(10, due=end - SECOND, start=end + 51 * MS)
    assert search_of([*EASY, queued])[0].tries[0].broke == "queue"
    failed = attempt(10, due=end - SECOND, outcome=Outcome.REJECTED)
    retried = attempt(10, due=end + SECOND, start=end + SECOND, attempt=2)
    assert search_of([*EASY, failed, retried])[0].tries[0].broke != "queue"


def test_an_overloaded_try_broke() -> None:
    """A queue that grew until the stage was ended is what broke."""
    assert search_of(EASY, overloaded=True)[0].tries[0].broke == "queue"


def test_a_try_that_was_stopped_does_not_count() -> None:
    """Neither for a rate nor against it."""
    assert search_of(EASY, ended=False) == []


@pytest.mark.parametrize(("late", "held"), [(1, True), (2, None)])
def test_a_try_is_disturbed_as_its_senders_reported(late: int, held: bool | None) -> None:
    """One of them is enough, by the limit that the search goes by."""
    assert search_of(EASY, late=late)[0].tries[0].held is held
