"""Workers of a closed loop that got no answer: how many, for how long, and what that does to the latency."""

from typing import Any

import pytest

from _hookswarm.analysis.deliveries.unanswered import unanswered_of
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section, Unanswered
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.measures import numbers_of
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import WorkerLost
from tests.support.journals import SECOND, START, Row, attempt, planned, run, story, table
from tests.support.runs import codes

WINDOW = (START, START + 10 * SECOND)


def silence(begin_s: float, end_s: float | None, outcome: Outcome = Outcome.READ_TIMEOUT, n: int = 0) -> Row:
    """An attempt that nothing came back to."""
    start = START + round(begin_s * SECOND)
    done = 0 if end_s is None else START + round(end_s * SECOND)
    return attempt(n, due=start, start=start, done=done, outcome=outcome, status=0)


def found(*rows: Row, users: int = 10) -> Unanswered | None:
    return unanswered_of(table(rows), WINDOW, users)


def test_workers_without_an_answer_are_counted() -> None:
    """Two workers, one after another time-out each: at most two at once, and the time of all by that number."""
    rows = [silence(0, 4), silence(4, 8), silence(0.5, 4.5, Outcome.CONNECT_TIMEOUT), silence(4.5, 6.5)]
    assert found(*rows) == Unanswered(workers=2, of=10, each_s=7.0, share=0.14)


def test_only_the_window_counts() -> None:
    """What began before it, ended after it, or never ended, is told as far as it lies in it."""
    rows = [silence(-3, 1), silence(9, 14), silence(8, None, Outcome.PENDING)]
    assert found(*rows) == Unanswered(workers=2, of=10, each_s=2.0, share=0.04)
    assert found(silence(-3, -1), silence(11, 14)) is None


@pytest.mark.parametrize("outcome", [Outcome.RESET, Outcome.REJECTED, Outcome.ACKNOWLEDGED, Outcome.REFUSED])
def test_an_answer_of_any_kind_is_one(outcome: Outcome) -> None:
    """A slow worker is measured; so is one whose connection ends."""
    assert found(silence(0, 9, outcome)) is None


def test_a_hundredth_of_the_time_matters() -> None:
    """Of ten workers' ten seconds one is told, and a little less is not."""
    assert found(silence(0, 1)) == Unanswered(workers=1, of=10, each_s=1.0, share=0.01)
    assert found(silence(0, 0.999)) is None
    assert found(silence(0, 9), users=0) is None


def section(*rows: Row, lost: bool = False, **plan: Any) -> Section:
    """A run of one stage with ten workers, most of them answered."""
    answered = [attempt(n, due=START + n * SECOND) for n in range(100, 110)]
    stages = [planned(**{"users": 10} | plan)]
    attempts = [*answered, *(row | {"sequence": n} for n, row in enumerate(rows))]
    timeline = story(attempts, stages)
    if lost:
        timeline.insert(1, WorkerLost(at_ns=START + SECOND, worker="w2"))
    return analyse(run(attempts, stages=stages, timeline=timeline, options={"allow_worker_loss": lost})).performance


def test_the_latency_is_a_lower_bound() -> None:
    """A note says how many workers waited how long; the stage is marked."""
    told = section(*[silence(0, 10, n=n) for n in range(3)])
    assert {one.name for one in numbers_of(Sections(told)) if one.at_least} > {"latency_ms.delivery.p99"}
    (stage,) = told.stages
    assert stage.unanswered == Unanswered(workers=3, of=10, each_s=10.0, share=0.3)
    assert stage.latency_ms.lower_bound
    (reason,) = [one for one in told.verdict.reasons if one.code == "workers_unanswered"]
    assert reason.message == "stage: 3 of 10 workers got no answer for 10 s each: the latency is a lower bound"


@pytest.mark.parametrize(
    "plan",
    [
        {"faults": {"hang": 0.1}},
        {"incidents": [{"fault": "frozen", "regions": [0], "from_s": 0, "for_s": 5}]},
        {"classes": [{"name": "slow", "first": 0, "count": 1, "faults": {"hang": 1.0}}]},
    ],
    ids=["faults", "incidents", "a class with faults"],
)
def test_planned_silence_is_marked_and_not_noted(plan: dict[str, Any]) -> None:
    """What was asked for is no news; the percentiles lack it all the same."""
    told = section(silence(0, 10), **plan)
    assert told.stages[0].latency_ms.lower_bound
    assert "workers_unanswered" not in codes(told)


def test_open_arrivals_have_no_such_hole() -> None:
    """They fall due whoever waits, and count from then."""
    told = section(silence(0, 10), arrivals={"kind": "poisson", "rate": 10.0})
    assert (told.stages[0].unanswered, told.stages[0].latency_ms.lower_bound) == (None, False)


def test_a_lost_process_leaves_no_silence() -> None:
    """Of rows that it left open nobody knows how long they were; a run that was killed had workers waiting."""
    left = silence(0, None, Outcome.PENDING)
    assert section(left, lost=True).stages[0].unanswered is None
    assert section(left).stages[0].unanswered == Unanswered(workers=1, of=10, each_s=10.0, share=0.1)


def test_without_a_number_of_users_the_reports_tell() -> None:
    """A plan that leaves it to Locust: four workers said that they took part."""
    assert section(silence(0, 10), users=None).stages[0].unanswered == Unanswered(
        workers=1, of=4, each_s=10.0, share=0.25
    )
