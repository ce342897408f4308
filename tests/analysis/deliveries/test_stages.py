"""One stage's figures: window, rates, latencies."""

from typing import Any

import pytest

from _hookswarm.analysis.deliveries.stages import stage_figures
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import Entry, RunEnded, StageEnded, StageOverloaded, StageStarted
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run, story, worker_report


def _every_second(count: int, **fields: int) -> list[Row]:
    """Attempts that fall due at 0.5 s, 1.5 s, … and are acknowledged a millisecond later."""
    return [attempt(n, due=START + n * SECOND + SECOND // 2, **fields) for n in range(count)]


def _one(attempts: list[Row], timeline: list[Entry] | None = None, **plan: Any) -> Stage:
    (stage,) = stage_figures(run(attempts, stages=[planned(**plan)], timeline=timeline))
    return stage


def _stopped(at_s: float, error: str = "") -> list[Entry]:
    """A timeline that was stopped in its only stage."""
    at = START + round(at_s * SECOND)
    ended = StageEnded(at_ns=at, stage=0, reports=[])
    return [
        StageStarted(at_ns=START, stage=0, name="stage"),
        ended,
        RunEnded(at_ns=at, interrupted=not error, error=error),
    ]


def test_a_timed_stage_lasts_as_planned() -> None:
    """Only the planned window counts for the rate: not the warm-up, and not what was acknowledged in the drain."""
    found = _one(_every_second(15), warmup_s=2.0, duration_s=10.0)
    assert found.window_s == 10
    assert found.throughput_per_s == 1
    assert found.deliveries.due == 15
    assert found.latency_ms.delivery.count == found.latency_ms.attempt.count == found.latency_ms.queueing.count == 10


def test_a_quiet_end_belongs_to_the_window() -> None:
    """A timed stage whose last answer came early still lasts as planned: the silence is part of its rate."""
    assert _one(_every_second(5), duration_s=10.0).throughput_per_s == 0.5


def test_the_window_is_half_open() -> None:
    """What is acknowledged at the very end of the window is not in it, and at its very start is."""
    edges = [attempt(n, due=START, done=START + second * SECOND) for n, second in enumerate((2, 12))]
    assert _one(edges, warmup_s=2.0, duration_s=10.0).throughput_per_s == 0.1


def test_a_stage_that_its_events_end() -> None:
    """Without a duration the window ends when the last event is done."""
    found = _one(_every_second(4), events=4, duration_s=None)
    assert found.window_s == pytest.approx(3.501)
    assert found.throughput_per_s == pytest.approx(4 / 3.501, abs=1e-3)
    assert found.latency_ms.delivery.count == 4


def test_events_that_run_out_before_the_time_is_up() -> None:
    """With both limits the last event ends the window; if time is up first, the plan does."""
    rows = _every_second(4)
    assert _one(rows, events=4, duration_s=10.0).window_s == pytest.approx(3.501)
    assert _one(rows, events=4, duration_s=2.0).window_s == 2
    assert _one(rows, events=100, duration_s=10.0).window_s == 10


def test_a_timed_stage_without_answers() -> None:
    """A target that answers nothing has a rate of 0, not none: its time has passed all the same."""
    found = _one(_every_second(10, outcome=Outcome.READ_TIMEOUT), duration_s=10.0)
    assert (found.window_s, found.throughput_per_s, found.error_rate) == (10, 0, 1)
    assert found.latency_ms.attempt.count == 0
    assert found.latency_ms.queueing.count == 10


@pytest.mark.parametrize("timeline", [_stopped(7), _stopped(11), _stopped(4.5, "lost 1 of 2 workers")])
def test_an_interrupted_stage_ends_with_its_last_sending(timeline: list[Entry]) -> None:
    """After Ctrl-C nothing is sent, whether answers are awaited beyond the planned end or not."""
    rows = _every_second(5)
    rows[-1] |= {"done": START + 7 * SECOND, "outcome": Outcome.INTERRUPTED, "status": 0}
    found = _one(rows, timeline, duration_s=10.0)
    assert found.window_s == pytest.approx(4.5)
    assert found.throughput_per_s == pytest.approx(4 / 4.5, abs=1e-3)
    assert found.latency_ms.queueing.count == 5


def test_an_interrupted_stage_of_events() -> None:
    """A stage stopped before its events ran out ends with its last sending, too."""
    assert _one(_every_second(5), _stopped(7), events=100, duration_s=None).window_s == pytest.approx(4.5)


def test_interrupted_behind_the_last_stage_s_end() -> None:
    """A stage whose events ran out is whole, even if the run was stopped then."""
    assert _one(_every_second(5), _stopped(7), events=5, duration_s=None).window_s == pytest.approx(4.501)


def test_only_the_last_stage_of_a_stopped_run_was_stopped() -> None:
    """The stages before the one in which a run was stopped keep their planned windows."""
    stages = [planned("first"), planned("second")]
    rows = [row | {"stage": stage} for stage in (0, 1) for row in _every_second(5)]
    timeline = [*story(rows, stages)[:-1], RunEnded(at_ns=START + 12 * SECOND, interrupted=True)]
    assert [stage.window_s for stage in stage_figures(run(rows, stages=stages, timeline=timeline))] == [10, 4.5]


def test_an_overloaded_stage_ends_when_that_was_found() -> None:
    """Nothing more fell due from then on: the window is as long as there was load, and its events are all told."""
    rows = [*_every_second(5), attempt(9, due=START + 4 * SECOND, outcome=Outcome.ABANDONED)]
    timeline = story(rows, [planned()])
    timeline.insert(1, StageOverloaded(at_ns=START + 5 * SECOND, stage=0, queued=1, growing_s=2))
    found = _one(rows, timeline, duration_s=10.0)
    assert (found.window_s, found.throughput_per_s) == (5, 1)
    assert (found.deliveries.due, found.deliveries.abandoned) == (6, 1)


def test_stopped_in_the_warm_up() -> None:
    """There is no window then: no rate and no latencies, but the deliveries are told."""
    found = _one(_every_second(2), _stopped(2), warmup_s=5.0, duration_s=10.0)
    assert (found.window_s, found.throughput_per_s) == (0, None)
    assert found.latency_ms.delivery.count == 0
    assert found.deliveries.acknowledged == 2


def test_a_stage_without_end_in_the_timeline() -> None:
    """A master that died leaves a stage that was begun: it ends with its last sending; others are not there."""
    timeline: list[Entry] = [StageStarted(at_ns=START, stage=0, name="stage")]
    stages = [planned("begun"), planned("never")]
    (found,) = stage_figures(run(_every_second(3), stages=stages, timeline=timeline))
    assert (found.name, found.window_s) == ("begun", 2.5)


def test_nothing_fell_due() -> None:
    """A stage without one event has no rates, and zeros for counts."""
    found = _one([], duration_s=10.0)
    assert (found.throughput_per_s, found.error_rate, found.attempts.per_delivery) == (0, None, None)
    assert found.deliveries.due == found.attempts.total == 0
    assert _one([], _stopped(1), duration_s=10.0).throughput_per_s is None
    assert _one([], events=5, duration_s=None).throughput_per_s is None


def test_deliveries_are_of_the_whole_stage() -> None:
    """States are counted over warm-up, window and drain; the error rate is the share without an acknowledgement."""
    outcomes = [Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.RESET, Outcome.ABANDONED]
    rows = [attempt(n, due=START + n * 3 * SECOND, outcome=outcome) for n, outcome in enumerate(outcomes)]
    found = _one(rows, warmup_s=1.0, duration_s=1.0)
    counts = found.deliveries.model_dump()
    assert counts == {"due": 4, "acknowledged": 1, "failed": 1, "in_doubt": 1, "abandoned": 1}
    assert found.error_rate == 0.75


def test_attempts_are_what_was_sent() -> None:
    """Retries count, abandoned events do not; an outcome that the run has no name for keeps its number."""
    rows = [attempt(0, outcome=Outcome.REJECTED), attempt(0, attempt=2), attempt(1, outcome=Outcome.ABANDONED)]
    found = _one([*rows, attempt(2), attempt(3) | {"outcome": 99}]).attempts
    assert (found.total, found.per_delivery) == (4, 1.3333)
    assert found.by_outcome == {"acknowledged": 2, "rejected": 1, "outcome 99": 1}


def test_latencies_run_from_due() -> None:
    """Delivery is due to acknowledged, attempt is sent to answered, queueing is due to sent; late waking is none."""
    waited = attempt(due=START, start=START + 30 * MS, done=START + 50 * MS)
    woke_late = attempt(1, due=START, late=10 * MS, start=START + 10 * MS, done=START + 15 * MS)
    rejected = attempt(2, due=START, start=START, done=START + 7 * MS, outcome=Outcome.REJECTED)
    found = _one([waited, woke_late, rejected]).latency_ms
    assert (found.delivery.count, found.delivery.max, found.delivery.p50) == (2, 50, 5)
    assert (found.attempt.count, found.attempt.max, found.attempt.p50) == (3, 20, 7)
    assert (found.queueing.count, found.queueing.max, found.queueing.p50) == (3, 30, 0)


def test_stages_do_not_mix() -> None:
    """The same webhook and sequence in two stages are two events, each with its own arrivals."""
    stages = [planned("first"), planned("second")]
    rows = [attempt(stage=0), attempt(stage=1), attempt(1, stage=1)]
    found = stage_figures(run(rows, [arrival(row) for row in rows], stages=stages))
    assert [(stage.name, stage.deliveries.due, stage.ledger.received) for stage in found] == [
        ("first", 1, 1),
        ("second", 2, 2),
    ]


def test_a_stage_tells_its_parameters() -> None:
    """Name and scenario have their own places; all else of the plan is among the parameters."""
    found = _one([], scenario="odd", users=7)
    assert (found.name, found.scenario) == ("stage", "odd")
    assert found.parameters == {
        "users": 7,
        "events": None,
        "duration_s": 10.0,
        "warmup_s": 0.0,
        "arrivals": {"kind": "closed"},
    }


def test_the_generator_is_as_bad_as_its_worst_process() -> None:
    """Shares and lags are those of the worst process; without reports there are none."""
    worst = [
        worker_report(cpu_s=9.0, starved_s=1.0, lag_p99_ms=1.0),
        worker_report(cpu_s=1.0, starved_s=3.0, lag_p99_ms=9.0),
        worker_report(wall_s=0.0, cpu_s=0.0, starved_s=None),
    ]
    timeline: list[Entry] = [
        StageStarted(at_ns=START, stage=0, name="stage"),
        StageEnded(at_ns=START, stage=0, reports=worst),
    ]
    found = _one([], timeline).generator
    assert (found.cpu_share, found.starved_share, found.lag_p99_ms, found.late_p99_ms) == (0.9, 0.3, 9.0, None)
    none = _one([], timeline[:1]).generator
    assert set(none.model_dump().values()) == {None}


def test_late_waking_matters_to_open_arrivals_only() -> None:
    """A closed loop has no schedule to be late for."""
    rows = [attempt(n, late=n * MS) for n in range(100)]
    assert _one(rows, arrivals={"kind": "constant", "rate": 100.0}).generator.late_p99_ms == 98
    assert _one(rows).generator.late_p99_ms is None
