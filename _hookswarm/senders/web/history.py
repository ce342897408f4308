"""What the tab's pictures show: a run second by second, made of two looks at its counts."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel

from _hookswarm.senders.exchange.buckets import Percentiles
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master.live import Live

KEPT = 900
"""Looks: a quarter of an hour, one a second."""
ACKNOWLEDGED = "acknowledged"


class Moment(BaseModel):
    """What happened between two looks."""

    at_s: float
    """When, since the first look at the run."""
    stage: str
    """The one that was on; empty: none."""
    due_per_s: float
    acknowledged_per_s: float
    errors_per_s: float
    """Attempts that were not acknowledged."""
    p50_ms: float | None
    """Of deliveries that sending processes told of meanwhile; None: of none."""
    p99_ms: float | None


@dataclass(frozen=True)
class _Look:
    at_s: float
    due: int
    acknowledged: int
    errors: int
    latencies: Counter[float]


@dataclass
class History:
    """Of the last run: another one's begins anew."""

    now: Callable[[], float]
    """Monotonic, in seconds."""
    run: str = ""
    moments: deque[Moment] = field(default_factory=lambda: deque(maxlen=KEPT))
    _first_s: float = 0.0
    _before: _Look | None = None

    def look(self, live: Live, deliveries: Iterable[CountedDeliveries]) -> None:
        """Add what happened since the last look, if the same run was on at both."""
        now = self._look(live, deliveries)
        if live.run != self.run:
            self.moments.clear()
            self.run, self._before, self._first_s = live.run, None, now.at_s
        before, self._before = self._before, now if live.running else None
        if before and now.at_s > before.at_s:
            self.moments.append(self._between(before, now, live.stage.name if live.stage else ""))

    def _look(self, live: Live, deliveries: Iterable[CountedDeliveries]) -> _Look:
        latencies: Counter[float] = Counter()
        for one in deliveries:
            latencies.update(one.latencies)
        errors = sum(count for outcome, count in live.attempts.items() if outcome != ACKNOWLEDGED)
        return _Look(self.now(), live.ledger.due, live.ledger.acknowledged, errors, latencies)

    def _between(self, before: _Look, now: _Look, stage: str) -> Moment:
        length_s = now.at_s - before.at_s

        def per_s(count: int) -> float:
            return round(max(count, 0) / length_s, 2)

        told, percentile = now.latencies - before.latencies, Percentiles()
        count = told.total()
        return Moment(
            at_s=round(now.at_s - self._first_s, 1),
            stage=stage,
            due_per_s=per_s(now.due - before.due),
            acknowledged_per_s=per_s(now.acknowledged - before.acknowledged),
            errors_per_s=per_s(now.errors - before.errors),
            p50_ms=percentile(told, count, 0.5) if count else None,
            p99_ms=percentile(told, count, 0.99) if count else None,
        )
