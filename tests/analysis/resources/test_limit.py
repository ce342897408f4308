"""Generator or target? Each side planted, and neither."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.resources.bottleneck import SIDES
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.scalability import Limit
from _hookswarm.records.timeline import RunEnded, StageEnded, StageStarted
from tests.analysis.resources.test_cpu import busy
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run, worker_report

OPEN = {"kind": "poisson", "rate": 100.0}


def rows(busy_ms: int, late: int = 0, stage: int = 0) -> list[Row]:
    """A worker that sends every 100 ms for ten seconds, and awaits each answer for so long."""
    return [
        attempt(n, due=due, late=late, start=due + late, done=due + late + busy_ms * MS, stage=stage)
        for n, due in enumerate(range(START, START + 10 * SECOND, 100 * MS))
    ]


def frames(
    attempts: list[Row], *logs: pd.DataFrame, stages: list[dict[str, Any]] | None = None, **report: Any
) -> RunFrames:
    """A scalability test whose stages all lasted ten seconds, from START on."""
    stages = stages or [planned(users=1)]
    timeline: list[Any] = []
    for number, stage in enumerate(stages):
        due = sum(row.get("stage", 0) == number for row in attempts)
        said = worker_report(**({"stage": number, "due": due, "settled": due} | report))
        timeline.append(StageStarted(at_ns=START, stage=number, name=stage["name"]))
        timeline.append(StageEnded(at_ns=START + 11 * SECOND, stage=number, reports=[said]))
    timeline.append(RunEnded(at_ns=START + 12 * SECOND, interrupted=False))
    made = run(attempts, stages=stages, timeline=timeline, test="scalability")
    return replace(made, resources=pd.concat(logs, ignore_index=True)) if logs else made


def section(made: RunFrames) -> Section:
    return analyse(made, keep_disturbed=True).performance


def only(made: RunFrames) -> Limit:
    (stage,) = section(made).stages
    assert stage.limit is not None
    return stage.limit


def test_a_saturated_sender_is_the_limit() -> None:
    """A sender that uses nearly all of its core is the generator's limit, with the processes that would have done."""
    found = only(frames(rows(90), busy("sender", "w1", 0.9, 0.08), busy("receiver-x", "7", 0.2, 0.1)))
    assert found.side == "generator"
    assert found.message == (
        "the busiest sending process used 98% of a core; 10/s need 2 sending processes with a core of their own"
    )
    assert (found.sender_cpu_share, found.receiver_cpu_share) == pytest.approx((0.98, 0.3))
    assert found.sender_us_per_delivery == pytest.approx(98_000)
    assert found.processes_needed == 2


def test_processes_for_the_offered_rate() -> None:
    """What was asked for counts where it is known, not what came of it: 100/s of 98 ms each, at 0.7 of a core."""
    found = only(frames(rows(90), busy("sender", "w1", 0.9, 0.08), stages=[planned(users=1, arrivals=OPEN)]))
    assert found.processes_needed == 14


def test_a_starved_or_late_sender_is_the_limit() -> None:
    """Being ready and having no CPU, or waking late for what is due, is the generator's, too; both are told."""
    starved = only(frames(rows(90), starved_s=4.0))
    assert starved.side == "generator"
    assert starved.message.startswith("a sending process was ready to run and had no CPU for 40% of the stage")
    late = only(frames(rows(5, late=35 * MS), starved_s=4.0, stages=[planned(users=1, arrivals=OPEN)]))
    assert late.side == "generator"
    assert "had no CPU" in late.message
    assert "idle workers woke 35 ms late (p99)" in late.message


def test_workers_that_wait_for_answers() -> None:
    """Where the sender has time to spare and its workers have none, the target is the limit."""
    found = only(frames(rows(95), busy("sender", "w1", 0.1, 0.1), busy("receiver-x", "7", 0.2, 0.1)))
    assert found.side == "target"
    assert found.message == "workers awaited answers for 95% of their time; what part of it was the way is not known"
    assert (found.idle_share, found.response_ms, found.queueing_ms) == (0.05, 95, 0)
    assert found.processes_needed is None


