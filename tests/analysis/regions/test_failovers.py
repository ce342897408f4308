"""Failovers: every figure from journals whose instants were planted."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.regions import failovers
from _hookswarm.analysis.regions.faults import Terms
from _hookswarm.analysis.schema.failover import Failover, OriginFailover, ReceiversView, Survivor
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import Entry, IncidentPlayed, RunEnded, StageEnded, StageStarted
from _hookswarm.records.worker_report import Flip
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run, worker_report

EU, US, AP = 0, 1, 2
REGIONS = [
    {"name": name, "url": f"http://{name}.example/hooks", "receiver": True, "weight": weight}
    for name, weight in (("eu", 1.0), ("us", 3.0), ("ap", 1.0))
]
HEALTH = {"failures": 5, "eject_s": 1.0, "longest_s": 10.0}
OK, REFUSED, TIMED_OUT = Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.READ_TIMEOUT


class Try(NamedTuple):
    """An attempt: where to, how it ended, how long that took, and how long after the one before."""

    target: int
    outcome: Outcome
    took_ms: int
    wait_ms: int = 10


Route = Callable[[int], Sequence[Try]]
"""The attempts of the event that falls due at so many milliseconds."""


def traffic(route: Route, origin: int = EU, every_ms: int = 20, length_ms: int = 10_000) -> list[Row]:
    """The attempts of one webhook of an origin, whose events fall due in equal steps from the stage's start."""
    rows = []
    for sequence, due_ms in enumerate(range(0, length_ms, every_ms)):
        at_ms = due_ms
        for number, one in enumerate(route(due_ms), 1):
            at_ms += one.wait_ms if number > 1 else 0
            due = START + at_ms * MS
            at_ms += one.took_ms
            rows.append(
                attempt(
                    sequence,
                    origin,
                    attempt=number,
                    origin=origin,
                    target=one.target,
                    outcome=one.outcome,
                    due=due,
                    done=START + at_ms * MS,
                )
            )
    return rows


def steps(*parts: tuple[int, Sequence[Try]]) -> Route:
    """Each part holds from its millisecond to that of the next."""
    return lambda due_ms: next(tries for begin_ms, tries in reversed(parts) if due_ms >= begin_ms)


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def incident(
    fault: str,
    begin_s: float = 3,
    end_s: float = 5,
    regions: Sequence[int] = (EU,),
    origins: Sequence[int] = (EU, US, AP),
    period_s: float | None = None,
) -> IncidentPlayed:
    return IncidentPlayed.model_validate(
        {
            "at_ns": at(begin_s), "until_ns": at(end_s), "stage": 0, "fault": fault,
            "regions": list(regions), "origins": list(origins), "period_s": period_s,
        }
    )  # fmt: skip


def flip(at_s: float, healthy: bool = False, origin: int = EU, target: int = EU, by: str = "failures") -> Flip:
    said = {"at_ns": at(at_s), "origin": origin, "target": target, "healthy": healthy, "by": by}
    return Flip.model_validate(said)


def frames(
    attempts: Sequence[Row],
    incidents: Sequence[IncidentPlayed],
    arrivals: Sequence[Row] | None = None,
    flips: Sequence[Sequence[Flip]] = ((),),
    options: dict[str, Any] | None = None,
    regions: Sequence[dict[str, Any]] = REGIONS,
    **plan: Any,
) -> RunFrames:
    """A run of one stage, ten seconds long unless told otherwise; `flips` of each sending process."""
    reports = [
        worker_report(worker=f"w{number}").model_copy(update={"flips": list(own)}) for number, own in enumerate(flips)
    ]
    timeline: list[Entry] = [StageStarted(at_ns=START, stage=0, name="stage"), *incidents]
    timeline.append(StageEnded(at_ns=at(30), stage=0, reports=reports))
    timeline.append(RunEnded(at_ns=at(31), interrupted=False))
    return run(attempts, arrivals, stages=[planned(**plan)], timeline=timeline, regions=regions, options=options or {})


def told(*args: Any, **kwargs: Any) -> list[Failover]:
    made = frames(*args, **kwargs)
    recorder = failovers.FailoversRecorder(made)
    stages.stage_figures(made, recorder.add)
    return recorder.failovers


def one(*args: Any, **kwargs: Any) -> Failover:
    (found,) = told(*args, **kwargs)
    return found


def taken(rows: Sequence[Row]) -> list[Row]:
    """The arrivals of what was acknowledged."""
    return [arrival(row) for row in rows if row["outcome"] == OK]


LOST_HOME = traffic(
    steps(
        (0, [Try(EU, OK, 1)]),
        (3000, [Try(EU, REFUSED, 1)]),
        (3100, [Try(US, OK, 5)]),
        (5500, [Try(EU, OK, 1)]),
    )
)
"""50 events a second, sent to eu; five fail, the others go to us, and half a second after the heal home again."""

EJECTED = [[flip(3.09), flip(5.4, healthy=True, by="probes")]]


