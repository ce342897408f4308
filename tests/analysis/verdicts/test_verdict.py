"""The verdict: what makes a run void or unknown, and what is only worth knowing."""

import errno
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.verdict import Measurement, Status, Target, Verdict
from _hookswarm.analysis.verdicts import verdict
from _hookswarm.analysis.verdicts.trust import StageJudge
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import Entry, RunEnded, ServiceDrained, StageEnded, StageOverloaded, WorkerLost
from tests.support.journals import MS, SECOND, START, arrival, attempt, planned, run, worker_report
from tests.support.published import arrived, frames_of, published
from tests.support.samples import machine_log
from tests.support.scaled import limited

ROWS = [attempt(n, webhook) for n in range(5) for webhook in range(2)]
SEEN = [arrival(row) for row in ROWS]
GOOD = run(ROWS, SEEN)


def _of(frames: RunFrames) -> Verdict:
    return verdict.verdict_of(frames, stages.stage_figures(frames, judge=StageJudge(frames)))


def _codes(found: Verdict) -> list[str]:
    return [reason.code for reason in found.reasons]


def _ended(**fields: Any) -> RunFrames:
    """A good run whose end says something else."""
    end = RunEnded.model_validate({"at_ns": START, "interrupted": False} | fields)
    return replace(GOOD, timeline=[*GOOD.timeline[:-1], end])


def _reporting(frames: RunFrames, **fields: Any) -> RunFrames:
    """The run with another report of its only sender."""
    report = worker_report(**({"due": 10, "settled": 10} | fields))
    timeline: list[Entry] = [
        entry.model_copy(update={"reports": [report]}) if isinstance(entry, StageEnded) else entry
        for entry in frames.timeline
    ]
    return replace(frames, timeline=timeline)


def _open(late: int) -> RunFrames:
    rows = [row | {"late": late} for row in ROWS]
    return run(rows, SEEN, stages=[planned(arrivals={"kind": "poisson", "rate": 10.0})])


def test_a_good_run_passes() -> None:
    """Where all agree there is nothing to say."""
    assert _of(GOOD) == Verdict.of(Measurement.VALID, Target.PASS, [])
    assert _of(run(ROWS)) == Verdict.of(Measurement.VALID, Target.PASS, [])


def _retrying(*delays_ms: float, **law: Any) -> RunFrames:
    """A run whose only sender declared a retry after 50 ms, and retried each event's failed attempt after these."""
    rows = []
    for sequence, delay_ms in enumerate(delays_ms):
        rows.append(attempt(sequence, outcome=Outcome.REJECTED))
        due = rows[-1]["done"] + round(delay_ms * MS)
        rows.append(attempt(sequence, attempt=2, due=due))
    seen = [arrival(row, status=row["status"]) for row in rows]
    return run(rows, seen, stages=[planned(retry={"retries": 1, "delay_s": 0.05} | law)])


def _lacking(number: int) -> RunFrames:
    """A good run but for one attempt, which the sender's machine could not make."""
    return run([*ROWS, attempt(9, outcome=Outcome.LOCAL_SHORTAGE, status=number)], SEEN)


def _answering_507(receiver: bool = True, **plan: Any) -> RunFrames:
    """A good run but for one attempt, which was answered 507."""
    rows = [*ROWS, attempt(9, outcome=Outcome.REJECTED, status=507)]
    return run(rows, SEEN if receiver else None, stages=[planned(**plan)])


def _planned_more(*more: dict[str, Any], **end: Any) -> RunFrames:
    """A run that says that it came to its end, and whose plan has these stages behind the one that it played."""
    frames = run(ROWS, SEEN, stages=[planned(), *more])
    kept = [entry for entry in frames.timeline if getattr(entry, "stage", 0) == 0]
    ended = RunEnded.model_validate({"at_ns": START, "interrupted": False, "left_out": []} | end)
    return replace(frames, timeline=[*kept[:-1], ended])


