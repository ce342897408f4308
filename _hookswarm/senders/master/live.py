"""How a run stands, for people who watch it: the stage, its faults, each origin, the ledger so far."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from _hookswarm.senders.exchange import counted
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.exchange.messages import OriginTick
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.plan.stages import Incident, Stage


class LiveStage(BaseModel):
    """The stage that is on."""

    name: str
    number: int
    """In the plan, from 1."""
    of: int
    passed_s: float
    length_s: float | None
    """None: it ends with its events."""
    share: float
    """Of its length, or of its events."""


class LiveFault(BaseModel):
    """A planned fault, and what the senders make of it."""

    fault: str
    regions: list[str]
    since_s: float
    """Negative: it comes."""
    left_s: float
    """Negative: it is over."""
    avoided_by: int
    """Origins that believe one of these regions ill, ..."""
    origins: int
    """... of so many that send."""


class LiveRow(BaseModel):
    """An origin in the stage that is on, or was last."""

    origin: str
    strategy: str
    due: int
    acknowledged: int
    failed: int
    queued: int
    retrying: int
    in_flight: int
    p50_ms: float | None
    p99_ms: float | None
    avoids: list[str]


class LiveLedger(BaseModel):
    """Of the run so far, as the senders know it. due = acknowledged + failed + abandoned + waiting + in_flight."""

    due: int
    acknowledged: int
    failed: int
    abandoned: int
    """Due in a stage that is over, and never settled."""
    waiting: int
    in_flight: int
    attempts: int


class Live(BaseModel):
    """All of it, as the web UI's tab is sent it."""

    run: str
    """Its id; empty: none was started."""
    running: bool
    says: str
    """Why it ended before its plan did."""
    stage: LiveStage | None
    faults: list[LiveFault]
    rows: list[LiveRow]
    attempts: dict[str, int]
    """By outcome."""
    arrived: dict[str, int]
    """By region: attempts that its receiver took or turned away, as it says itself."""
    ledger: LiveLedger


def live_view(
    inbox: Inbox,
    deliveries: Iterable[CountedDeliveries],
    arrived: dict[str, int],
    stages: int,
    regions: Sequence[str],
    run: str,
    now_ns: int,
) -> Live:
    """`stages` are planned, a search adds its tries; `regions` are their names by code; `now_ns` is the clock that
    stages are announced by."""
    stage, origins = inbox.stage, inbox.origins()
    passed_s = (now_ns - inbox.start_ns) / 1e9
    return Live(
        run=run,
        running=stage is not None,
        says=inbox.failure,
        stage=_stage(stage, inbox.number, max(stages, inbox.number + 1), passed_s, origins) if stage else None,
        faults=[_fault(one, passed_s, origins, regions) for one in stage.incidents] if stage else [],
        rows=_rows(inbox.last, origins, list(deliveries), regions) if inbox.last else [],
        attempts={outcome.name.lower(): count for outcome, count in inbox.outcomes().items()},
        arrived=arrived,
        ledger=_ledger(inbox),
    )


def _stage(stage: Stage, number: int, of: int, passed_s: float, origins: Sequence[OriginTick]) -> LiveStage:
    by_events = sum(one.settled for one in origins) / stage.events if stage.events else 0.0
    by_time = passed_s / stage.length_s if stage.length_s else 0.0
    return LiveStage(
        name=stage.name,
        number=number + 1,
        of=of,
        passed_s=round(max(passed_s, 0), 1),
        length_s=stage.length_s,
        share=round(min(max(by_events, by_time, 0), 1), 4),
    )


def _fault(incident: Incident, passed_s: float, origins: Sequence[OriginTick], regions: Sequence[str]) -> LiveFault:
    avoiding = {one.origin for one in origins if set(incident.regions) & set(one.avoided)}
    return LiveFault(
        fault=incident.fault,
        regions=[_name(regions, code) for code in incident.regions],
        since_s=round(passed_s - incident.from_s, 1),
        left_s=round(incident.from_s + incident.for_s - passed_s, 1),
        avoided_by=len(avoiding),
        origins=len({one.origin for one in origins}),
    )


def _rows(
    stage: Stage, origins: Sequence[OriginTick], deliveries: Sequence[CountedDeliveries], regions: Sequence[str]
) -> list[LiveRow]:
    rows = []
    for code in sorted({one.origin for one in origins}):
        own, name = [one for one in origins if one.origin == code], _name(regions, code)
        told = [one for one in deliveries if (one.stage, one.origin) == (stage.name, name)]
        p50_ms, p99_ms = counted.latency_ms(told, 0.5, 0.99)
        failed = sum(one.failed for one in own)
        rows.append(
            LiveRow(
                origin=name,
                strategy=stage.strategy,
                due=sum(one.due for one in own),
                acknowledged=sum(one.settled for one in own) - failed,
                failed=failed,
                queued=sum(one.queued for one in own),
                retrying=sum(one.retrying for one in own),
                in_flight=sum(one.in_flight for one in own),
                p50_ms=p50_ms,
                p99_ms=p99_ms,
                avoids=[_name(regions, target) for target in sorted(set().union(*(one.avoided for one in own)))],
            )
        )
    return rows


def _ledger(inbox: Inbox) -> LiveLedger:
    total: Counter[str] = Counter()
    for (number, _), tick in inbox.ticks.items():
        on = inbox.stage is not None and number == inbox.number
        for one in tick.origins:
            total["due"] += one.due
            total["settled"] += one.settled
            total["failed"] += one.failed
            total["in_flight"] += one.in_flight if on else 0
            total["abandoned"] += 0 if on else one.due - one.settled
    return LiveLedger(
        due=total["due"],
        acknowledged=total["settled"] - total["failed"],
        failed=total["failed"],
        abandoned=total["abandoned"],
        waiting=total["due"] - total["settled"] - total["abandoned"] - total["in_flight"],
        in_flight=total["in_flight"],
        attempts=sum(inbox.outcomes().values()),
    )


def _name(regions: Sequence[str], code: int) -> str:
    return regions[code] if code < len(regions) else "balancer"