def test_a_region_that_refuses() -> None:
    """Every figure of the plainest fault: five failures, ejected, elsewhere, home again."""
    found = one(LOST_HOME, [incident("refused")], taken(LOST_HOME), EJECTED, health=HEALTH)
    assert found == Failover(
        stage="stage",
        faults=["refused"],
        regions=["eu"],
        origins=["eu"],
        began_at_s=3,
        lasted_s=2,
        healed=True,
        slo=0.99,
        deadline_s=1,
        by_origin=[
            OriginFailover(
                origin="eu",
                regions=["eu"],
                first_failure_s=0.001,
                detected_first_s=0.09,
                detected_s=0.09,
                detected_by="failures",
                detected_processes=1,
                bound_s=0.1,
                within_bound=True,
                first_success_elsewhere_s=0.105,
                recovered_s=0.1,
                hold_s=1,
                longest_gap_s=0.124,
                home_share=1,
                failback_started_s=0.5,
                failed_back_s=0.5,
                flips=2,
            )
        ],
        recovered_s=0.1,
        due=5,
        failed=5,
        late=0,
        lost=0,
        duplicated=0,
        reordered=0,
        budget_burned=1,
        survivors=[
            Survivor(region="us", before_per_s=0, peak_per_s=50, overshoot=None, of_fair_share=1.3333),
            Survivor(region="ap", before_per_s=0, peak_per_s=0, overshoot=None, of_fair_share=0),
        ],
        p99_before_ms=1,
        p99_during_ms=5,
        p99_after_ms=5,
        flips=2,
        false_alarms=0,
        backlog_peak=1,
        drain_s=0,
        metastable=False,
        receivers=ReceiversView(
            arrived=0,
            taken=0,
            last_taken_s=None,
            first_taken_after_s=0.5001,
            failed=5,
            failed_but_taken=0,
            views_differ=None,
        ),
    )


LATE = traffic(
    steps(
        (0, [Try(EU, OK, 1)]),
        (3000, [Try(EU, TIMED_OUT, 1500), Try(US, OK, 5)]),
        (4600, [Try(US, OK, 5)]),
        (6000, [Try(EU, OK, 1)]),
    )
)
"""What is sent to eu from 3 s on times out after 1.5 s, and is retried at us; then all goes there, until 6 s."""


def thawed(rows: Sequence[Row]) -> list[Row]:
    """The arrivals of what was acknowledged, and of what timed out: that from 5.2 s on, one each millisecond."""
    failed = [row for row in rows if row["outcome"] == TIMED_OUT]
    return [*taken(rows), *(arrival(row, start=at(5.2) + place * MS) for place, row in enumerate(failed))]


def test_a_frozen_region() -> None:
    """Its failures come a time-out later, and what it was sent it takes when it thaws: duplicates."""
    found = one(
        LATE, [incident("frozen")], thawed(LATE), [[flip(4.58)]],
        options={"connect_timeout": 0.5, "response_timeout": 1.5}, health=HEALTH, users=10,
    )  # fmt: skip
    (eu,) = found.by_origin
    assert (eu.first_failure_s, eu.detected_s, eu.bound_s, eu.within_bound) == (1.5, 1.58, 1.6, True)
    assert (eu.first_success_elsewhere_s, eu.recovered_s, eu.longest_gap_s) == (1.515, 1.6, 1.534)
    # Until 6.04 s, more than one in twenty of the attempts ahead are retries that still go to us.
    assert (eu.failback_started_s, eu.failed_back_s) == (1, 1.06)
    assert (found.due, found.failed, found.late, found.lost, found.duplicated) == (80, 0, 80, 0, 80)
    assert found.reordered == 75
    assert found.budget_burned == 16
    assert (found.p99_before_ms, found.p99_during_ms) == (1, 1515)
    assert (found.backlog_peak, found.drain_s, found.metastable) == (76, 1.075, False)
    assert found.receivers == ReceiversView(
        arrived=0,
        taken=0,
        last_taken_s=None,
        first_taken_after_s=0.2,
        failed=80,
        failed_but_taken=80,
        views_differ="the senders say that 80 attempts failed in the fault (read timeout); "
        "the receivers took 80 of them, 80 only after it",
    )


def test_what_was_acknowledged_and_never_taken() -> None:
    """Of the events of the fault only: one that was lost before it is not the fault's."""
    seen = [row for row in thawed(LATE) if row["sequence"] not in (0, 150)]
    assert one(LATE, [incident("frozen")], seen).lost == 1