PUBLISHED = [published(sequence, sequence) for sequence in range(10)]
DELIVERED = [arrived(event, 20) for event in PUBLISHED]
LOCUST = "stage local nearest"
WORKER_LOST = WorkerLost(at_ns=START, worker="w2")
VOID: dict[str, tuple[Callable[[], RunFrames], str]] = {
    "a sender counted more": (lambda: _reporting(GOOD, due=11), "books_unbalanced"),
    "a sender counted less": (lambda: _reporting(GOOD, due=9), "books_unbalanced"),
    "Locust counted less": (lambda: replace(GOOD, locust_totals={LOCUST: 9}), "locust_total_differs"),
    "Locust has no such name": (lambda: replace(GOOD, locust_totals={}), "locust_total_differs"),
    "Locust has a name more": (lambda: replace(GOOD, locust_totals={LOCUST: 10, "x": 1}), "locust_total_differs"),
    "no statistics": (lambda: replace(GOOD, locust_totals=None), "locust_total_missing"),
    "acknowledged, not seen": (lambda: run(ROWS, SEEN[:-1]), "acknowledged_lost"),
    "seen, not sent": (lambda: run(ROWS, [*SEEN, arrival(attempt(99))]), "unexpected_arrivals"),
    "arrivals of no stage": (lambda: replace(GOOD, strays=1), "unexpected_arrivals"),
    "a worker lost": (lambda: replace(GOOD, timeline=[WORKER_LOST, *GOOD.timeline]), "worker_lost"),
    "no end": (lambda: replace(GOOD, timeline=GOOD.timeline[:-1]), "run_unfinished"),
    "an error": (lambda: _ended(error="disk full"), "run_failed"),
    "a stage never played": (lambda: _planned_more(planned("b")), "stages_missing"),
    "a search never begun": (lambda: _planned_more(planned("b", limits={})), "stages_missing"),
    "off schedule": (lambda: _open(late=21 * MS), "generator_late"),
    "no CPU": (lambda: _reporting(_open(late=0), starved_s=2.6), "generator_starved"),
    "no CPU in half a second": (
        lambda: _reporting(_open(late=0), wall_s=0.5, starved_s=0.2, cpu_s=0.1),
        "generator_starved",
    ),
    "no CPU for a closed loop": (lambda: _reporting(GOOD, starved_s=5.1), "generator_starved"),
    "no port at the sender": (lambda: _lacking(errno.EADDRNOTAVAIL), "local_shortage"),
    "no memory at the sender": (lambda: _lacking(errno.ENOMEM), "local_shortage"),
    "no journal at the receiver": (lambda: _answering_507(), "receiver_shortage"),
    "no journal, and other faults": (
        lambda: _answering_507(faults={"status": {"503": 0.5}, "fail_first": 0, "fail_status": 507}),
        "receiver_shortage",
    ),
    "a retry too early": (lambda: _retrying(50, 40), "retry_law_broken"),
    "a retry too late": (lambda: _retrying(50, 60), "retry_law_broken"),
    "a retry too many": (lambda: _retrying(50, 50, retries=0), "retry_law_broken"),
    "no jitter": (lambda: _retrying(*[25] * 30, jitter={"kind": "full"}), "retry_law_broken"),
}


@pytest.mark.parametrize(("frames", "code"), VOID.values(), ids=VOID.keys())
def test_void(frames: Callable[[], RunFrames], code: str) -> None:
    """Each of these flips a run that passes otherwise, with one reason that has its code."""
    found = _of(frames())
    assert found.status is Status.VOID
    assert _codes(found) == [code]
    assert found.reasons[0].message


def test_a_shortage_is_told_with_its_cause() -> None:
    """How many attempts of which stage, what they lacked, and what to do about it."""
    (reason,) = _of(_lacking(errno.EMFILE)).reasons
    assert "1 of 11 attempts (9.1%) ended at their sender: no file descriptor was free" in reason.message
    assert "ulimit -n" in reason.message


@pytest.mark.parametrize(
    "frames",
    [
        _answering_507(receiver=False),
        _answering_507(faults={"status": {"507": 0.1}}),
        _answering_507(faults={"fail_first": 1, "fail_status": 507}),
        _answering_507(classes=[{"name": "full", "first": 0, "count": 1, "faults": {"status": {"507": 1.0}}}]),
    ],
    ids=["of a user", "planned", "planned for the first", "planned for a class"],
)
def test_a_507_of_others_or_of_the_plan_is_an_answer(frames: RunFrames) -> None:
    """A user's own receiver may say what it likes, and ours what it is told."""
    assert _of(frames).status is Status.PASS


