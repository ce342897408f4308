"""How a run stands, for Prometheus: of what the workers told."""

import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.exchange.messages import OriginTick, WorkerTick
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.snapshot import Counts, RunSnapshot, Waiting, snapshot_of
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Incident, Stage

REGIONS = ["eu", "us"]
EU, US, SPREAD = ("eu", "nearest"), ("us", "nearest"), ("eu", "round-robin")
START_NS = 1_000_000_000_000
OPEN = Stage(
    "open", name="open", duration_s=9, strategy="nearest", arrivals=Constant(5), incidents=(Incident("refused", 3, 4),)
)
SPREADING = Stage("closed", name="closed", duration_s=9, strategy="round-robin")


def tick(origin: int, due: int, settled: int, *, late: int = 0, rejected: int = 0) -> OriginTick:
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.ACKNOWLEDGED], outcomes[Outcome.REJECTED] = settled, rejected
    return OriginTick(
        origin=origin, due=due, settled=settled, failed=0, queued=3, retrying=1, in_flight=2, late=late,
        outcomes=outcomes,
    )  # fmt: skip


def worker(stage: int, *origins: OriginTick, starved_s: float | None = 0.0, wall_s: float = 4.0) -> WorkerTick:
    return WorkerTick(stage=stage, origins=list(origins), wall_s=wall_s, starved_s=starved_s)


FIRST = {
    (0, "a"): worker(0, tick(0, 10, 8, late=1, rejected=3), tick(1, 5, 5)),
    (0, "b"): worker(0, tick(0, 20, 15, late=2)),
}


def seen(inbox: Inbox, passed_s: float = 0) -> RunSnapshot:
    return snapshot_of(inbox, [], REGIONS, START_NS + round(passed_s * 1e9))


def outcomes(counts: Counts) -> dict[str, int]:
    return {outcome: count for outcome, count in counts.attempts.items() if count}


def test_nothing_has_begun() -> None:
    """There are no series yet."""
    found = seen(Inbox())
    assert (found.counts, found.waiting, found.starved, found.stage, found.faults) == ({}, {}, None, "", ())


def test_a_stage_that_is_on() -> None:
    """Of all workers, by origin; nothing is abandoned as long as it may be sent."""
    inbox = Inbox(ticks=dict(FIRST), gone=1)
    inbox.begin(OPEN, 0, START_NS)
    found = seen(inbox, 3.5)
    assert (found.stage, found.faults, found.gone) == ("open", ("refused",), 1)
    assert (found.counts[EU].due, found.counts[EU].late, found.counts[EU].abandoned) == (30, 3, 0)
    assert outcomes(found.counts[EU]) == {"acknowledged": 23, "rejected": 3}
    assert found.waiting == {EU: Waiting(6, 2, 4), US: Waiting(3, 1, 2)}


def test_outcomes_that_never_came_about_are_told_as_none() -> None:
    """So that Prometheus sees the first one; what is no attempt is not among them."""
    inbox = Inbox(ticks=dict(FIRST))
    inbox.begin(OPEN, 0, START_NS)
    told = seen(inbox).counts[US].attempts
    assert told["reset"] == 0
    assert {"reset", "acknowledged"} <= told.keys()
    assert told.keys().isdisjoint({"pending", "abandoned", "disabled"})


def test_a_stage_that_is_over() -> None:
    """What it never settled was not sent in time; nothing waits any more."""
    inbox = Inbox(ticks=dict(FIRST))
    inbox.begin(OPEN, 0, START_NS)
    inbox.stage = None
    found = seen(inbox)
    assert (found.counts[EU].abandoned, found.counts[US].abandoned) == (7, 0)
    assert found.waiting == {EU: Waiting(), US: Waiting()}
    assert (found.starved, found.starved_limit) == (None, None)


def test_stages_of_other_strategies_are_told_apart() -> None:
    """Counts of the first stay; what waits is of the second alone."""
    inbox = Inbox(ticks={**FIRST, (1, "a"): worker(1, tick(0, 4, 1))})
    inbox.begin(OPEN, 0, START_NS)
    inbox.begin(SPREADING, 1, START_NS)
    found = seen(inbox)
    assert {where: (one.due, one.abandoned) for where, one in found.counts.items()} == {
        EU: (30, 7), US: (5, 0), SPREAD: (4, 0),
    }  # fmt: skip
    assert found.waiting == {SPREAD: Waiting(3, 1, 2)}


@pytest.mark.parametrize(("stage", "limit"), [(OPEN, 0.25), (SPREADING, 0.5)])
def test_the_worst_worker_tells_how_starved_they_are(stage: Stage, limit: float) -> None:
    """Beside what the stage bears; half a second says too little, and a kernel may say nothing."""
    inbox = Inbox()
    inbox.begin(stage, 0, START_NS)
    assert (seen(inbox).starved, seen(inbox).starved_limit) == (None, limit)
    inbox.ticks = {
        (0, "a"): worker(0, starved_s=1.0),
        (0, "b"): worker(0, starved_s=3.0),
        (0, "c"): worker(0, starved_s=None),
        (0, "d"): worker(0, starved_s=0.3, wall_s=0.3),
    }
    assert seen(inbox).starved == 0.75


def test_a_late_word_of_the_run_before() -> None:
    """It is none of a stage that has not begun."""
    assert seen(Inbox(ticks=dict(FIRST))).counts == {}