def test_a_fault_that_retries_hide() -> None:
    """What is retried elsewhere in time is a good event: the origin noticed, and its events did not."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, TIMED_OUT, 500), Try(US, OK, 5)])))
    found = one(rows, [incident("frozen")])
    assert (found.recovered_s, found.due, found.late, found.metastable) == (0, 0, 0, False)
    assert found.by_origin[0].first_success_elsewhere_s == 0.515
    assert found.by_origin[0].longest_gap_s == 0.534


def test_the_deadline_grows_with_what_is_usual() -> None:
    """Twice the 99th percentile before, where that is longer than a second."""
    rows = traffic(steps((0, [Try(EU, OK, 700)]), (3000, [Try(US, OK, 1400)]), (3100, [Try(US, OK, 1401)])))
    found = one(rows, [incident("slow", end_s=12)])
    assert found.deadline_s == 1.4
    assert (found.late, found.failed, found.due) == (345, 0, 350)


def both(of_us: Route) -> list[Row]:
    """Two origins that send to eu; that of us as told."""
    return [*traffic(steps((0, [Try(EU, OK, 1)]))), *traffic(of_us, origin=US)]


def test_a_cut_concerns_one_origin() -> None:
    """The other one still gets there: it is not asked to notice, its events count, its arrivals are no news."""
    lost = Outcome.CONNECT_TIMEOUT
    rows = both(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, lost, 200)]), (3100, [Try(AP, OK, 5)])))
    found = one(rows, [incident("cut", origins=[US])], taken(rows), [[flip(3.28, origin=US)]])
    (us,) = found.by_origin
    assert (found.origins, us.origin, us.regions) == (["us"], "us", ["eu"])
    assert (us.first_failure_s, us.detected_s, us.recovered_s, us.first_success_elsewhere_s) == (0.2, 0.28, 0.1, 0.205)
    assert (found.due, found.failed) == (10, 5)
    assert (found.flips, found.false_alarms) == (1, 0)
    assert [one.region for one in found.survivors] == ["us", "ap"]
    assert found.survivors[1].of_fair_share == 2
    assert found.receivers is not None
    assert (found.receivers.arrived, found.receivers.taken, found.receivers.failed) == (0, 0, 5)


def test_a_cut_of_the_way_back() -> None:
    """The receivers took what the senders call failed, all but one: both views are told."""
    rows = both(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, TIMED_OUT, 500)]), (3100, [Try(AP, OK, 5)])))
    failed = [row for row in rows if row["outcome"] == TIMED_OUT]
    found = one(rows, [incident("cut_back", origins=[US])], [*taken(rows), *map(arrival, failed[:4])])
    assert found.receivers == ReceiversView(
        arrived=4,
        taken=4,
        last_taken_s=0.0601,
        first_taken_after_s=None,
        failed=5,
        failed_but_taken=4,
        views_differ="the senders say that 5 attempts failed in the fault (read timeout); the receivers took 4 of them",
    )


def test_an_attempt_that_arrived_twice_was_taken_once() -> None:
    """And one that was turned away was not taken, though it arrived."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, TIMED_OUT, 500)]), (3040, [Try(US, OK, 1)])))
    first, second = (row for row in rows if row["outcome"] == TIMED_OUT)
    seen = [arrival(first), arrival(first, start=at(6)), arrival(second, status=503)]
    found = one(rows, [incident("cut_back")], [*taken(rows), *seen]).receivers
    assert found is not None
    assert (found.arrived, found.taken, found.failed, found.failed_but_taken) == (2, 1, 2, 1)
    assert found.first_taken_after_s == 1
    assert found.views_differ is not None
    assert found.views_differ.endswith("the receivers took 1 of them")


def wave(period_ms: int, begin_ms: int, end_ms: int) -> Route:
    """All is sent to eu, and rejected in the first half of each period."""

    def route(due_ms: int) -> Sequence[Try]:
        bad = begin_ms <= due_ms < end_ms and (due_ms - begin_ms) % period_ms < period_ms // 2
        return [Try(EU, Outcome.REJECTED if bad else OK, 1)]

    return route


def test_a_region_that_flaps() -> None:
    """Every flip counts; it is over when the last bad half is."""
    turns = [flip(3 + n / 2 + late, healthy) for n in range(4) for healthy, late in ((False, 0.1), (True, 0.3))]
    found = one(traffic(wave(500, 3000, 5000)), [incident("flapping", period_s=0.5)], flips=[turns, []], health=HEALTH)
    (eu,) = found.by_origin
    assert (eu.flips, found.flips, eu.detected_s, eu.detected_processes) == (8, 8, 0.1, 1)
    assert (eu.first_failure_s, eu.recovered_s, found.failed, found.due) == (0.001, 1.76, 52, 88)
    assert (eu.failback_started_s, eu.failed_back_s, eu.first_success_elsewhere_s) == (0, 0, None)
    assert eu.bound_s is None  # the bad half may be over before five attempts failed


def test_a_good_half_is_no_recovery() -> None:
    """Of a slow square wave: it is looked at for a whole period."""
    found = one(
        traffic(wave(4000, 1000, 9000), length_ms=20_000), [incident("flapping", 1, 9, period_s=4)],
        duration_s=20.0, health=HEALTH,
    )  # fmt: skip
    assert found.by_origin[0].hold_s == 4
    assert found.recovered_s == 6
    assert found.by_origin[0].bound_s == 0.1


