"""How a run stands, as Prometheus is told: of the workers' ticks, and of Locust's statistics.

Counters only grow while the process lives, as Prometheus wants it, though Locust's begin again with every run, and when
somebody resets them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from _hookswarm.common.limits import SHORTEST_S, STARVED_CLOSED_SHARE, STARVED_SHARE
from _hookswarm.records.rows import NEVER_SENT, Outcome
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.exchange.messages import OriginTick
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.plan.arrivals import Closed

MADE = [outcome for outcome in Outcome if outcome not in NEVER_SENT | {Outcome.PENDING}]
"""What comes of an attempt that was made."""

Where = tuple[str, str]
"""An origin, and the strategy of its senders."""


@dataclass(frozen=True)
class Counts:
    """What the workers of an origin told of the stages so far."""

    due: int = 0
    late: int = 0
    """Attempts."""
    abandoned: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    """By outcome: each has its count, be it 0."""

    def __add__(self, other: "Counts") -> "Counts":
        attempts = Counter(self.attempts)
        attempts.update(other.attempts)
        return Counts(self.due + other.due, self.late + other.late, self.abandoned + other.abandoned, attempts)


@dataclass(frozen=True)
class Waiting:
    """What an origin has yet to settle; 0 between stages."""

    queued: int = 0
    retrying: int = 0
    in_flight: int = 0

    @classmethod
    def of(cls, one: OriginTick, on: bool) -> "Waiting":
        """Nothing of a stage that is not on."""
        return cls(one.queued, one.retrying, one.in_flight) if on else cls()

    def __add__(self, other: "Waiting") -> "Waiting":
        return Waiting(self.queued + other.queued, self.retrying + other.retrying, self.in_flight + other.in_flight)


@dataclass(frozen=True)
class RunSnapshot:
    """How a run stands."""

    deliveries: list[CountedDeliveries] = field(default_factory=list)
    counts: Mapping[Where, Counts] = field(default_factory=dict)
    waiting: Mapping[Where, Waiting] = field(default_factory=dict)
    """Of the stage that is on, or was last."""
    workers: int = 0
    gone: int = 0
    """Of them."""
    starved: float | None = None
    """Share of the stage that is on: of the worker that lacked a CPU longest. None: there is none, or nobody knows."""
    starved_limit: float | None = None
    stage: str = ""
    """The one that is on; empty: none."""
    faults: tuple[str, ...] = ()
    """That hold now, by their names."""


def snapshot_of(inbox: Inbox, deliveries: list[CountedDeliveries], regions: Sequence[str], now_ns: int) -> RunSnapshot:
    """Of the run alone; `regions` are their names by code, `now_ns` is the clock that stages are announced by."""
    stage = inbox.stage
    told: dict[Where, list[OriginTick]] = {}
    left: Counter[Where] = Counter()
    waiting: dict[Where, Waiting] = {}
    for (number, _), tick in inbox.ticks.items():
        strategy = inbox.strategies.get(number)
        if strategy is None:  # a late word of the run before
            continue
        for one in tick.origins:
            where = regions[one.origin], strategy
            told.setdefault(where, []).append(one)
            if stage is None or number != inbox.number:
                left[where] += one.due - one.settled
            if number == inbox.number:
                waiting[where] = waiting.get(where, Waiting()) + Waiting.of(one, stage is not None)
    closed = stage is not None and isinstance(stage.arrivals, Closed)
    return RunSnapshot(
        deliveries=deliveries,
        counts={where: _counts(ticks, left[where]) for where, ticks in told.items()},
        waiting=waiting,
        gone=inbox.gone,
        starved=_starved(inbox),
        starved_limit=(STARVED_CLOSED_SHARE if closed else STARVED_SHARE) if stage else None,
        stage=stage.name if stage else "",
        faults=stage.faults_at((now_ns - inbox.start_ns) / 1e9) if stage else (),
    )


def _counts(ticks: Sequence[OriginTick], abandoned: int) -> Counts:
    outcomes = [one.outcomes for one in ticks if one.outcomes]
    return Counts(
        due=sum(one.due for one in ticks),
        late=sum(one.late for one in ticks),
        abandoned=abandoned,
        attempts=Counter({outcome.name.lower(): sum(own[outcome] for own in outcomes) for outcome in MADE}),
    )


def _starved(inbox: Inbox) -> float | None:
    if inbox.stage is None:
        return None
    ticks = [tick for (number, _), tick in inbox.ticks.items() if number == inbox.number]
    return max(
        (one.starved_s / one.wall_s for one in ticks if one.starved_s is not None and one.wall_s >= SHORTEST_S),
        default=None,
    )


class Before:
    """What was counted before the counters last began again, by series."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[str, str, str], CountedDeliveries] = {}
        self._counts: dict[Where, Counts] = {}
        self._gone = 0

    def keep_deliveries(self, counted: Iterable[CountedDeliveries]) -> None:
        """Theirs begin again now."""
        self._deliveries = _summed([*self._deliveries.values(), *counted])

    def keep_run(self, run: RunSnapshot) -> None:
        """What its workers told begins again now."""
        self._counts, self._gone = self._with(run.counts), self._gone + run.gone

    def with_it(self, now: RunSnapshot) -> RunSnapshot:
        """All that was counted since the process began."""
        return replace(
            now,
            deliveries=list(_summed([*self._deliveries.values(), *now.deliveries]).values()),
            counts=self._with(now.counts),
            gone=self._gone + now.gone,
        )

    def _with(self, counts: Mapping[Where, Counts]) -> dict[Where, Counts]:
        known = {**self._counts, **counts}
        return {where: self._counts.get(where, Counts()) + counts.get(where, Counts()) for where in known}


def _summed(counted: Iterable[CountedDeliveries]) -> dict[tuple[str, str, str], CountedDeliveries]:
    found: dict[tuple[str, str, str], CountedDeliveries] = {}
    for one in counted:
        named = (one.stage, one.origin, one.strategy)
        past = found.get(named)
        found[named] = replace(
            one,
            settled=one.settled + (past.settled if past else 0),
            failed=one.failed + (past.failed if past else 0),
            total_ms=one.total_ms + (past.total_ms if past else 0.0),
            latencies=Counter(one.latencies) + Counter(past.latencies if past else {}),
        )
    return found
