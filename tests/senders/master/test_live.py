"""How a run stands, for who watches: of the workers' ticks, the plan and the clock."""

from dataclasses import replace

import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.exchange.messages import OriginTick, WorkerTick
from _hookswarm.senders.master import live
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.live import Live
from _hookswarm.senders.plan.stages import Incident, Stage

REGIONS = ["eu", "us"]
FAILOVER = Stage(
    "failover",
    name="failover",
    duration_s=8,
    warmup_s=2,
    strategy="round-robin",
    incidents=(Incident("refused", from_s=3, for_s=4),),
)
START_NS = 1_000_000_000_000


def tick(
    origin: int, *, due: int = 0, settled: int = 0, failed: int = 0, avoided: tuple[int, ...] = (), taken: int = 0
) -> OriginTick:
    """`taken`: attempts that were acknowledged."""
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.ACKNOWLEDGED] = taken
    return OriginTick(
        origin=origin, due=due, settled=settled, failed=failed, queued=0, retrying=1, in_flight=2,
        avoided=list(avoided), outcomes=outcomes,
    )  # fmt: skip


def worker(stage: int, *origins: OriginTick) -> WorkerTick:
    return WorkerTick(stage=stage, origins=list(origins))


FIRST = worker(0, tick(0, due=100, settled=95, failed=5, taken=90))
A = worker(1, tick(0, due=10, settled=6, failed=1, taken=5), tick(1, due=20, settled=12, taken=12))
B = worker(1, tick(0, due=11, settled=5, avoided=(0,), taken=5))


def seen(passed_s: float, *, stage: Stage | None = FAILOVER, deliveries: tuple[CountedDeliveries, ...] = ()) -> Live:
    inbox = Inbox(ticks={(0, "a"): FIRST, (1, "a"): A, (1, "b"): B})
    inbox.begin(stage or FAILOVER, 1, START_NS)
    inbox.stage = stage
    now_ns = START_NS + round(passed_s * 1e9)
    return live.live_view(inbox, deliveries, {"eu": 7}, 2, REGIONS, "20261126-x", now_ns)


def test_nothing_has_begun() -> None:
    """No run, no stage, an empty ledger."""
    found = live.live_view(Inbox(), [], {}, 2, REGIONS, "", START_NS)
    assert (found.run, found.running, found.stage, found.faults, found.rows) == ("", False, None, [], [])
    assert found.ledger.due == found.ledger.attempts == 0


def test_the_stage_and_how_far_it_is() -> None:
    """By its length; its number counts from one."""
    stage = seen(4).stage
    assert stage
    assert (stage.name, stage.number, stage.of, stage.passed_s, stage.length_s) == ("failover", 2, 2, 4.0, 10)
    assert stage.share == 0.4
    ended = seen(99).stage
    assert ended
    assert ended.share == 1


def test_a_stage_of_events_is_as_far_as_they_are() -> None:
    """23 of 46 are settled."""
    stage = seen(4, stage=replace(FAILOVER, events=46, duration_s=None)).stage
    assert stage
    assert (stage.share, stage.length_s) == (0.5, None)


@pytest.mark.parametrize(("passed_s", "since_s", "left_s"), [(1, -2, 6), (4.5, 1.5, 2.5), (8, 5, -1)])
def test_a_faults_clock(passed_s: float, since_s: float, left_s: float) -> None:
    """It comes, it holds, it is over; and who avoids the region is counted by origin, not by process."""
    (fault,) = seen(passed_s).faults
    assert (fault.fault, fault.regions, fault.since_s, fault.left_s) == ("refused", ["eu"], since_s, left_s)
    assert (fault.avoided_by, fault.origins) == (1, 2)


def test_a_row_for_each_origin() -> None:
    """Merged from the workers; latencies are Locust's, of this stage and origin alone."""
    told = (
        CountedDeliveries("failover", "eu", "round-robin", 2, 0, 8.0, {4.0: 2}),
        CountedDeliveries("failover", "us", "round-robin", 1, 0, 9.0, {9.0: 1}),
        CountedDeliveries("first", "eu", "round-robin", 1, 0, 99.0, {99.0: 1}),
    )
    eu, us = seen(4, deliveries=told).rows
    assert (eu.origin, eu.strategy, eu.due, eu.acknowledged, eu.failed) == ("eu", "round-robin", 21, 10, 1)
    assert (eu.retrying, eu.in_flight, eu.avoids, eu.p50_ms, eu.p99_ms) == (2, 4, ["eu"], 4.0, 4.0)
    assert (us.origin, us.due, us.acknowledged, us.failed, us.avoids, us.p99_ms) == ("us", 20, 12, 0, [], 9.0)


def test_the_rows_stay_when_the_stage_is_over() -> None:
    """Until the next one begins; so do those of a search's try, which no plan has."""
    assert [row.origin for row in seen(20, stage=None).rows] == ["eu", "us"]
    inbox = Inbox(ticks={(7, "a"): A}, last=FAILOVER, number=7)
    assert [row.origin for row in live.live_view(inbox, [], {}, 2, REGIONS, "", START_NS).rows] == ["eu", "us"]


def test_the_ledger_adds_up() -> None:
    """Over all stages: what an ended one left is abandoned, what the present one has not settled waits or is away."""
    ledger = seen(4).ledger
    assert (ledger.due, ledger.acknowledged, ledger.failed, ledger.abandoned) == (141, 112, 6, 5)
    assert (ledger.in_flight, ledger.waiting, ledger.attempts) == (6, 12, 112)
    over = seen(20, stage=None).ledger
    assert (over.due, over.acknowledged, over.failed, over.abandoned) == (141, 112, 6, 23)
    assert over.in_flight == over.waiting == 0
    assert seen(4).attempts == {"acknowledged": 112}
    assert seen(4).arrived == {"eu": 7}
