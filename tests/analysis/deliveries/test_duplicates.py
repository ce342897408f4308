"""Events that were delivered twice on purpose: beside their effects, and in the books."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pytest

from _hookswarm.analysis.deliveries.duplicates import FELL, UNASKED
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.duplicates import Duplicates
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import EffectsObserved
from tests.support.journals import MS, START, Row, arrival, attempt, planned, run

PLAN = [planned("duplicates later", scenario="duplicates", duplicate={"kind": "later", "after_s": 0.2})]


def twice(count: int, outcome: Outcome = Outcome.ACKNOWLEDGED) -> list[Row]:
    """Events whose second attempt begins 200 ms after the first one ended so."""
    first = [attempt(n, outcome=outcome) for n in range(count)]
    return [*first, *(attempt(n, attempt=2, due=START + 201 * MS) for n in range(count))]


def observed(when: Literal["before", "after"], effects: float | None, fault: str = "") -> EffectsObserved:
    return EffectsObserved(at_ns=START, stage=0, when=when, effects=effects, fault=fault)


def asked(frames: RunFrames, *answers: EffectsObserved) -> RunFrames:
    return replace(frames, timeline=[*answers, *frames.timeline])


def found(frames: RunFrames) -> Duplicates:
    (one,) = analyse(frames).performance.duplicates or []
    return one


def test_effects_are_counted_from_before_the_stage() -> None:
    """One for each event is as it should be; what is beyond it is an extra, what lacks is missing."""
    frames = run(twice(5), stages=PLAN)
    one = found(asked(frames, observed("before", 100), observed("after", 105)))
    assert one == Duplicates(
        stage="duplicates later",
        kind="later",
        events=5,
        acknowledged=5,
        repeated=5,
        apart_ms=201.0,
        effects=5,
        extra=0,
        missing=0,
    )
    assert one.passed
    more = found(asked(frames, observed("before", 100), observed("after", 108)))
    assert (more.extra, more.missing, more.passed) == (3, 0, False)
    less = found(asked(frames, observed("before", 100), observed("after", 101)))
    assert (less.extra, less.missing, less.passed) == (0, 4, False)


def test_an_event_that_failed_may_have_had_its_effect() -> None:
    """It was sent, so one effect is no duplicate; it was not acknowledged, so none is no loss."""
    rows = [*twice(3), attempt(3, outcome=Outcome.READ_TIMEOUT), attempt(4, outcome=Outcome.ABANDONED)]
    for effects in (3, 4):
        one = found(asked(run(rows, stages=PLAN), observed("before", 0), observed("after", effects)))
        assert (one.events, one.acknowledged, one.repeated, one.passed) == (4, 3, 3, True)
    assert not found(asked(run(rows, stages=PLAN), observed("before", 0), observed("after", 5))).passed


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ((), UNASKED),
        ((observed("before", 3),), UNASKED),
        ((observed("before", None, "it is down"), observed("after", 5)), "it is down"),
        ((observed("before", 3), observed("after", None, "it went down")), "it went down"),
        ((observed("before", 3), observed("after", 2)), FELL),
    ],
)
def test_what_nobody_said_is_unknown(answers: Sequence[EffectsObserved], fault: str) -> None:
    """And fails nothing: it is noted, with the reason."""
    section = analyse(asked(run(twice(5), stages=PLAN), *answers)).performance
    (one,) = section.duplicates or []
    assert (one.effects, one.extra, one.missing, one.passed, one.fault) == (None, None, None, None, fault)
    assert section.verdict.status is Status.PASS
    (reason,) = section.verdict.reasons
    assert (reason.code, reason.message) == ("effects_unknown", f"duplicates later: {fault}")


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.BROKEN_OFF])
def test_a_repeat_that_was_planned_is_no_spurious_duplicate(outcome: Outcome) -> None:
    """The books balance, the default checks hold, no retry law is broken; latency is that to the first answer."""
    rows = twice(5, outcome)
    frames = run(rows, [arrival(row) for row in rows], stages=PLAN)
    section = analyse(asked(frames, observed("before", 0), observed("after", 5))).performance
    (stage,) = section.stages
    assert (stage.deliveries.due, stage.deliveries.acknowledged, stage.attempts.total) == (5, 5, 10)
    assert (stage.ledger.seen, stage.ledger.duplicated_harmless, stage.ledger.duplicated_spurious) == (5, 5, 0)
    assert (stage.ledger.lost, stage.ledger.balanced, stage.retry) == (0, True, None)
    assert stage.latency_ms.delivery.max == (1.0 if outcome is Outcome.ACKNOWLEDGED else 202.0)
    assert section.verdict.reasons == []


def test_what_comes_twice_by_itself_is_still_spurious() -> None:
    """One attempt that arrives two times was repeated by something between."""
    rows = twice(1)
    seen = [*map(arrival, rows), arrival(rows[1], start=rows[1]["start"] + MS)]
    (stage,) = analyse(run(rows, seen, stages=PLAN)).performance.stages
    assert (stage.ledger.duplicated_harmless, stage.ledger.duplicated_spurious) == (1, 1)


def test_without_a_plan_a_repeat_is_spurious() -> None:
    """Nobody asked for it."""
    rows = twice(3)
    section = analyse(run(rows, [arrival(row) for row in rows])).performance
    assert section.stages[0].ledger.duplicated_spurious == 3
    assert section.duplicates is None