def test_a_saturated_receiver_is_the_limit() -> None:
    """Of one process: a receiver of four processes may have one that has too much."""
    found = only(
        frames(rows(5), busy("sender", "w1", 0.1, 0), busy("receiver-x", "7", 0.95, 0), busy("receiver-x", "8", 0.1, 0))
    )
    assert (found.side, found.receiver_cpu_share) == ("target", 0.95)
    assert found.message == "the busiest receiving process used 95% of a core"


@pytest.mark.parametrize(("arrivals", "side"), [({"kind": "closed"}, "target"), (OPEN, "neither")])
def test_open_arrivals_leave_workers_idle(arrivals: dict[str, Any], side: str) -> None:
    """Workers that wait for 60 % of their time are held up in a closed loop, and at ease under open arrivals."""
    assert only(frames(rows(60), stages=[planned(users=1, arrivals=arrivals)])).side == side


@pytest.mark.parametrize(
    ("share", "side"),
    [(0.88, "neither"), (0.9, "generator")],
)
def test_a_sender_is_busy_from_nine_tenths_on(share: float, side: str) -> None:
    """Of a core."""
    found = only(frames(rows(5), busy("sender", "w1", share, 0), stages=[planned(users=1, arrivals=OPEN)]))
    assert (found.sender_cpu_share, found.side) == (share, side)


@pytest.mark.parametrize(("share", "side"), [(0.89, "neither"), (0.9, "target")])
def test_a_receiver_is_busy_from_nine_tenths_on(share: float, side: str) -> None:
    """Of a core, too."""
    logs = busy("sender", "w1", 0.1, 0), busy("receiver-x", "7", share, 0)
    found = only(frames(rows(5), *logs, stages=[planned(users=1, arrivals=OPEN)]))
    assert (found.receiver_cpu_share, found.side) == (share, side)


@pytest.mark.parametrize(
    ("starved_s", "late_ns", "side"),
    [
        (2.49, 19 * MS, "neither"),
        (None, 19 * MS, "neither"),
        (2.5, 0, "generator"),
        (0.0, 20 * MS, "generator"),
    ],
)
def test_a_sender_may_lack_a_quarter_or_wake_20_ms_late(starved_s: float | None, late_ns: int, side: str) -> None:
    """Up to there it kept its schedule; where the kernel does not tell, nothing was lacking."""
    attempts = rows(5, late=late_ns)
    found = only(frames(attempts, starved_s=starved_s, stages=[planned(users=1, arrivals=OPEN)]))
    assert found.side == side


@pytest.mark.parametrize(
    ("arrivals", "busy_ms", "side"),
    [
        ({"kind": "closed"}, 49, "neither"),
        ({"kind": "closed"}, 50, "target"),
        (OPEN, 89, "neither"),
        (OPEN, 90, "target"),
    ],
)
def test_from_where_on_workers_await_answers(arrivals: dict[str, Any], busy_ms: int, side: str) -> None:
    """Half of a closed loop's time, nine tenths of that of workers on a schedule."""
    assert only(frames(rows(busy_ms), stages=[planned(users=1, arrivals=arrivals)])).side == side


def watched(made: RunFrames, ours: bool) -> RunFrames:
    """The same run with a receiver that is ours, or somebody's."""
    regions = [region.model_copy(update={"receiver": ours}) for region in made.manifest.regions]
    return replace(made, manifest=made.manifest.model_copy(update={"regions": regions}))


def test_watched_processes_are_the_receiver_where_it_is_not_ours() -> None:
    """Their CPU is the target's, and what it costs them; beside a receiver of ours they are somebody's."""
    logs = busy("sender", "w1", 0.1, 0), busy("watched-node", "7", 0.7, 0.25), busy("watched-db", "8", 0.2, 0)
    made = frames(rows(95), *logs)
    theirs = only(watched(made, ours=False))
    assert (theirs.side, theirs.receiver_cpu_share, theirs.receiver_us_per_delivery) == ("target", 0.95, 115_000)
    assert theirs.message.startswith("the busiest receiving process used 95% of a core; workers awaited answers")
    assert only(watched(made, ours=True)).receiver_cpu_share is None


