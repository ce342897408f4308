"""What the master tells Prometheus, on its web port at /metrics: Locust's statistics and the workers' ticks.

Nothing is counted for it on the way: histograms are made of Locust's own when somebody asks. Counters only grow while
the process lives, as Prometheus wants it, though Locust's begin again with every run, and when somebody resets them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from _hookswarm.senders.exchange.counted import CountedDeliveries

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


@dataclass(frozen=True)
class RunSnapshot:
    """How a run stands."""

    deliveries: list[CountedDeliveries] = field(default_factory=list)
    attempts: Mapping[str, int] = field(default_factory=dict)
    """By outcome."""
    queued: int = 0
    in_flight: int = 0
    workers: int = 0
    stage: str = ""
    """The one that is on; empty: none."""
    faults: tuple[str, ...] = ()
    """That hold now, by their names."""


class Before:
    """What was counted before the counters last began again, by series."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[str, str, str], CountedDeliveries] = {}
        self._attempts: Counter[str] = Counter()

    def keep_deliveries(self, counted: Iterable[CountedDeliveries]) -> None:
        """Theirs begin again now."""
        self._deliveries = _summed([*self._deliveries.values(), *counted])

    def keep_attempts(self, by_outcome: Mapping[str, int]) -> None:
        """Theirs begin again now."""
        self._attempts.update(by_outcome)

    def with_it(self, now: RunSnapshot) -> RunSnapshot:
        """All that was counted since the process began."""
        return replace(
            now,
            deliveries=list(_summed([*self._deliveries.values(), *now.deliveries]).values()),
            attempts=self._attempts + Counter(now.attempts),
        )


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


def run_metrics(now: RunSnapshot) -> Iterator[Metric]:
    """Latencies are in seconds, and counted by BUCKETS_S."""
    labels = ("stage", "origin", "strategy")
    deliveries = CounterMetricFamily(
        "hookswarm_deliveries", "Deliveries settled: acknowledged, or failed for good.", labels=(*labels, "result")
    )
    latency = HistogramMetricFamily(
        "hookswarm_delivery_duration_seconds", "From when an event was due until it was settled.", labels=labels
    )
    for one in now.deliveries:
        named = (one.stage, one.origin, one.strategy)
        deliveries.add_metric((*named, "acknowledged"), one.settled - one.failed)
        deliveries.add_metric((*named, "failed"), one.failed)
        latency.add_metric(named, list(_buckets(one.latencies)), one.total_ms / 1e3)
    attempts = CounterMetricFamily("hookswarm_attempts", "Attempts answered or given up.", labels=("outcome",))
    for outcome, count in now.attempts.items():
        attempts.add_metric((outcome,), count)
    stage = GaugeMetricFamily("hookswarm_stage_running", "The stage that is on.", labels=("stage",))
    if now.stage:
        stage.add_metric((now.stage,), 1)
    faults = GaugeMetricFamily("hookswarm_fault_active", "Faults that hold now.", labels=("fault",))
    for fault in now.faults:
        faults.add_metric((fault,), 1)
    yield from (deliveries, latency, attempts, stage, faults)
    yield GaugeMetricFamily("hookswarm_queue_length", "Deliveries that are due and wait.", now.queued)
    yield GaugeMetricFamily("hookswarm_in_flight", "Attempts under way.", now.in_flight)
    yield GaugeMetricFamily("hookswarm_workers", "Sending processes.", now.workers)


def _buckets(latencies: Mapping[float, int]) -> Iterator[tuple[str, float]]:
    """Cumulative counts by upper edge in seconds."""
    told = sorted(latencies.items())
    place = count = 0
    for edge in BUCKETS_S:
        while place < len(told) and told[place][0] <= edge * 1e3:
            count += told[place][1]
            place += 1
        yield str(edge), count
    yield "+Inf", count + sum(more for _, more in told[place:])