NOTES: dict[str, tuple[Callable[[], RunFrames], str]] = {
    "interrupted": (lambda: run(ROWS, SEEN, interrupted=True), "interrupted"),
    "torn": (lambda: replace(GOOD, torn=3), "torn_rows"),
    "saturated": (lambda: _reporting(GOOD, cpu_s=9.5), "generator_saturated"),
    "saturated for half a second": (
        lambda: _reporting(GOOD, wall_s=0.5, cpu_s=0.46, starved_s=0.0),
        "generator_saturated",
    ),
    "saturated, or ready to run": (lambda: _reporting(GOOD, cpu_s=6.6, starved_s=2.8), "generator_saturated"),
}


@pytest.mark.parametrize(("frames", "code"), NOTES.values(), ids=NOTES.keys())
def test_notes(frames: Callable[[], RunFrames], code: str) -> None:
    """Worth knowing, and no reason not to trust a run."""
    found = _of(frames())
    assert (found.status, _codes(found)) == (Status.PASS, [code])


@pytest.mark.parametrize(
    "frames",
    [
        _planned_more(),
        _planned_more(planned("b"), left_out=[1]),
        _planned_more(planned("b"), left_out=None),
        run(
            ROWS,
            SEEN,
            stages=[planned("a rate=10 #1", limits={}), planned("a", limits={})],
            timeline=[
                *run(ROWS, SEEN, stages=[planned("a rate=10 #1")]).timeline[:-1],
                RunEnded(at_ns=START, interrupted=False, left_out=[]),
            ],
        ),
    ],
    ids=["all played", "left out by design", "not told", "a search's tries"],
)
def test_stages_that_need_not_be_there(frames: RunFrames) -> None:
    """What a plan leaves out by design, what older runs don't tell, and a search, of which only tries are played."""
    assert "stages_missing" not in _codes(_of(frames))


def test_an_interrupt_or_an_error_says_itself_why_stages_are_missing() -> None:
    """One reason is enough."""
    assert "stages_missing" not in _codes(_of(_planned_more(planned("b"), interrupted=True)))
    assert _codes(_of(_planned_more(planned("b"), error="SIGTERM"))) == ["run_failed"]


def test_notes_stand_behind_reasons() -> None:
    """A void run says first why it is void."""
    assert _codes(_of(replace(GOOD, torn=3, strays=1))) == ["unexpected_arrivals", "torn_rows"]


@pytest.mark.parametrize(
    "frames",
    [
        _open(late=20 * MS),
        _reporting(_open(late=0), starved_s=2.5),
        _reporting(GOOD, starved_s=5.0),
        _reporting(GOOD, wall_s=0.4, starved_s=0.3, cpu_s=0.1),
        _reporting(GOOD, wall_s=0.4, starved_s=0.0, cpu_s=0.4),
        _reporting(GOOD, starved_s=None),
        _reporting(GOOD, cpu_s=8.9),
        _reporting(_open(late=0), cpu_s=9.9),
        run([row | {"late": 21 * MS} for row in ROWS], SEEN),
    ],
    ids=[
        "late at the limit",
        "starved at the limit",
        "closed and starved at the limit",
        "too short",
        "too short, and busy",
        "not told",
        "busy",
        "open",
        "closed",
    ],
)
def test_within_limits(frames: RunFrames) -> None:
    """At its limits a generator still passes; stages too short to tell, and senders that cannot, are let pass."""
    assert _of(frames) == Verdict.of(Measurement.VALID, Target.PASS, [])


def test_a_limit_looked_for_may_starve_a_closed_loop() -> None:
    """The resource test asks what gives out first: there a closed loop that lacks CPU is an answer. An open stage has a
    schedule to keep, there as elsewhere.
    """
    closed = _reporting(run(ROWS, SEEN, test="resource"), starved_s=5.1)
    assert _of(closed).status is Status.PASS
    opened = run(ROWS, SEEN, stages=[planned(arrivals={"kind": "poisson", "rate": 10.0})], test="resource")
    assert _codes(_of(_reporting(opened, starved_s=2.6))) == ["generator_starved"]


def test_the_longest_of_the_senders_tells_how_long_a_stage_was() -> None:
    """One that took part for a moment does not excuse another that had no CPU for seconds."""
    frames = _reporting(_open(late=0), starved_s=2.6)
    for entry in frames.timeline:
        if isinstance(entry, StageEnded):
            entry.reports.append(worker_report(worker="w2", wall_s=0.1, cpu_s=0.0, starved_s=0.0))
    assert _codes(_of(frames)) == ["generator_starved"]