def test_two_regions_at_once() -> None:
    """They are one fault, whoever came up first; detected when the last process has noticed the last one."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1), Try(US, REFUSED, 1), Try(AP, OK, 1)])))
    found = one(
        rows,
        [incident("refused", regions=[EU]), incident("frozen", 3.5, 6, regions=[US])],
        flips=[[flip(3.2, target=US, by="probes"), flip(3.05)], [flip(3.3, target=US), flip(3.4, target=AP)]],
    )
    (eu,) = found.by_origin
    assert (found.faults, found.regions, eu.regions) == (["refused", "frozen"], ["eu", "us"], ["eu", "us"])
    assert (found.began_at_s, found.lasted_s) == (3, 3)
    assert (eu.detected_first_s, eu.detected_s, eu.detected_by, eu.detected_processes) == (0.05, 0.3, "failures", 2)
    assert (eu.first_failure_s, eu.first_success_elsewhere_s) == (0.001, 0.023)
    assert (found.flips, found.false_alarms) == (3, 1)
    (ap,) = found.survivors
    assert (ap.region, ap.before_per_s, ap.peak_per_s, ap.of_fair_share) == ("ap", 0, 50, 1)


def test_one_fault_after_the_other() -> None:
    """Each is told up to the next; both are compared with what was before the first."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (2000, [Try(US, OK, 5)]), (6000, [Try(AP, OK, 7)])))
    first, second = told(
        rows, [incident("refused", 6, 7, regions=[US]), incident("refused", 2, 6)], flips=[[flip(2.5), flip(6.5)]]
    )
    assert (first.began_at_s, first.lasted_s, first.healed, first.regions) == (2, 4, False, ["eu"])
    assert (second.began_at_s, second.lasted_s, second.healed, second.regions) == (6, 1, True, ["us"])
    assert (first.p99_before_ms, first.p99_during_ms, first.p99_after_ms) == (1, 5, None)
    assert (second.p99_before_ms, second.p99_during_ms, second.p99_after_ms) == (1, 7, 7)
    assert (first.flips, second.flips, second.false_alarms) == (1, 0, 1)
    assert (first.by_origin[0].failback_started_s, first.drain_s) == (None, None)
    assert (second.by_origin[0].home_share, second.by_origin[0].failed_back_s) == (0, None)


def test_all_regions() -> None:
    """Nobody is left: a backlog, which drains in a second after the heal and is overtaken by newer events."""

    def route(due_ms: int) -> Sequence[Try]:
        if not 3000 <= due_ms < 5000:
            return [Try(EU, OK, 1)]
        again_ms = 5000 + (due_ms - 3000) // 2
        return [Try(EU, REFUSED, 1), Try(EU, OK, 1, wait_ms=again_ms - due_ms - 1)]

    rows = traffic(route)
    found = one(rows, [incident("refused", regions=[EU, US, AP])], taken(rows))
    (eu,) = found.by_origin
    assert (eu.first_success_elsewhere_s, eu.recovered_s, eu.longest_gap_s) == (None, 2, 2.02)
    assert (eu.failback_started_s, eu.failed_back_s) == (0, 0)
    assert (found.due, found.failed, found.late, found.reordered) == (100, 0, 100, 99)
    assert (found.backlog_peak, found.drain_s, found.metastable) == (101, 0.981, False)
    assert (found.survivors, found.p99_during_ms) == ([], 1991)


DOWN = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)])))


def test_what_never_recovered() -> None:
    """All that is told is told up to the end, and that it outlived its cause."""
    found = one(DOWN, [incident("refused", 3, 4)])
    (eu,) = found.by_origin
    assert (found.recovered_s, eu.recovered_s, eu.longest_gap_s) == (None, None, 7.019)
    assert (found.due, found.failed, found.budget_burned) == (350, 350, 70)
    assert (found.metastable, found.p99_after_ms, found.p99_during_ms) == (True, None, None)
    assert (eu.failback_started_s, eu.failed_back_s) == (None, 0)


@pytest.mark.parametrize(
    ("end_s", "metastable"),
    [(4.0, True), (6.0, True), (6.02, None), (9.0, None), (12.0, None)],
)
def test_too_short_to_know(end_s: float, metastable: bool | None) -> None:
    """As long as the fault lasted after its end, and a second to see it: else it might still have recovered."""
    assert one(DOWN, [incident("refused", 3, end_s)]).metastable is metastable


@pytest.mark.parametrize(("back_ms", "metastable"), [(4980, False), (5020, True)])
def test_recovered_long_after(back_ms: int, metastable: bool) -> None:
    """A fault of a second may take another one to get over."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)]), (back_ms, [Try(EU, OK, 1)])))
    found = one(rows, [incident("refused", 3, 4)])
    assert (found.recovered_s, found.metastable) == ((back_ms - 3000) / 1000, metastable)


def test_a_stage_without_incidents() -> None:
    """It has no failovers, and those of another stage are not its own."""
    fine = traffic(steps((0, [Try(EU, OK, 1)])))
    assert told(fine, []) == []
    elsewhere = incident("refused").model_copy(update={"stage": 1})
    assert told(fine, [elsewhere]) == []


def test_nobody_noticed() -> None:
    """No flips: null; and out of its bound, if there was one and the fault lasted longer."""
    (eu,) = one(LOST_HOME, [incident("refused")]).by_origin
    assert (eu.detected_s, eu.detected_first_s, eu.detected_by, eu.detected_processes) == (None, None, None, 0)
    assert (eu.bound_s, eu.within_bound, eu.flips) == (None, None, 0)
    (eu,) = one(LOST_HOME, [incident("refused")], health=HEALTH).by_origin
    assert (eu.bound_s, eu.within_bound) == (0.1, False)
    (eu,) = one(LOST_HOME, [incident("refused", 3, 3.48)], health=HEALTH).by_origin
    assert (eu.bound_s, eu.within_bound) == (0.1, None)


def test_flips_that_tell_nothing_of_the_fault() -> None:
    """Of before, of another origin, and back to healthy: none is a detection."""
    flips = [flip(2.9), flip(3.1, origin=US), flip(3.2, healthy=True)]
    found = one(LOST_HOME, [incident("refused", origins=[EU])], flips=[flips])
    assert (found.by_origin[0].detected_s, found.by_origin[0].flips) == (None, 1)
    assert (found.flips, found.false_alarms) == (1, 1)


def test_a_target_that_keeps_no_journal() -> None:
    """Nothing is known of arrivals; all else is, and the survivors' load is what was sent to them."""
    ours = one(LOST_HOME, [incident("refused")], taken(LOST_HOME), EJECTED)
    found = one(LOST_HOME, [incident("refused")], None, EJECTED)
    unknown = {"lost": None, "duplicated": None, "reordered": None, "receivers": None}
    assert found == ours.model_copy(update=unknown)