@pytest.mark.parametrize("cpu", [0.1, 0.6, 0.95])
@pytest.mark.parametrize("target", [None, 0.2, 0.95])
@pytest.mark.parametrize("busy_ms", [5, 60, 95])
@pytest.mark.parametrize("starved_s", [0.0, 4.0])
def test_both_reports_of_a_run_agree(cpu: float, target: float | None, busy_ms: int, starved_s: float) -> None:
    """The side that was the limit, in the one, and the bottleneck, in the other."""
    logs = [busy("sender", "w1", cpu, 0)] + ([busy("watched-node", "7", target, 0)] if target else [])
    made = watched(frames(rows(busy_ms), *logs, starved_s=starved_s), ours=False)
    found = analyse(replace(made, manifest=made.manifest.model_copy(update={"test": "resource"})))
    (stage,) = found.performance.stages
    assert found.io
    assert stage.limit
    assert stage.limit.side in SIDES[found.io.stages[0].bottleneck]
    assert stage.limit.message.startswith(found.io.stages[0].evidence) or stage.limit.side == "neither"
    noted = "generator_saturated" in [reason.code for reason in found.performance.verdict.reasons]
    assert noted == (stage.limit.side == "generator")


def test_neither_was_at_its_limit() -> None:
    """Then the stage was as fast as it was asked to be; the evidence is told all the same."""
    found = only(frames(rows(5), busy("sender", "w1", 0.1, 0.1), stages=[planned(users=1, arrivals=OPEN)]))
    assert found.side == "neither"
    assert found.message == (
        "no process was at its limit: the busiest sending one used 20% of a core, "
        "and workers were idle for 95% of their time"
    )


def test_the_senders_reports_do_without_a_log() -> None:
    """CPU over the whole stage, as they told it; nothing is known of the receiver."""
    found = only(frames(rows(95), cpu_s=9.5, settled=100))
    assert (found.side, found.sender_cpu_share, found.receiver_cpu_share) == ("generator", 0.95, None)
    assert found.sender_us_per_delivery == 95_000


def test_no_evidence_no_verdict() -> None:
    """A run without reports and logs, or a stage too short for CPU shares, is not judged."""
    made = frames(rows(95))
    silent = [
        entry.model_copy(update={"reports": []}) if isinstance(entry, StageEnded) else entry for entry in made.timeline
    ]
    assert section(replace(made, timeline=silent)).stages[0].limit is None
    assert section(frames(rows(95), stages=[planned(users=1, duration_s=0.4)])).stages[0].limit is None
    assert section(frames(rows(95), stages=[planned(users=1, duration_s=0.5)])).stages[0].limit


def test_answers_beyond_the_window_count_up_to_its_end() -> None:
    """What is under way at its end, or was never answered, kept a worker busy until then, not longer."""
    pending = attempt(0, due=START + 5 * SECOND, outcome=0, done=0)
    long = attempt(1, due=START + 5 * SECOND, done=START + 30 * SECOND)
    found = only(frames([pending, long], stages=[planned(users=2)]))
    assert found.idle_share == 0.5


def scaled(*starved_s: float) -> RunFrames:
    """Scaling stages whose sender had no CPU for so many of ten seconds."""
    stages = [
        planned(f"x{2**n}", scenario="scaling users", users=2**n, factor=2**n, repeat=1) for n in range(len(starved_s))
    ]
    made = frames([row for n in range(len(stages)) for row in rows(95, stage=n)], stages=stages)
    seconds = iter(starved_s)
    timeline = [
        entry.model_copy(update={"reports": [entry.reports[0].model_copy(update={"starved_s": next(seconds)})]})
        if isinstance(entry, StageEnded)
        else entry
        for entry in made.timeline
    ]
    return replace(made, timeline=timeline)


def test_a_void_stage_does_not_void_the_run() -> None:
    """A scaling stage that the generator limited is left out, and the verdict names it; the others count."""
    found = section(scaled(0.1, 4.0))
    assert found.verdict.status == "pass"
    (reason,) = found.verdict.reasons
    assert reason.code == "generator_bound_stages"
    assert reason.message == "the generator limited, so void for scalability: x2"
    assert found.scaling is not None
    assert [row.void for row in found.scaling[0].factors] == [[], ["x2"]]


def test_nothing_but_void_stages() -> None:
    """Then nothing is known of the target: the run is void. A reason names only the first few."""
    found = section(scaled(4.0, 4.0, 4.0, 4.0, 4.0))
    assert found.verdict.status == "void"
    assert [reason.code for reason in found.verdict.reasons] == ["generator_bound", "generator_bound_stages"]
    assert found.verdict.reasons[1].message.endswith("x1, x2, x4 and 2 more")