def test_books_that_nobody_told_of_are_not_unbalanced() -> None:
    """A run that broke off in a stage says so; that its senders told nothing of that stage is no reason more."""
    timeline: list[Entry] = [entry for entry in _ended(error="disk full").timeline if not isinstance(entry, StageEnded)]
    assert _codes(_of(replace(GOOD, timeline=timeline))) == ["run_failed"]


def _scaled(*sides: str) -> Verdict:
    """A run whose stages were as many times as strong, each limited by one side, and starved of CPU throughout."""
    plan = [planned(f"x{factor}", factor=factor) for factor in range(1, len(sides) + 1)]
    rows = [row | {"stage": number} for number in range(len(sides)) for row in ROWS]
    frames = run(rows, [arrival(row) for row in rows], stages=plan)
    timeline = [
        entry.model_copy(
            update={"reports": [worker_report(stage=entry.stage, due=10, settled=10, cpu_s=0.0, starved_s=6.0)]}
        )
        if isinstance(entry, StageEnded)
        else entry
        for entry in frames.timeline
    ]
    frames = replace(frames, timeline=timeline)
    found = [
        stage.model_copy(update={"limit": limited(side)})
        for stage, side in zip(stages.stage_figures(frames), sides, strict=True)
    ]
    return verdict.verdict_of(frames, found)


def test_a_generator_that_limits_every_stage_voids_the_answer() -> None:
    """How the target scales is unknown then; where some stages say it, the others are left out, and named."""
    found = _scaled("generator", "generator")
    assert (found.status, _codes(found)) == (Status.VOID, ["generator_bound", "generator_bound_stages"])
    found = _scaled("target", *["generator"] * 4)
    assert "generator_bound" not in _codes(found)
    (reason,) = [reason for reason in found.reasons if reason.code == "generator_bound_stages"]
    assert reason.message.endswith(": x2, x3, x4 and 1 more")


def test_abandoned_deliveries_are_not_locust_s() -> None:
    """Locust is told of what was settled: abandoned events are due without it."""
    rows = [*ROWS, attempt(99, outcome=Outcome.ABANDONED)]
    frames = run(rows, SEEN)
    assert frames.locust_totals == {LOCUST: 10}
    assert _of(frames).status is Status.PASS


def test_what_a_lost_worker_explains() -> None:
    """A run that ended because a worker was lost says so once; its missing statistics say no more."""
    frames = replace(_ended(error="lost 1 of 2 workers"), locust_totals=None)
    assert _codes(_of(replace(frames, timeline=[WORKER_LOST, *frames.timeline]))) == ["worker_lost"]


def _with_loss(told: int, locust: int, allowed: bool = True, error: str = "", stages: int = 1) -> RunFrames:
    """A run of ten events, the last of them in doubt, that lost a worker in its last stage; as the others tell it."""
    rows = [*ROWS[:-1], ROWS[-1] | {"outcome": Outcome.PENDING, "done": 0, "status": 0}]
    number = stages - 1
    rows = [row | {"stage": number} for row in rows]
    plan = [planned(f"stage {n}") for n in range(stages)]
    frames = run(rows, [arrival(row) for row in rows], stages=plan, options={"allow_worker_loss": allowed})
    end = RunEnded(at_ns=START, interrupted=False, error=error)
    ended = StageEnded(at_ns=START, stage=number, reports=[worker_report(stage=number, due=told)])
    totals = {f"stage {number} local nearest": locust}
    return replace(frames, timeline=[*frames.timeline[:-2], WORKER_LOST, ended, end], locust_totals=totals)


def test_a_loss_that_is_allowed() -> None:
    """It is worth knowing, no more: what the lost worker did not tell is not held against the run, and is in doubt."""
    frames = _with_loss(told=6, locust=8)
    found = _of(frames)
    assert (found.status, _codes(found)) == (Status.PASS, ["worker_lost", "locust_total_differs"])
    (stage,) = stages.stage_figures(frames)
    assert (stage.deliveries.acknowledged, stage.deliveries.in_doubt) == (9, 1)
    assert _codes(_of(_with_loss(told=10, locust=10))) == ["worker_lost"]


def test_a_loss_that_is_not_allowed() -> None:
    """Without the option the same run is void for that: books that it explains are no reason more."""
    found = _of(_with_loss(told=6, locust=8, allowed=False))
    assert found.status is Status.VOID
    assert _codes(found) == ["worker_lost"]
    more = _of(_with_loss(told=11, locust=8, allowed=False))
    assert _codes(more) == ["worker_lost", "books_unbalanced"]