def test_a_stage_that_was_cut_off_with_its_fault() -> None:
    """A fault to the very end has no heal; one that only began behind it has nothing at all."""
    found = one(LOST_HOME, [incident("refused", 3, 12)], taken(LOST_HOME))
    assert (found.healed, found.lasted_s, found.p99_after_ms, found.drain_s) == (False, 9, None, None)
    assert found.receivers is not None
    assert (found.receivers.taken, found.receivers.first_taken_after_s) == (225, None)
    found = one(LOST_HOME, [incident("refused", 11, 12)], taken(LOST_HOME))
    assert (found.due, found.recovered_s, found.metastable, found.healed) == (0, None, None, False)
    assert [one.peak_per_s for one in found.survivors] == [None, None]


def test_a_stage_in_which_nothing_was_sent() -> None:
    """Nobody could notice."""
    found = one([], [incident("refused")], [])
    assert (found.origins, found.by_origin, found.recovered_s, found.metastable) == ([], [], None, None)
    assert (found.due, found.budget_burned, found.backlog_peak, found.p99_before_ms) == (0, None, 0, None)


@pytest.mark.parametrize(("begin_s", "p99_ms"), [(3, 2), (2.5, 3), (2, 3), (1, 3)])
def test_the_warm_up_is_not_compared_with(begin_s: float, p99_ms: float) -> None:
    """Unless less than a second of what is measured comes before the fault."""
    rows = traffic(steps((0, [Try(EU, OK, 3)]), (2000, [Try(EU, OK, 2)])))
    assert one(rows, [incident("refused", begin_s, 4)], warmup_s=2.0, duration_s=8.0).p99_before_ms == p99_ms


def test_few_events_are_looked_at_for_longer() -> None:
    """A good event among bad ones is no recovery: at four a second, twenty take five seconds."""
    route = steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)]), (3500, [Try(EU, OK, 1)]))
    bad = traffic(route, every_ms=250, length_ms=20_000)
    bad[20] |= attempt(20, origin=EU, due=at(5), outcome=REFUSED)
    found = one(bad, [incident("refused")], duration_s=20.0)
    assert (found.by_origin[0].hold_s, found.recovered_s) == (5, 2.25)


