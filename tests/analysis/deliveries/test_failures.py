"""Attempts that failed: counted by the journals, told by the senders."""

from collections.abc import Sequence
from typing import Any

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.records.failures import FailureKind
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import Entry, RunEnded, StageEnded, StageStarted
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run, worker_report

REJECTED = [attempt(n, outcome=Outcome.REJECTED, status=401, due=START + n * SECOND) for n in range(4)]
TELLS = FailureKind(
    outcome=2, status=401, text="status 401", count=4, first_ns=START + MS, last_ns=START + 3 * SECOND + MS,
    sample="bad signature", hint="look at the secret",
)  # fmt: skip


def told(rows: Sequence[Row], *workers: Sequence[FailureKind], stages: Sequence[dict[str, Any]] = ()) -> list[Failure]:
    """What is told of rows of stages whose workers tell so."""
    stages = stages or [planned()]
    reports = [worker_report(worker=f"w{n}", failures=list(kinds)) for n, kinds in enumerate(workers)]
    timeline: list[Entry] = [
        *(StageStarted(at_ns=START, stage=n, name=stage["name"]) for n, stage in enumerate(stages)),
        *(StageEnded(at_ns=START + 9 * SECOND, stage=n, reports=reports) for n in range(len(stages))),
        RunEnded(at_ns=START + 9 * SECOND, interrupted=False),
    ]
    return analyse(run(rows, stages=stages, timeline=timeline)).performance.failures or []


def test_a_failure_is_told_with_all_that_is_known() -> None:
    """What was acknowledged is none."""
    (found,) = told([*REJECTED, attempt(9)], [TELLS])
    assert found.model_dump() == {
        "attempts": 4, "outcome": "rejected", "status": 401, "text": "status 401", "sample": "bad signature",
        "hint": "look at the secret", "planned": False, "stages": {"stage": 4}, "first_s": 0.001, "last_s": 3.001,
    }  # fmt: skip


def test_what_two_workers_tell_is_added_up() -> None:
    """The first sample counts."""
    half = TELLS.model_copy(update={"count": 2})
    (found,) = told(REJECTED, [half], [half.model_copy(update={"sample": "other"})])
    assert (found.attempts, found.sample) == (4, "bad signature")


def test_what_nobody_lived_to_tell_has_no_text() -> None:
    """The journals' count stands: a worker that was killed told of fewer."""
    found = told(REJECTED, [TELLS.model_copy(update={"count": 3})])
    assert [(one.attempts, one.text, one.sample) for one in found] == [(3, "status 401", "bad signature"), (1, "", "")]
    (untold,) = told(REJECTED)
    assert (untold.attempts, untold.outcome, untold.status, untold.text) == (4, "rejected", 401, "")
    assert (untold.first_s, untold.last_s) == (0.001, 3.001)


def test_more_than_there_are_is_not_believed() -> None:
    """The journals' count stands here, too."""
    (found,) = told(REJECTED, [TELLS.model_copy(update={"count": 5})])
    assert (found.attempts, found.text, found.sample) == (4, "", "")


def test_a_shortage_is_none_by_its_number() -> None:
    """The system's number is no status of HTTP's."""
    (found,) = told([attempt(0, outcome=Outcome.LOCAL_SHORTAGE, status=24)])
    assert (found.outcome, found.status) == ("local_shortage", None)


def test_what_we_do_ourselves_is_no_failure() -> None:
    """Broken off on purpose, interrupted, abandoned, disabled; nor is what nobody came back to tell of."""
    ours = (Outcome.BROKEN_OFF, Outcome.INTERRUPTED, Outcome.ABANDONED, Outcome.DISABLED, Outcome.PENDING)
    assert told([attempt(n, outcome=outcome) for n, outcome in enumerate(ours)]) == []


def test_failures_of_stages_that_plan_none_come_first() -> None:
    """However many there are of the others; those have a mark, and stages are told by their names."""
    stages = [
        planned("plans", faults={"status": {"503": 0.5}}),
        planned("hit", incidents=[{"fault": "refused", "from_s": 0, "for_s": 1, "regions": [0]}]),
        planned("calm"),
    ]
    rows = [attempt(n, stage=stage, outcome=Outcome.REJECTED) for stage in (0, 1) for n in range(5)]
    found = told([*rows, attempt(0, stage=2, outcome=Outcome.RESET)], stages=stages)
    assert [(one.outcome, one.planned, one.stages) for one in found] == [
        ("reset", False, {"calm": 1}),
        ("rejected", True, {"plans": 5, "hit": 5}),
    ]


def test_kinds_are_bounded() -> None:
    """A server that answers with every status there is makes no report of megabytes; the commonest stay."""
    rows = [attempt(n, outcome=Outcome.REJECTED, status=300 + n) for n in range(300)]
    found = told([*rows, attempt(300, outcome=Outcome.REJECTED, status=599)])
    assert (len(found), found[0].status, found[0].attempts) == (100, 599, 2)