@pytest.mark.parametrize(("told", "locust", "code"), [(11, 10, "books_unbalanced"), (10, 11, "locust_total_differs")])
def test_what_no_loss_explains(told: int, locust: int, code: str) -> None:
    """A lost worker tells too little, never too much."""
    found = _of(_with_loss(told, locust))
    assert (found.status, _codes(found)) == (Status.VOID, [code, "worker_lost"])


def test_only_the_stage_of_the_loss_is_excused() -> None:
    """The stages before it have to balance."""
    frames = _with_loss(told=6, locust=8, stages=2)
    assert _of(frames).status is Status.PASS
    # The same loss, noticed before the last stage began.
    timeline = [entry for entry in frames.timeline if entry is not WORKER_LOST]
    found = _of(replace(frames, timeline=[*timeline[:2], WORKER_LOST, *timeline[2:]]))
    assert _codes(found) == ["books_unbalanced", "locust_total_differs", "worker_lost"]


@pytest.mark.parametrize(("after_s", "codes"), [(7, ["worker_lost"]), (9, ["locust_total_differs", "worker_lost"])])
def test_what_a_lost_worker_had_not_told_of_the_stage_before(after_s: int, codes: list[str]) -> None:
    """Its statistics come every three seconds: those of a stage that had just ended may be missing, no others."""
    frames = run(ROWS, SEEN, stages=[planned("a"), planned("b")], options={"allow_worker_loss": True})
    first, ended, *rest = frames.timeline
    lost = WORKER_LOST.model_copy(update={"at_ns": START + (11 + after_s) * SECOND})
    rest = [entry for entry in rest if not isinstance(entry, StageEnded)]
    totals = (frames.locust_totals or {}) | {"a local nearest": 4}
    found = _of(replace(frames, timeline=[first, ended, rest[0], lost, *rest[1:]], locust_totals=totals))
    assert [code for code in _codes(found) if found.status is Status.VOID or code == "worker_lost"] == codes


def test_all_workers_lost() -> None:
    """A run that ended because nobody was left is void, whatever was allowed."""
    found = _of(_with_loss(told=10, locust=10, error="lost 2 sending processes"))
    assert (found.status, _codes(found)) == (Status.VOID, ["run_failed", "worker_lost"])


def _overloaded(test: str = "load", **plan: Any) -> RunFrames:
    """A run whose stage was ended for its queue, with an event that was abandoned."""
    rows = [*ROWS, attempt(99, outcome=Outcome.ABANDONED)]
    frames = run(rows, SEEN, stages=[planned(**plan)], test=test)
    frames.timeline.insert(1, StageOverloaded(at_ns=START + 5 * SECOND, stage=0, queued=12_345, growing_s=60.2))
    return frames


def test_an_overload_is_a_failure() -> None:
    """The run can be trusted, its books balance, and what it says is that the rate is too high."""
    found = _of(_overloaded())
    assert (found.status, _codes(found)) == (Status.FAIL, ["overloaded"])
    said = "stage: its queue grew for 60 s to 12,345 events; the rate is more than is delivered"
    assert found.reasons[0].message == said


@pytest.mark.parametrize(
    "frames",
    [
        _overloaded("scalability"),
        _overloaded("scalability", factor=8, repeat=2),
        _overloaded("load", limits={"p99_ms": 500.0}),
    ],
    ids=["scalability", "a factor", "a search"],
)
def test_an_overload_that_was_looked_for(frames: RunFrames) -> None:
    """Whoever seeks a limit may find it."""
    found = _of(frames)
    assert found.status is Status.PASS
    assert "overloaded" in _codes(found)


def test_an_overload_among_worse() -> None:
    """A run that cannot be trusted is void, one that tested nothing unknown, whatever its queue did."""
    found = _of(replace(_overloaded(), strays=1))
    assert (found.status, _codes(found)) == (Status.VOID, ["unexpected_arrivals", "overloaded"])
    frames = run([attempt(0, outcome=Outcome.ABANDONED)], [], stages=[planned()])
    frames.timeline.insert(1, StageOverloaded(at_ns=START, stage=0, queued=1, growing_s=1))
    found = _of(frames)
    assert (found.status, _codes(found)) == (Status.UNTESTED, ["nothing_acknowledged", "overloaded"])