def test_share_of_home() -> None:
    """Home is back when 95 % of what used to go there does: not with the first trial, nor with half of it."""

    def route(due_ms: int) -> Sequence[Try]:
        home = due_ms // 20 % 2 == 0  # every other event goes to eu
        if 3000 <= due_ms < 7000:
            home = due_ms == 6000 or (due_ms >= 6400 and due_ms // 20 % 4 == 0)
        return [Try(EU if home else US, OK, 1)]

    (eu,) = one(traffic(route), [incident("refused")]).by_origin
    assert eu.home_share == 0.5
    assert eu.failback_started_s == 1
    # From 6.88 s on, 24 of 50 go there.
    assert eu.failed_back_s == 1.88


@pytest.mark.parametrize(("back_ms", "metastable"), [(4180, False), (4220, True)])
def test_a_second_to_recover(back_ms: int, metastable: bool) -> None:
    """However short the fault was: two tenths of a second here."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)]), (back_ms, [Try(EU, OK, 1)])))
    assert one(rows, [incident("refused", 3, 3.2)]).metastable is metastable


def test_recovered_is_when_all_are() -> None:
    """The last origin counts, and what fell due until then; one that never did is all that counts."""
    down, back = (3000, [Try(EU, REFUSED, 1)]), (3100, [Try(US, OK, 1)])
    fast = traffic(steps((0, [Try(EU, OK, 1)]), down, back))
    slow = traffic(steps((0, [Try(EU, OK, 1)]), down, (3500, [Try(US, OK, 1)])), origin=US)
    found = one([*fast, *slow], [incident("refused")])
    assert [origin.recovered_s for origin in found.by_origin] == [0.1, 0.5]
    assert (found.recovered_s, found.due, found.failed) == (0.5, 50, 30)
    never = traffic(steps((0, [Try(EU, OK, 1)]), down), origin=AP)
    found = one([*fast, *never], [incident("refused")])
    assert [origin.recovered_s for origin in found.by_origin] == [0.1, None]
    assert (found.recovered_s, found.due) == (None, 700)


def test_what_the_end_of_a_run_cut_off() -> None:
    """Is no failure of the region: it might have answered."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, Outcome.INTERRUPTED, 1)])))
    found = one(rows, [incident("refused")], taken(rows))
    assert found.by_origin[0].first_failure_s is None
    assert found.receivers is not None
    assert (found.receivers.failed, found.failed) == (0, 350)


def test_an_origin_that_sent_nothing() -> None:
    """It could not notice: what it abandoned is bad all the same."""
    waiting = attempt(0, AP, origin=AP, due=at(3.01), outcome=Outcome.ABANDONED)
    found = one([*LOST_HOME, waiting], [incident("refused")])
    assert (found.origins, found.due, found.failed) == (["eu"], 6, 6)


def test_an_event_that_failed_elsewhere() -> None:
    """Its retry tells nothing of the fault; that of one that failed at home does, though it was due before the end."""
    route = steps(
        (0, [Try(EU, OK, 1)]),
        (3000, [Try(US, REFUSED, 1), Try(AP, OK, 1)]),
        (3020, [Try(EU, REFUSED, 1), Try(US, OK, 500)]),
        (3040, [Try(EU, REFUSED, 500)]),
        (3060, [Try(US, OK, 100)]),
    )
    (eu,) = one(traffic(route), [incident("refused")]).by_origin
    assert (eu.first_failure_s, eu.first_success_elsewhere_s) == (0.021, 0.16)
    route = steps(
        (0, [Try(EU, OK, 1)]),
        (3000, [Try(EU, REFUSED, 500)]),
        (3020, [Try(US, REFUSED, 1), Try(AP, OK, 1)]),
        (3040, [Try(EU, REFUSED, 10), Try(US, OK, 5)]),
        (3060, [Try(EU, REFUSED, 1)]),
    )
    (eu,) = one(traffic(route), [incident("refused")]).by_origin
    assert (eu.first_failure_s, eu.first_success_elsewhere_s) == (0.05, 0.065)


def test_an_attempt_before_the_fault() -> None:
    """What was under way when it came does not date its first failure; nor does what failed after the heal."""
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (2980, [Try(EU, REFUSED, 30)]), (3000, [Try(EU, REFUSED, 70)])))
    assert one(rows, [incident("refused")]).by_origin[0].first_failure_s == 0.07
    rows = traffic(steps((0, [Try(EU, OK, 1)]), (5000, [Try(EU, REFUSED, 1)])))
    assert one(rows, [incident("refused")]).by_origin[0].first_failure_s is None


def test_a_fault_between_two_events() -> None:
    """Where nothing suffered, all was well from the fault's first instant on."""
    rows = traffic(lambda due_ms: [Try(US, OK, 1)])
    assert one(rows, [incident("refused", 2.985)]).recovered_s == 0


def test_detected_when_it_was_over() -> None:
    """A time-out may be longer than the fault."""
    (eu,) = one(LATE, [incident("frozen", 3, 4)], flips=[[flip(4.58)]]).by_origin
    assert (eu.detected_s, eu.flips) == (1.58, 1)


def test_a_fault_that_the_stage_did_not_wait_for() -> None:
    """Four tenths of a second before the end, nobody could have noticed yet, however long it went on."""
    (eu,) = one(LOST_HOME, [incident("refused", 9.6, 12)], health=HEALTH).by_origin
    assert (eu.bound_s, eu.within_bound) == (0.133333, None)


def test_each_process_judges_for_itself() -> None:
    """Two processes see half of the attempts each, and half of the workers wait; so do those of two origins."""
    timed = {"response_timeout": 1.0, "connect_timeout": 0.1}
    (eu,) = one(LATE, [incident("frozen")], flips=[[], []], options=timed, health=HEALTH, users=4).by_origin
    assert eu.bound_s == 0.2 + 3  # five in a row of two workers: three rounds
    (us,) = one(both(wave(2, 0, 0)), [incident("cut", origins=[US])], options=timed, health=HEALTH, users=6).by_origin
    assert us.bound_s == 0.1 + 2
    (eu,) = one(LATE, [incident("frozen")], options=timed, health=HEALTH, users=5, timeout_s=0.3).by_origin
    assert eu.bound_s == 0.1 + 0.3
    (eu,) = one(LATE, [incident("frozen")], health=HEALTH, users=5).by_origin
    assert eu.bound_s is None  # nobody knows how long an attempt may last


def test_the_bound_of_several_regions() -> None:
    """It is that of the last; none where one may go unnoticed."""
    rows = traffic(lambda due_ms: [Try(EU if due_ms % 80 else US, OK, 1)])
    lost = incident("refused", regions=[EU, US])
    (eu,) = one(rows, [lost], health=HEALTH).by_origin
    assert eu.bound_s == round(5 / (38 / 3), 6)  # of 150 events in three seconds 38 went to us
    (eu,) = one(rows, [lost, incident("grey", regions=[AP])], health=HEALTH).by_origin
    assert eu.bound_s is None