def test_what_the_sender_did_not_keep() -> None:
    """The message names each way in which the law was broken, and nothing else."""
    (reason,) = _of(_retrying(50, 40, 40, 60)).reasons
    assert reason.message == "stage: the sender did not keep its retry law: 2 retries too early, 1 too late"
    (reason,) = _of(_retrying(*[25] * 30, jitter={"kind": "full"})).reasons
    assert "delays unlike its jitter (p = " in reason.message


def test_a_law_that_was_kept() -> None:
    """Retries as declared, and retries that only a receiver saw too early, leave a run as it is."""
    assert _of(_retrying(50, 50, 50)) == Verdict.of(Measurement.VALID, Target.PASS, [])
    frames = _retrying(50)
    assert frames.arrivals is not None
    frames.arrivals["done"][0] += 20 * MS
    assert _of(frames) == Verdict.of(Measurement.VALID, Target.PASS, [])


def test_nothing_acknowledged() -> None:
    """A run that tested nothing is unknown, but void if it cannot be trusted either."""
    frames = run([attempt(n, outcome=Outcome.REFUSED) for n in range(3)], [])
    assert _of(frames).status is Status.UNTESTED
    assert _codes(_of(replace(frames, torn=1))) == ["nothing_acknowledged", "torn_rows"]
    assert _of(replace(frames, strays=1)).status is Status.VOID


def test_a_run_that_ended_because_all_failed_is_untested() -> None:
    """Not void for the stages that it left, whatever was acknowledged in those before."""
    two = run(ROWS, SEEN, stages=[planned("one"), planned("two")])
    timeline = [*two.timeline[:2], RunEnded(at_ns=START, interrupted=False, untested="all failed", left_out=[])]
    found = _of(replace(two, timeline=timeline))
    assert (found.status, _codes(found)) == (Status.UNTESTED, ["all_failed"])
    assert found.reasons[0].message == "all failed"
    lost = WorkerLost(at_ns=START, worker="w1")
    assert _of(replace(two, timeline=[lost, *timeline])).status is Status.VOID


def test_nothing_fell_due() -> None:
    """A rate so low that there was no event to deliver is no fault of the target's: it is told, and what to do."""
    found = _of(run([], [], stages=[planned(f"stage {number}") for number in range(5)]))
    assert (found.status, _codes(found)) == (Status.UNTESTED, ["nothing_due"])
    told = "no event fell due, so nothing was tested: stage 0, stage 1, stage 2 and 2 more; raise --rate or --duration"
    assert found.reasons[0].message == told
    assert _of(replace(run([], []), strays=1)).status is Status.VOID


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.REFUSED])
def test_a_stage_in_which_nothing_fell_due(outcome: Outcome) -> None:
    """It is told beside those that had events, whatever became of these."""
    attempts = [attempt(0, stage=1, outcome=outcome)]
    taken = [arrival(one) for one in attempts if outcome is Outcome.ACKNOWLEDGED]
    found = _of(run(attempts, taken, stages=[planned("idle"), planned("busy")]))
    assert found.reasons[-1].code == "nothing_due_stages"
    assert found.reasons[-1].message == "no event fell due, so nothing was tested: idle; raise --rate or --duration"


@pytest.mark.parametrize(("stages", "codes"), [(1, ["nothing_acknowledged"]), (2, ["nothing_due"])])
def test_the_stage_in_which_a_run_was_stopped(stages: int, codes: list[str]) -> None:
    """Might have had events: that none fell due is told of those before it."""
    made = run([], [], stages=[planned(f"stage {number}") for number in range(stages)])
    made.manifest.interrupted = True
    end = RunEnded(at_ns=START, interrupted=True)
    assert _codes(_of(replace(made, timeline=[*made.timeline[:-1], end]))) == [*codes, "interrupted"]


def test_a_stage_that_a_failure_cut_short() -> None:
    """It is no news that nothing fell due there."""
    made = run(ROWS, SEEN, stages=[planned("played"), planned("cut")])
    end = RunEnded(at_ns=START, interrupted=False, error="lost 1 sending process")
    assert _codes(_of(replace(made, timeline=[*made.timeline[:-1], end]))) == ["run_failed"]
    assert _codes(_of(made)) == ["nothing_due_stages"]