def test_survivors_by_their_own_journals() -> None:
    """What was sent and did not arrive is no load; a region that keeps no journal is told by what was sent to it."""
    rows = traffic(steps((0, [Try(EU, OK, 1), Try(US, OK, 1)]), (3000, [Try(US, OK, 1), Try(AP, OK, 1)])))
    some = [row for row in taken(rows) if row["target"] == EU or (row["target"] == US and row["sequence"] % 2)]
    regions = [*REGIONS[:2], REGIONS[2] | {"receiver": False}]
    us, ap = one(rows, [incident("refused")], some, regions=regions).survivors
    assert (us.before_per_s, us.peak_per_s, us.overshoot, us.of_fair_share) == (25, 25, 1, 0.4444)
    assert (ap.before_per_s, ap.peak_per_s, ap.overshoot) == (0, 50, None)


def test_a_region_without_a_journal_has_no_view() -> None:
    """Of two regions, one of which keeps none, the other's is told."""
    regions = [REGIONS[0] | {"receiver": False}, *REGIONS[1:]]
    assert one(LOST_HOME, [incident("refused")], taken(LOST_HOME), regions=regions).receivers is None
    found = one(LOST_HOME, [incident("refused", regions=[EU, US])], taken(LOST_HOME), regions=regions).receivers
    assert found is not None
    assert (found.taken, found.failed) == (95, 0)


def test_failures_that_are_not_of_the_fault() -> None:
    """Those after it, and those of an origin that it spared, are no news of it."""
    rows = both(steps((0, [Try(EU, OK, 1)]), (5000, [Try(EU, TIMED_OUT, 9)])))
    for row in rows[160:165]:
        row |= {"outcome": TIMED_OUT, "status": 0}
    found = one(rows, [incident("cut_back", origins=[US])], [arrival(row) for row in rows]).receivers
    assert found is not None
    assert (found.failed, found.failed_but_taken, found.views_differ) == (0, 0, None)


def test_what_was_turned_away_overtakes_nothing() -> None:
    """An event is in its place by the arrival that was taken."""
    rows = [row for row in LATE if row["sequence"] < 230]
    early = [arrival(row, start=at(3), status=503) for row in rows if row["sequence"] == 229]
    assert one(rows, [incident("frozen")], taken(rows)).reordered == 0
    seen = [row for row in taken(rows) if row["sequence"] != 229]
    assert one(rows, [incident("frozen")], [*seen, *early]).reordered == 0
    sooner = [row | {"status": 204} for row in early]
    assert one(rows, [incident("frozen")], [*seen, *sooner]).reordered == 79


def test_reordered_before_the_fault() -> None:
    """Is not the fault's."""
    seen = taken(LOST_HOME)
    seen[10]["start"] += SECOND
    assert one(LOST_HOME, [incident("refused")], seen).reordered == 0


def test_whatever_kept_an_event_from_its_receiver() -> None:
    """Abandoned, in doubt or failed: each is a bad event of the fault."""
    rows = traffic(
        steps(
            (0, [Try(EU, OK, 1)]),
            (3000, [Try(EU, REFUSED, 1)]),
            (3020, [Try(EU, TIMED_OUT, 1)]),
            (3040, [Try(EU, OK, 1)]),
        )
    )
    rows.append(attempt(151, attempt=2, due=at(3.5), outcome=Outcome.ABANDONED))
    rows[152] |= attempt(152, due=at(3.04), outcome=Outcome.ABANDONED, start=0)
    found = one(rows, [incident("refused")])
    assert (found.due, found.failed, found.budget_burned) == (3, 3, 0.6)


def test_the_budget_is_that_of_the_window() -> None:
    """What fell due in the warm-up grants nothing; and a fault begins so long after the stage, warm-up and all."""
    found = one(LOST_HOME, [incident("refused")], warmup_s=2.0, duration_s=5.0)
    assert (found.failed, found.budget_burned, found.began_at_s) == (5, 2, 3)


def test_the_next_fault_is_not_the_aftermath() -> None:
    """After, and the backlog, are up to the next fault; nothing of the time before is in the backlog's peak."""
    rows = traffic(
        steps(
            (0, [Try(EU, OK, 95)]),
            (2000, [Try(EU, OK, 1)]),
            (5000, [Try(US, OK, 30)]),
            (6000, [Try(US, OK, 900)]),
        )
    )
    first, second = told(rows, [incident("refused", 3, 4), incident("refused", 6, 7)])
    assert (first.p99_after_ms, first.backlog_peak) == (30, 2)
    assert (second.p99_after_ms, second.backlog_peak) == (900, 45)


def test_back_to_healthy_is_no_alarm() -> None:
    """Only a region in order that is given up is."""
    flips = [flip(3.1, target=AP), flip(3.2, healthy=True, target=AP)]
    found = one(LOST_HOME, [incident("refused")], flips=[flips])
    assert (found.flips, found.false_alarms) == (0, 1)


KINDS = [OK, OK, REFUSED, TIMED_OUT, Outcome.PENDING, Outcome.ABANDONED, Outcome.INTERRUPTED]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Events of one webhook and two origins in steps of 50 ms, whose attempts end anyhow, and arrivals of some."""
    rows = []
    for sequence in range(draw(st.integers(0, 25))):
        origin, due = draw(st.sampled_from([EU, US])), START + draw(st.integers(0, 40)) * 50 * MS
        for number in range(1, draw(st.integers(1, 3)) + 1):
            outcome, due = draw(st.sampled_from(KINDS)), due + draw(st.integers(0, 4)) * 50 * MS
            known = outcome not in (Outcome.PENDING, Outcome.ABANDONED)
            done = due + draw(st.integers(1, 6)) * 50 * MS
            target = draw(st.sampled_from([EU, US, AP]))
            rows.append(
                attempt(
                    sequence,
                    attempt=number,
                    origin=origin,
                    target=target,
                    outcome=outcome,
                    due=due,
                    done=done if known else 0,
                )
            )
            due = done
    sent = [row for row in rows if row["start"]]
    seen = [arrival(row) for row in draw(st.lists(st.sampled_from(sent), max_size=25))] if sent else []
    return rows, seen


@given(histories(), st.integers(0, 30), st.integers(0, 15))
def test_any_history(history: tuple[list[Row], list[Row]], begin: int, length: int) -> None:
    """The instants of any origin equal those that are found attempt by attempt, and the counts fit together."""
    rows, seen = history
    begin_ns, until_ns, end_ns = START + begin * 50 * MS, START + (begin + length) * 50 * MS, START + 2 * SECOND
    entry = incident("refused", begin / 20, (begin + length) / 20, origins=[EU])
    terms = Terms(hold_s=0.25, hold_events=0, deadline_s=0.3, deadline_p99s=0)
    made = frames(rows, [entry], seen, duration_s=2.0)
    recorder = failovers.FailoversRecorder(made, terms)
    stages.stage_figures(made, recorder.add)
    (found,) = recorder.failovers
    assert found.origins == (["eu"] if any(row["origin"] == EU and row["start"] for row in rows) else [])
    assert found.failed + found.late <= found.due
    assert found.receivers is not None
    assert found.receivers.failed_but_taken <= found.receivers.failed
    assert found.receivers.taken == found.receivers.arrived
    for eu in found.by_origin:
        own = [row for row in rows if row["origin"] == EU]
        bad = [row for row in own if row["target"] == EU and row["outcome"] in (REFUSED, TIMED_OUT)]
        first = min((row["done"] for row in bad if begin_ns <= row["start"] < min(until_ns, end_ns)), default=None)
        assert eu.first_failure_s == seconds(first, begin_ns)
        assert eu.first_success_elsewhere_s == seconds(_elsewhere(own, bad, first, begin_ns, end_ns), begin_ns)
        assert (found.recovered_s is None) == (eu.recovered_s is None)
        assert eu.longest_gap_s == _gap_s(own, begin_ns, eu.recovered_s, end_ns)


def seconds(instant: int | None, begin_ns: int) -> float | None:
    return None if instant is None else (instant - begin_ns) / SECOND


def _gap_s(own: list[Row], begin_ns: int, recovered_s: float | None, end_ns: int) -> float:
    """The longest gap, from a list of all instants that end one."""
    events = {row["sequence"] for row in own}
    done = [[row["done"] for row in own if row["sequence"] == e and row["outcome"] == OK] for e in events]
    answered = sorted(min(times) for times in done if times)
    ends = [max((instant for instant in answered if instant <= begin_ns), default=begin_ns)]
    if recovered_s is None:
        ends += [instant for instant in answered if begin_ns < instant < end_ns] + [end_ns]
    else:
        last = min(instant for instant in answered if instant >= begin_ns + round(recovered_s * SECOND))
        ends += [instant for instant in answered if begin_ns < instant <= last]
    return max((after - before for before, after in pairwise(ends)), default=0) / SECOND


def _elsewhere(own: list[Row], bad: list[Row], first: int | None, begin_ns: int, end_ns: int) -> int | None:
    if first is None:
        return None
    due = {row["sequence"]: row["due"] for row in own if row["attempt"] == 1}
    failed = [(row["sequence"], row["attempt"]) for row in bad if begin_ns <= row["start"] < end_ns]
    good = [
        row["done"]
        for row in own
        if row["outcome"] == OK and row["target"] != EU and begin_ns <= row["start"] < end_ns
        and (
            due[row["sequence"]] >= first
            or any(event == row["sequence"] and number < row["attempt"] for event, number in failed)
        )
    ]  # fmt: skip
    return min(good, default=None)


def test_an_outage_that_nobody_planned_is_found() -> None:
    """As long as attempts failed in a row: from the first of them that was sent to the first answer behind it."""
    attempts = traffic(
        steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, TIMED_OUT, 500), Try(US, OK, 5)]), (5000, [Try(EU, OK, 1)]))
    )
    found = one(attempts, [], taken(attempts), health=HEALTH)
    assert (found.faults, found.regions, found.origins) == (["unplanned"], ["eu"], ["eu"])
    assert found.began_at_s == 3.0
    assert found.lasted_s == pytest.approx(2.0, abs=0.6)
    assert found.by_origin[0].bound_s is None


def test_a_few_failures_are_no_outage() -> None:
    """Four in a row, and none where faults were the plan."""
    few = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)]), (3080, [Try(EU, OK, 1)])))
    assert told(few, [], taken(few)) == []
    many = traffic(steps((0, [Try(EU, OK, 1)]), (3000, [Try(EU, REFUSED, 1)])))
    assert len(told(many, [], taken(many))) == 1
    assert told(many, [], taken(many), faults={"status": {"503": 0.5}}) == []