def test_a_stage_in_which_nothing_was_acknowledged() -> None:
    """It is named beside those that tested something."""
    stages = [planned(f"stage {number}") for number in range(2)]
    attempts = [attempt(0), attempt(1, stage=1, outcome=Outcome.REFUSED)]
    (reason,) = _of(run(attempts, [arrival(attempts[0])], stages=stages)).reasons
    assert reason.code == "nothing_acknowledged_stages"
    assert reason.message.endswith(": stage 1; look at their failures")
    refused = run([attempt(n, stage=n, outcome=Outcome.REFUSED) for n in range(2)], [], stages=stages)
    assert _codes(_of(refused)) == ["nothing_acknowledged"]  # said of the run, not again of its stages


def test_every_status_has_its_exit_code() -> None:
    """The codes are those that every command of the project ends with."""
    assert verdict.EXITS == {
        Status.PASS: Exit.PASS,
        Status.FAIL: Exit.FAIL,
        Status.VOID: Exit.VOID,
        Status.UNTESTED: Exit.UNTESTED,
    }
    assert [int(verdict.EXITS[status]) for status in Status] == [0, 1, 3, 4]


@pytest.mark.parametrize(("stolen", "status"), [(0.1, Status.PASS), (0.8, Status.VOID)])
def test_a_machine_that_is_taken_away_voids(stolen: float, status: Status) -> None:
    """Steal, seconds of two cores each second: a few hundredths are usual, a third of the machine is not."""
    sent = [attempt(n, due=START + n * SECOND // 10) for n in range(50)]
    frames = run(sent, [arrival(one) for one in sent], stages=[planned(duration_s=5.0, events=None)])
    found = analyse(replace(frames, machine=machine_log(6, steal_s=stolen))).performance.verdict
    assert found.status is status
    assert ("machine_disturbed" in _codes(found)) == (status is Status.VOID)


def test_a_run_that_came_to_nothing_says_what_to_do() -> None:
    """Whether nothing was accepted, or it was stopped before anything was sent."""
    refused = run([attempt(n, outcome=Outcome.REFUSED) for n in range(2)], [], stages=[planned("a")])
    stopped = run([], [], stages=[])
    stopped = replace(stopped, manifest=stopped.manifest.model_copy(update={"interrupted": True}))
    assert _of(refused).reasons[0].message.endswith("look at the failures: is the address right, and the secret?")
    assert [reason.message.partition("; ")[2] for reason in _of(stopped).reasons] == [
        "run it again",
        "run it again for the stages that are missing",
    ]


@pytest.mark.parametrize(("strays", "status"), [(2, Status.PASS), (3, Status.VOID)])
def test_what_earlier_runs_left_to_a_service_is_a_note(strays: int, status: Status) -> None:
    """It delivers what it was given, and these books are right all the same; what nobody published voids them."""
    frames = frames_of(PUBLISHED, DELIVERED, [planned()])
    found = _of(replace(frames, strays=strays, strangers={"an-earlier-run": 2}))
    assert (found.status, _codes(found)) == (status, ["unexpected_arrivals"])
    assert "2 of another run, an-earlier-run" in found.reasons[0].message


@pytest.mark.parametrize(("settled", "status"), [(True, Status.PASS), (False, Status.FAIL)])
def test_a_service_that_is_behind_long_after_a_stage_is_overloaded(settled: bool, status: Status) -> None:
    """What was still on its way when it was waited for no longer is told, with the time."""
    drained = ServiceDrained(
        at_ns=START + 90 * SECOND, stage=0, accepted=10, expected=10, taken=10 if settled else 8, waited_s=60,
        patience_s=10, settled=settled,
    )  # fmt: skip
    found = _of(frames_of(PUBLISHED, DELIVERED, [planned()], [drained]))
    assert (found.status, _codes(found)) == (status, [] if settled else ["overloaded"])
    if not settled:
        assert "2 accepted deliveries behind 60 s later" in found.reasons[0].message


@pytest.mark.parametrize(("faults", "told"), [({"status": {"503": 1.0}}, []), (None, ["nothing_acknowledged_stages"])])
def test_a_service_may_be_tested_by_what_nobody_takes(faults: dict[str, Any] | None, told: list[str]) -> None:
    """A stage whose endpoints all fail on purpose tests what the service does then; another one tested nothing."""
    more = [published(20_000 + sequence, sequence, stage=1) for sequence in range(3)]
    untaken = [arrived(event, 20_020, status=503) for event in more]
    frames = frames_of([*PUBLISHED, *more], [*DELIVERED, *untaken], [planned(), planned("failing", faults=faults)])
    assert [code for code in _codes(_of(frames)) if code.startswith("nothing")] == told
